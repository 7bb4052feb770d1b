"""What each step asks a person, and the event that the answer makes."""

from __future__ import annotations

import json
from enum import Enum
from typing import TypeAlias, assert_never

from auth_flow._cli.prompter import Prompter
from auth_flow.states._events import (
    AutoSignIn,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    Event,
    NewPassword,
    ResendCode,
    ResetPassword,
)
from auth_flow.states.steps import (
    AutoSignInReady,
    CodeDelivery,
    ConfirmationRequired,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    FirstFactorSelection,
    Idle,
    MfaSelection,
    MfaSetupSelection,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    RedirectRequired,
    SmsCode,
    Step,
    TotpCode,
    TotpSetup,
)


class Wish(Enum):
    """What a person may want at a step that no single event stands for."""

    START_AGAIN = "start again"


Said: TypeAlias = Event | Wish

_RESEND = "resend"
_RESEND_TOO = (_RESEND, "again")
"""What has a code sent again, whichever way that takes. One of them is advertised; the other is
what people try.
"""

_MEANINGS = {
    "PASSWORD": "the password, sent as it is",
    "PASSWORD_SRP": "the password, proven without sending it",
    "EMAIL_OTP": "a code by e-mail",
    "SMS_OTP": "a code by SMS",
    "WEB_AUTHN": "a passkey",
    "SMS": "a code by SMS",
    "TOTP": "an authenticator app",
    "EMAIL": "a code by e-mail",
}


def ask(step: Step, person: Prompter, *, once_more: bool = False) -> Said:
    """Ask what the step waits for. `once_more` leaves out what the person was told when first
    asked.

    Raises `GuardRejected` where the answer is none for the step.
    """
    if not once_more:
        _introduce(step, person)
    match step:
        case SmsCode() | EmailCode():
            code = person.code("Code")
            return Wish.START_AGAIN if _is_resend(code) else EnterCode(code=code)
        case TotpCode():
            return step.answer(person.code("Code of your authenticator app"))
        case TotpSetup():
            return step.answer(person.code("Code that the app shows"))
        case EmailSetup():
            return step.answer(person.text("E-mail address for codes"))
        case MfaSelection():
            return step.answer(_choose("Second factor", step.allowed_mfa_types, person))
        case MfaSetupSelection():
            return step.answer(_choose("Second factor to set up", step.allowed_mfa_types, person))
        case FirstFactorSelection():
            return step.answer(_choose("How to sign in", step.available_challenges, person))
        case PasswordRequired():
            return step.answer(person.secret("Password"))
        case NewPasswordRequired():
            return _new_password(step, person)
        case PasskeyRequired():
            return step.answer(person.text("Assertion, or the name of another factor"))
        case CustomChallenge():
            return step.answer(person.secret("Answer"))
        case RedirectRequired():
            return step.answer(person.secret("Address you came back to"))
        case ConfirmationRequired():
            code = person.code("Code")
            return ResendCode() if _is_resend(code) else ConfirmSignUp(code=code)
        case PasswordResetCode():
            code = person.code("Code")
            return (
                ResendCode()
                if _is_resend(code)
                else ConfirmResetPassword(code=code, new_password=_set_password(person))
            )
        case PasswordResetRequired():
            return ResetPassword()
        case AutoSignInReady():
            return AutoSignIn(password=person.secret("Password"))
        case Idle() | Done():
            raise ValueError(f"{step.name} asks nothing")
        case _:
            assert_never(step)


def with_new_password(said: Said, person: Prompter) -> Said | None:
    """Ask only for another password, and keep all else that was said; None where no password was
    set with it.
    """
    match said:
        case NewPassword():
            return NewPassword(password=_set_password(person), user_attributes=said.user_attributes)
        case ConfirmResetPassword():
            return ConfirmResetPassword(
                code=said.code, new_password=_set_password(person), username=said.username
            )
        case _:
            return None


def _introduce(step: Step, person: Prompter) -> None:
    """Tell what one has to know before the first question of a step."""
    match step:
        case SmsCode() | EmailCode():
            _tell_code("", step.code_delivery, person)
        case TotpSetup():
            person.show_authenticator_key(step.shared_secret, step.setup_uri)
        case NewPasswordRequired():
            person.tell("The password was a temporary one; choose your own.")
        case PasskeyRequired():
            person.tell(
                "Hand these options to an authenticator, and its assertion back as one line of JSON:"
            )
            person.tell(json.dumps(step.options))
        case CustomChallenge():
            for name, value in step.parameters.items():
                person.tell(f"{name}: {value}")
        case ConfirmationRequired():
            _tell_code("The account has to be confirmed. ", step.code_delivery, person)
        case PasswordResetCode():
            _tell_code("The password is to be reset. ", step.code_delivery, person)
        case PasswordResetRequired():
            person.tell(
                "The password has to be reset before you can sign in. A code is being sent."
            )
        case AutoSignInReady():
            person.tell("The account is in order. Sign in with its password.")
        case _:
            pass  # the question says it all


def _choose(label: str, offered: tuple[str, ...], person: Prompter) -> str:
    return person.choose(label, {name: _MEANINGS.get(name, "") for name in offered})


def _new_password(step: NewPasswordRequired, person: Prompter) -> NewPassword:
    password = _set_password(person)
    attributes = {
        name: person.text(name.replace("_", " ").capitalize()) for name in step.missing_attributes
    }
    return NewPassword(password=password, user_attributes=attributes or None)


def _set_password(person: Prompter) -> str:
    return person.new_password("New password")


def _is_resend(typed: str) -> bool:
    return typed.lower() in _RESEND_TOO


def _tell_code(why: str, delivery: CodeDelivery | None, person: Prompter) -> None:
    person.tell(f"{why}{_sent(delivery)}".strip())
    person.tell(f'Type "{_RESEND}" to have a new code sent.', "quiet")


def _sent(delivery: CodeDelivery | None) -> str:
    if delivery is None or delivery.destination is None:
        return ""
    way = {"SMS": " by SMS", "EMAIL": " by e-mail"}.get(delivery.medium or "", "")
    return f"A code was sent{way} to {delivery.destination}."
