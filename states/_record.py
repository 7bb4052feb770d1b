"""A flow at rest, as a value: all that is needed to continue it, in this process or in another."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PlainSerializer,
    SecretStr,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from auth_flow.states._base import Value
from auth_flow.states._events import SignInOptions
from auth_flow.states.forms import About, FormName, FormSettings
from auth_flow.states.forms._unanswered import FORM_OF
from auth_flow.states.steps import Done, Idle, Step
from auth_flow.states.steps._base import StepBase


def _step(given: Any, read: ValidatorFunctionWrapHandler) -> Any:
    return given if isinstance(given, StepBase) else read(given)


class Unanswered(Value):
    """An event that was sent and whose reply has not come.

    `event` is its name, and `at` is when its first request was sent, in seconds since the epoch.
    """

    event: str
    at: float


class PendingRedirect(Value):
    """The values that the return of a redirect sign-in is checked with.

    `verifier` is PKCE's, and a secret. `openid` says whether an id token was asked for, `redeemed`
    whether the code was sent to the token endpoint. `max_age` is in seconds.
    """

    state: str
    verifier: SecretStr
    nonce: str
    redirect_uri: str
    openid: bool
    max_age: int | None = None
    custom_state: str | None = None
    redeemed: bool = False

    def used(self) -> Self:
        """Return the same, marked as redeemed."""
        return self.model_copy(update={"redeemed": True})


class Record(Value):
    """A flow between two events.

    It contains no password, no code and no token. `session` is Cognito's handle on the
    conversation, and the step of an authenticator app's set-up shows the app's secret: seal a
    record before you store or send it.

    The flow waits for the answer to `step`, whose name is the state of the chart. Times are seconds
    since the epoch.
    """

    version: Literal[1] = 1
    step: Annotated[Step, WrapValidator(_step), PlainSerializer(StepBase.to_json)] = Field(
        default_factory=Idle
    )
    login_id: str | None = None
    """The user name that the caller gave."""
    username: str | None = None
    """Cognito's name of the user once it is known; requests use this one."""
    challenge: str | None = None
    """Cognito's name of the challenge that the step stands for."""
    session: SecretStr | None = None
    issued_at: float | None = None
    expires_at: float | None = None
    code_sent_at: float | None = None
    """When the code of a sign-up or of a password reset was sent."""
    sign_in_options: SignInOptions | None = None
    """The options of the sign-in once the account is in order; None if there will be none."""
    unanswered: Unanswered | None = None
    """The event that is under way. If none is, its reply never came: the service may have carried
    it out, and it must not be sent again.
    """
    ended: bool = False
    """True if the flow is over and this record only states how it ended. The session, if there is
    one, is not here.
    """
    redirect: PendingRedirect | None = None
    """The redirect sign-in that is under way."""
    password_refused: bool = False
    """True if the service has refused a password after the account was in order."""
    goes_on: bool = False
    """True if a sign-in found the account not in order: once it is, the flow goes on to sign in."""

    @property
    def state(self) -> str:
        """The state of the chart."""
        return self.step.name

    @property
    def signed_in(self) -> bool:
        """True if the flow has led to a session."""
        return isinstance(self.step, Done) and self.step.signed_in and not self.ended

    def at(self, step: StepBase, **changes: Any) -> Self:
        """Return the record of the same flow at another step."""
        return self.model_copy(update={"step": step, **changes})

    def about(
        self,
        *,
        settings: FormSettings,
        form: FormName | None = None,
        now: float,
        password: SecretStr | None = None,
        known_as: str | None = None,
    ) -> About:
        """Return the things besides the step that its form depends on.

        `form` names the form to show if the flow is idle. By default it is SIGN_IN, or the one of
        an event whose reply was lost. `now` is in seconds since the epoch, `password` is the one
        that the flow holds, and `known_as` is the user name of an earlier sign-in, to be filled in
        again.
        """
        unanswered = self.unanswered.event if self.unanswered else None
        options = self.sign_in_options
        alive = self.session is not None and now < (self.expires_at or 0)
        takes_password = options is None or options.takes_password
        times = (self.code_sent_at, self.issued_at)
        return About(
            form=form or FORM_OF.get(unanswered or "", "SIGN_IN"),
            instance=json.dumps(self.to_json()),
            username=self.login_id or known_as,
            challenge=self.challenge,
            sign_in_options=options,
            now=now,
            expires_at=self.expires_at,
            sent_at=max((at for at in times if at is not None), default=None),
            password=password,
            password_needed=takes_password and not alive and password is None,
            settings=settings,
            unanswered=unanswered,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values, with its secrets in clear. Seal them before you
        store or send them.
        """
        values = self.model_dump(mode="json", exclude_none=True)
        if self.session is not None:
            values["session"] = self.session.get_secret_value()
        if self.redirect is not None:
            values["redirect"]["verifier"] = self.redirect.verifier.get_secret_value()
        return values
