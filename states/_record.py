"""A flow at rest, as a value: what has to be known to go on from here, in this process or in
another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import Field, PlainSerializer, PlainValidator, SecretStr

from auth_flow.states._base import Value
from auth_flow.states._events import SignInOptions
from auth_flow.states.forms import About, FormName, FormSettings
from auth_flow.states.steps import Done, Idle, Step, StepBase, step_from_json


def _step(value: Any) -> Any:
    if isinstance(value, StepBase):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("a step is an object with a name")
    return step_from_json(cast("Mapping[str, Any]", value))


class Unanswered(Value):
    """An event that was sent, but whose answer has not come: the event's name, and when (seconds
    since the epoch) its first request left.
    """

    event: str
    at: float


class Record(Value):
    """A flow between two events. It holds no password, no code and no token; `session` is Cognito's
    handle on the conversation.

    The one secret that a step may show is that of an authenticator app's set-up: a record is to be
    sealed before it travels.

    `step` is what the flow waits for, and its name the state of the chart. Times are seconds since
    the epoch.
    """

    version: Literal[1] = 1
    step: Annotated[Step, PlainValidator(_step), PlainSerializer(lambda step: step.to_json())] = (
        Field(default_factory=Idle)
    )
    login_id: str | None = None
    """What the person typed as user name."""
    username: str | None = None
    """What Cognito calls the user, once it has said so; requests carry this name."""
    challenge: str | None = None
    """Cognito's name of the challenge that the step stands for."""
    session: SecretStr | None = None
    issued_at: float | None = None
    expires_at: float | None = None
    code_sent_at: float | None = None
    """When the code of a sign-up or of a password reset was sent."""
    sign_in_options: SignInOptions | None = None
    """How the flow signs in once the account is in order; None where it is not about signing in."""
    unanswered: Unanswered | None = None
    """The event that is under way. If nothing is, its answer never came: nobody knows whether the
    service carried it out, and it must not be sent again.
    """
    ended: bool = False
    """Whether the flow is over, and this record only says how it ended. The session, if there is
    one, is not here.
    """
    goes_on: bool = False
    """Whether the flow began with a sign-in, and so goes on to sign in without being told."""

    @property
    def state(self) -> str:
        """The state of the chart."""
        return self.step.name

    @property
    def signed_in(self) -> bool:
        """Whether the flow stands at a session."""
        return isinstance(self.step, Done) and self.step.signed_in and not self.ended

    def about(
        self,
        *,
        settings: FormSettings,
        form: FormName = "SIGN_IN",
        now: float,
        password: SecretStr | None = None,
        known_as: str | None = None,
    ) -> About:
        """Return what the step's form depends on besides the step.

        `form` names the form to show if the flow is idle, `now` is in seconds since the epoch,
        `password` is the one that the flow holds, and `known_as` is the user name of an earlier
        sign-in, to be filled in again.
        """
        options = self.sign_in_options
        alive = self.session is not None and now < (self.expires_at or 0)
        takes_password = options is None or options.takes_password
        times = (self.code_sent_at, self.issued_at)
        return About(
            form=form,
            instance=json.dumps(self.to_json(), sort_keys=True),
            username=self.login_id or known_as,
            challenge=self.challenge,
            sign_in_options=options,
            now=now,
            expires_at=self.expires_at,
            sent_at=max((at for at in times if at is not None), default=None),
            password=password,
            password_needed=takes_password and not alive and password is None,
            settings=settings,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values, Cognito's session in clear: seal it before it leaves
        your hands.
        """
        values = self.model_dump(mode="json", exclude_none=True)
        return (
            values
            if self.session is None
            else {**values, "session": self.session.get_secret_value()}
        )
