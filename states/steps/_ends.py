"""The steps at the two ends of a flow: IDLE and DONE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from auth_flow.states._base import Value
from auth_flow.states._devices import RememberedDevice
from auth_flow.states._events import Event
from auth_flow.states.forms._about import NOTHING_KNOWN, About
from auth_flow.states.forms._draft import SUBMIT, Draft
from auth_flow.states.forms._idle import IDLE_FORMS
from auth_flow.states.forms._models import Form
from auth_flow.states.steps._base import StepBase


class Idle(StepBase, name="IDLE"):
    """Nothing is under way."""

    def form(self, about: About = NOTHING_KNOWN) -> Form:
        """Describe one of the four ways to begin: the one that `about` names."""
        return IDLE_FORMS[about.form].form(about)

    def fill(
        self, values: Mapping[str, object], action: str = SUBMIT, about: About = NOTHING_KNOWN
    ) -> Event:
        """Return the event that begins."""
        return IDLE_FORMS[about.form].fill(values, action, about)


class CurrentDevice(Value):
    """The device that a user has signed in from, if the pool tracks devices.

    `user_decides` is True if an opt-in pool waits for `remember_device` or
    `stop_remembering_device`. `error` is the name of the error if the device was not confirmed,
    remembered or stored. The sign-in is complete all the same, and the session tries again to
    confirm the device.
    """

    key: str
    user_decides: bool = False
    error: str | None = None

    @classmethod
    def of(cls, device: RememberedDevice | None) -> Self | None:
        """Return what may be shown of a remembered device."""
        if device is None:
            return None
        return cls(key=device.key, user_decides=device.user_decides)


class Done(StepBase, name="DONE"):
    """The user is signed in. If `signed_in` is false, an account was put in order instead, and
    nothing is left to do.

    `user_id` is the `sub` of the access token, `custom_state` the caller's own text of a redirect
    sign-in, and `device` the device that the tokens were issued to. The step contains no token, so
    it may be shown and logged.
    """

    texts: ClassVar[dict[str, str]] = {
        "title": "You are signed in",
        "account_title": "Your account is ready",
        "account_text": "You can sign in now.",
    }

    signed_in: bool
    username: str | None = None
    user_id: str | None = None
    custom_state: str | None = None
    device: CurrentDevice | None = None

    def _draft(self, about: About) -> Draft:
        return Draft(
            title=None if self.signed_in else self._text("account_title"),
            text=None if self.signed_in else self._text("account_text"),
            cancel=False,
        )
