"""What each step asks a person, and the event that the answer makes."""

from __future__ import annotations

import json
from enum import Enum
from typing import TypeAlias, assert_never

from auth_flow.cli.prompter import Prompter
from auth_flow.states.events import (
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
    SmsCode,
    Step,
    TotpCode,
    TotpSetup,
)


class Wish(Enum):
    """What a person may want at a step that no single event stands for."""

    START_AGAIN = "again"


Said: TypeAlias = Event | Wish

_RESEND, _AGAIN = "resend", Wish.START_AGAIN.value

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


def ask(step: Step, person: Prompter) -> Said:
    """Ask what the step waits for. Raises `GuardRejected` where the answer is none for it."""
    match step:
        case SmsCode() | EmailCode():
            person.tell(_sent(step.code_delivery))
            person.tell(f'Type "{_AGAIN}" to start again with a new code.', "quiet")
            code = person.code("Code")
            return Wish.START_AGAIN if code == _AGAIN else EnterCode(code=code)
        case TotpCode():
            return step.answer(person.code("Code of your authenticator app"))
        case TotpSetup():
            person.show_authenticator_key(step.shared_secret, step.setup_uri)
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
            person.tell("Hand these options to an authenticator, and its assertion back as one line of JSON:")
            person.tell(json.dumps(step.options))
            return step.answer(person.text("Assertion, or the name of another factor"))
        case CustomChallenge():
            for name, value in step.parameters.items():
                person.tell(f"{name}: {value}")
            return step.answer(person.secret("Answer"))
        case ConfirmationRequired():
            code = _resendable("The account has to be confirmed.", step.code_delivery, person)
            return ResendCode() if code == _RESEND else ConfirmSignUp(code=code)
        case PasswordResetCode():
            code = _resendable("The password is to be reset.", step.code_delivery, person)
            return ResendCode() if code == _RESEND else ConfirmResetPassword(code=code, new_password=_set_password(person))
        case PasswordResetRequired():
            person.tell("The password has to be reset before you can sign in. A code is being sent.")
            return ResetPassword()
        case AutoSignInReady():
            person.tell("The account is in order. Sign in with its password.")
            return AutoSignIn(password=person.secret("Password"))
        case Idle() | Done():
            raise ValueError(f"{step.name} asks nothing")
        case _:
            assert_never(step)


def _choose(label: str, offered: tuple[str, ...], person: Prompter) -> str:
    return person.choose(label, {name: _MEANINGS.get(name, "") for name in offered})


def _new_password(step: NewPasswordRequired, person: Prompter) -> NewPassword:
    person.tell("The password was a temporary one; choose your own.")
    password = _set_password(person)
    attributes = {name: person.text(name.replace("_", " ").capitalize()) for name in step.missing_attributes}
    return NewPassword(password=password, user_attributes=attributes or None)


def _set_password(person: Prompter) -> str:
    return person.new_password("New password")


def _resendable(why: str, delivery: CodeDelivery | None, person: Prompter) -> str:
    person.tell(f"{why} {_sent(delivery)}".strip())
    person.tell(f'Type "{_RESEND}" to have a new code sent.', "quiet")
    return person.code("Code")


def _sent(delivery: CodeDelivery | None) -> str:
    if delivery is None or delivery.destination is None:
        return ""
    way = {"SMS": " by SMS", "EMAIL": " by e-mail"}.get(delivery.medium or "", "")
    return f"A code was sent{way} to {delivery.destination}."
