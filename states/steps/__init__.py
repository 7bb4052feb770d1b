"""The steps: what a flow waits for. `Step` is the closed union of all of them, so that `match` can
be checked for completeness.

Each challenge of Cognito stands in one class, with all there is to know about it. A new challenge
is a new class here, a line in the chart, and a handler in the embedded pool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias, get_args

from auth_flow.states._events import Event
from auth_flow.states.forms._about import NOTHING_KNOWN, About
from auth_flow.states.forms._draft import SUBMIT, Draft
from auth_flow.states.forms._english import COMMON
from auth_flow.states.forms._idle import IDLE_FORMS
from auth_flow.states.forms._models import Form
from auth_flow.states.steps._accounts import (
    AutoSignInReady,
    ConfirmationRequired,
    PasswordResetCode,
    PasswordResetRequired,
)
from auth_flow.states.steps._base import Challenge, CodeDelivery, Question, StepBase
from auth_flow.states.steps._codes import EmailCode, SmsCode, TotpCode
from auth_flow.states.steps._custom import CustomChallenge
from auth_flow.states.steps._factors import FirstFactorSelection, PasskeyRequired
from auth_flow.states.steps._mfa import (
    MFA_TYPES,
    EmailSetup,
    MfaSelection,
    MfaSetupSelection,
    TotpSetup,
    setup_uri,
)
from auth_flow.states.steps._passwords import NewPasswordRequired, PasswordRequired


class Idle(StepBase):
    """Nothing is under way."""

    name = "IDLE"

    def form(self, about: About = NOTHING_KNOWN) -> Form:
        """Describe one of the four ways to begin: the one that `about` names."""
        return IDLE_FORMS[about.form].form(about)

    def fill(
        self, values: Mapping[str, object], action: str = SUBMIT, about: About = NOTHING_KNOWN
    ) -> Event:
        """Return the event that begins."""
        return IDLE_FORMS[about.form].fill(values, action, about)


class Done(StepBase):
    """Signed in; or, with `signed_in` false, an account was brought in order and nothing is left to
    do.

    `user_id` is the access token's `sub`. Tokens are not here: this step may be shown and logged.
    """

    name = "DONE"
    texts: ClassVar[dict[str, str]] = {
        "title": "You are signed in",
        "account_title": "Your account is ready",
        "account_text": "You can sign in now.",
    }

    signed_in: bool
    username: str | None = None
    user_id: str | None = None

    def _draft(self, about: About) -> Draft:
        return Draft(
            title=None if self.signed_in else self._text("account_title"),
            text=None if self.signed_in else self._text("account_text"),
            cancel=False,
        )


Step: TypeAlias = (
    Idle
    | FirstFactorSelection
    | PasswordRequired
    | PasskeyRequired
    | NewPasswordRequired
    | CustomChallenge
    | SmsCode
    | EmailCode
    | TotpCode
    | MfaSelection
    | MfaSetupSelection
    | EmailSetup
    | TotpSetup
    | ConfirmationRequired
    | AutoSignInReady
    | PasswordResetRequired
    | PasswordResetCode
    | Done
)
"""Everything a flow can wait for."""

STEPS: dict[str, type[Step]] = {step.name: step for step in get_args(Step)}
"""Step classes by name."""

CHALLENGES: dict[str, type[Challenge]] = {
    challenge: step
    for step in STEPS.values()
    if issubclass(step, Challenge)
    for challenge in step.challenges
}
"""The step that stands for each of Cognito's challenge names."""


def step_from_json(values: Mapping[str, Any]) -> Step:
    """Read back what `to_json` gave. Raises `ValueError` where it is no step."""
    fields = dict(values)
    step = STEPS.get(str(fields.pop("name", "")))
    if step is None:
        raise ValueError("no step of that name")
    return step.model_validate(fields)


def english() -> dict[str, str]:
    """Return every text of every form, by key: the catalogue that a translation has to cover."""
    own = [source.catalogue() for source in (*STEPS.values(), *IDLE_FORMS.values())]
    return {key: sentence for texts in (COMMON, *own) for key, sentence in texts.items()}


__all__ = [
    "CHALLENGES",
    "MFA_TYPES",
    "STEPS",
    "AutoSignInReady",
    "Challenge",
    "CodeDelivery",
    "ConfirmationRequired",
    "CustomChallenge",
    "Done",
    "EmailCode",
    "EmailSetup",
    "FirstFactorSelection",
    "Idle",
    "MfaSelection",
    "MfaSetupSelection",
    "NewPasswordRequired",
    "PasskeyRequired",
    "PasswordRequired",
    "PasswordResetCode",
    "PasswordResetRequired",
    "Question",
    "SmsCode",
    "Step",
    "StepBase",
    "TotpCode",
    "TotpSetup",
    "english",
    "setup_uri",
    "step_from_json",
]
