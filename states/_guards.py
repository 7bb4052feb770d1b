"""The rules that transitions are guarded by: the diagram shows their names, a refusal shows the
sentence in their docstring.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auth_flow.states._base import Secret, reveal
from auth_flow.states._events import (
    AnswerChallenge,
    AutoSignIn,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    Event,
    NewPassword,
    PresentPasskey,
    ResendCode,
    ResetPassword,
    SetUpEmail,
    SignIn,
)
from auth_flow.states._record import Record
from auth_flow.states.steps import (
    FirstFactorSelection,
    MfaSelection,
    MfaSetupSelection,
    NewPasswordRequired,
)


@dataclass(frozen=True, slots=True)
class GuardContext:
    """An event, put to a flow at rest: what guards judge. `now` is in seconds since the epoch."""

    event: Event
    record: Record
    now: float
    holds_password: bool = False
    """Whether the flow still holds, in memory only, the password that it was last given."""


def _given(secret: Secret | None) -> bool:
    return secret is not None and reveal(secret) != ""


# At any time


def session_is_alive(ask: GuardContext) -> bool:
    """An answer comes before the time for it is over."""
    return ask.record.expires_at is None or ask.now < ask.record.expires_at


# Sign in


def is_signed_out(ask: GuardContext) -> bool:
    """Whoever is signed in signs out first."""
    return not ask.record.signed_in


def password_fits_options(ask: GuardContext) -> bool:
    """A password is needed to sign in with SRP or a password; CUSTOM_WITHOUT_SRP takes none."""
    assert isinstance(ask.event, SignIn)
    if ask.event.auth_flow_type == "CUSTOM_WITHOUT_SRP":
        return ask.event.password is None
    return _given(ask.event.password) or not ask.event.sign_in_options.takes_password


def choice_is_offered(ask: GuardContext) -> bool:
    """The choice is one of those on offer."""
    match ask.record.step, ask.event:
        case MfaSelection(allowed_mfa_types=offered) | MfaSetupSelection(
            allowed_mfa_types=offered
        ), ChooseMfa(mfa=choice):
            return choice in offered
        case FirstFactorSelection(available_challenges=offered), ChooseFactor(factor=choice):
            return choice in offered
        case _:
            return False


def chooses_password(ask: GuardContext) -> bool:
    """The password is the chosen factor: it is typed here, and sent together with the choice."""
    return isinstance(ask.event, ChooseFactor) and ask.event.factor in ("PASSWORD", "PASSWORD_SRP")


def chooses_email(ask: GuardContext) -> bool:
    """E-mail is the chosen factor: its address is typed here."""
    return isinstance(ask.event, ChooseMfa) and ask.event.mfa == "EMAIL"


def code_is_digits(ask: GuardContext) -> bool:
    """A code by SMS or e-mail consists of digits."""
    assert isinstance(ask.event, EnterCode)
    return re.fullmatch(r"[0-9]{1,16}", reveal(ask.event.code)) is not None


def code_is_six_digits(ask: GuardContext) -> bool:
    """The code of an authenticator app has six digits."""
    assert isinstance(ask.event, EnterCode)
    return re.fullmatch(r"[0-9]{6}", reveal(ask.event.code)) is not None


def password_is_given(ask: GuardContext) -> bool:
    """A password is not empty."""
    match ask.event:
        case (
            EnterPassword(password=password)
            | NewPassword(password=password)
            | ConfirmResetPassword(new_password=password)
        ):
            return _given(password)
        case _:
            return False


def missing_attributes_are_given(ask: GuardContext) -> bool:
    """Every missing attribute comes with the new password."""
    assert isinstance(ask.event, NewPassword)
    assert isinstance(ask.record.step, NewPasswordRequired)
    given = ask.event.user_attributes or {}
    return all(given.get(name) for name in ask.record.step.missing_attributes)


def answer_is_given(ask: GuardContext) -> bool:
    """An answer is not empty."""
    return isinstance(ask.event, AnswerChallenge) and _given(ask.event.answer)


def address_is_an_address(ask: GuardContext) -> bool:
    """An e-mail address has the form name@domain."""
    return (
        isinstance(ask.event, SetUpEmail)
        and re.fullmatch(r"[^@\s]+@[^@\s]+", ask.event.email) is not None
    )


def credential_is_an_assertion(ask: GuardContext) -> bool:
    """A passkey assertion is a JSON object with id, type and response."""
    assert isinstance(ask.event, PresentPasskey)
    credential = ask.event.credential
    return isinstance(credential.get("response"), dict) and all(
        credential.get(name) for name in ("id", "type")
    )


# Accounts and passwords


def username_is_known(ask: GuardContext) -> bool:
    """It is known whose account this is about, or a username comes with the event."""
    match ask.event:
        case ConfirmSignUp() | ResendCode() | ResetPassword() | ConfirmResetPassword():
            return ask.event.username is not None or ask.record.login_id is not None
        case _:
            return ask.record.login_id is not None


def code_is_one_word(ask: GuardContext) -> bool:
    """A code is not empty and has no spaces."""
    match ask.event:
        case ConfirmSignUp(code=code) | ConfirmResetPassword(code=code) | EnterCode(code=code):
            return re.fullmatch(r"\S+", reveal(code)) is not None
        case _:
            return False


def credentials_are_at_hand(ask: GuardContext) -> bool:
    """A session of the service, a held password, or one in the event is needed to sign in."""
    assert isinstance(ask.event, AutoSignIn)
    if ask.record.session is not None and session_is_alive(ask):
        return True
    sign_in_options = ask.record.sign_in_options
    return (
        ask.holds_password
        or _given(ask.event.password)
        or (sign_in_options is not None and not sign_in_options.takes_password)
    )
