"""The call that describes the current step as a form, and the event that fills it in."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from auth_flow._cli.drive.calls import DriveCall
from auth_flow._flow import AuthFlow
from auth_flow.states._base import Metadata, Value
from auth_flow.states._events import Event
from auth_flow.states.forms import FormName


class FormCall(DriveCall):
    """`form`: describe the current step. If the flow is idle, `form` chooses one of its forms."""

    form: FormName | None = None

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Return the form."""
        return flow.form(self.form).model_dump(mode="json")


class FilledForm(Value):
    """The values of a form by field name, and the action that was pressed."""

    values: dict[str, Any] = Field(default_factory=dict, repr=False)
    action: str = "submit"
    form: FormName | None = None
    client_metadata: Metadata | None = None

    def event(self, flow: AuthFlow) -> Event:
        """Return the event that the form stands for."""
        event = flow.fill(self.values, self.action, form=self.form)
        if self.client_metadata is None:
            return event
        return event.model_copy(update={"client_metadata": self.client_metadata})
