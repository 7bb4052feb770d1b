"""The steps that a flow can wait at. `Step` is the closed union of all of them, so that type
checkers can check that a `match` is complete.

The class of a challenge contains all there is to know about it. docs/new-challenge.md shows how to
add one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self, TypeAlias, get_args

from auth_flow.states._base import TaggedUnion, Value
from auth_flow.states._devices import RememberedDevice
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
from auth_flow.states.steps._base import CodeDelivery, Question, StepBase
from auth_flow.states.steps._codes import EmailCode, SmsCode, TotpCode
from auth_flow.states.steps._custom import CustomChallenge
from auth_flow.states.steps._factors import FirstFactorSelection, PasskeyRequired
from auth_flow.states.steps._mfa import (
    EmailSetup,
    MfaSelection,
    MfaSetupSelection,
    TotpSetup,
)
from auth_flow.states.steps._passwords import NewPasswordRequired, PasswordRequired
from auth_flow.states.steps._redirect import RedirectRequired

__all__ = [
    "AutoSignInReady",
    "CodeDelivery",
    "ConfirmationRequired",
    "CurrentDevice",
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
    "RedirectRequired",
    "SmsCode",
    "Step",
    "TotpCode",
    "TotpSetup",
]
"""The steps, which the packages above export as they are listed here."""


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


_AnyStep: TypeAlias = (
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
    | RedirectRequired
    | ConfirmationRequired
    | AutoSignInReady
    | PasswordResetRequired
    | PasswordResetCode
    | Done
)

Step: TypeAlias = Annotated[_AnyStep, TaggedUnion("Step", "name")]
"""Every step. In JSON, `name` names it. The errors of pydantic do not show the input."""

STEPS: dict[str, type[Step]] = {step.name: step for step in get_args(_AnyStep)}
"""Step classes by name."""


def english() -> dict[str, str]:
    """Return every text of every form, by key: the catalogue that a translation has to cover."""
    own = [source.catalogue() for source in (*STEPS.values(), *IDLE_FORMS.values())]
    return {key: sentence for texts in (COMMON, *own) for key, sentence in texts.items()}
