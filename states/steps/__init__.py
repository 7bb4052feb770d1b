"""The steps that a flow can wait at. `Step` is the closed union of all of them, so that type
checkers can check that a `match` is complete.

The class of a challenge contains all there is to know about it. docs/new-challenge.md shows how to
add one.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, get_args

from auth_flow.states._base import TaggedUnion
from auth_flow.states.forms._english import COMMON
from auth_flow.states.forms._idle import IDLE_FORMS
from auth_flow.states.steps._accounts import (
    AutoSignInReady,
    ConfirmationRequired,
    PasswordResetCode,
    PasswordResetRequired,
)
from auth_flow.states.steps._base import CodeDelivery, Question
from auth_flow.states.steps._codes import EmailCode, SmsCode, TotpCode
from auth_flow.states.steps._custom import CustomChallenge
from auth_flow.states.steps._ends import CurrentDevice, Done, Idle
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

Step: TypeAlias = Annotated[_AnyStep, TaggedUnion("name")]
"""Every step. In JSON, `name` names it. The errors of pydantic do not show the input."""

STEPS: dict[str, type[Step]] = {step.name: step for step in get_args(_AnyStep)}
"""Step classes by name."""


def english() -> dict[str, str]:
    """Return every text of every form, by key: the catalogue that a translation has to cover."""
    own = [source.catalogue() for source in (*STEPS.values(), *IDLE_FORMS.values())]
    return {key: sentence for texts in (COMMON, *own) for key, sentence in texts.items()}
