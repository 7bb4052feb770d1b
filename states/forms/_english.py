"""The English texts that forms share. A step adds its own, and overrides these, by `texts`."""

from __future__ import annotations

from typing import Final

from auth_flow.states.forms._models import Text

COMMON: Final[dict[str, str]] = {
    "form.title": "One more step",
    "form.sign_in_again.title": "Sign in again",
    "form.sign_in_again.text": "Sign in again to go on.",
    # Fields
    "field.username": "User name",
    "field.password": "Password",
    "field.new_password": "New password",
    "field.code": "Code",
    "field.answer": "Answer",
    "field.mfa": "Second factor",
    "field.factor": "Way to sign in",
    "field.credential": "Passkey",
    "field.friendly_device_name": "Name for this app",
    "field.url": "Address you came back to",
    "field.attribute": "{name}",
    # Attributes
    "field.email": "E-mail address",
    "field.phone_number": "Phone number",
    "field.name": "Full name",
    "field.given_name": "First name",
    "field.family_name": "Last name",
    "field.middle_name": "Middle name",
    "field.nickname": "Nickname",
    "field.preferred_username": "Preferred user name",
    "field.birthdate": "Date of birth",
    "field.gender": "Gender",
    "field.address": "Address",
    "field.locale": "Language",
    "field.zoneinfo": "Time zone",
    "field.website": "Website",
    "field.profile": "Profile page",
    "field.picture": "Picture (URL)",
    # Hints
    "hint.new_password": "Choose a long password that you use nowhere else.",
    "hint.phone": "With the country code, as in +12065550100.",
    "hint.date": "Year, month and day, as in 1985-12-31.",
    # Choices
    "choice.PASSWORD": "Password",
    "choice.PASSWORD_SRP": "Password",
    "choice.EMAIL_OTP": "A code by e-mail",
    "choice.SMS_OTP": "A code by SMS",
    "choice.WEB_AUTHN": "A passkey",
    "choice.SOFTWARE_TOKEN": "An authenticator app",
    "choice.SMS": "A code by SMS",
    "choice.TOTP": "An authenticator app",
    "choice.EMAIL": "A code by e-mail",
    # Actions
    "action.submit": "Continue",
    "action.cancel": "Start again",
    "action.resend_code": "Send a new code",
    "action.start_again": "Get a new code",
    "action.sign_in_again": "Sign in again",
    "action.choose_factor": "Sign in another way",
    "action.choose_factor.PASSWORD": "Use your password",
    "action.choose_factor.EMAIL_OTP": "Get a code by e-mail",
    "action.choose_factor.SMS_OTP": "Get a code by SMS",
    "action.choose_factor.WEB_AUTHN": "Try the passkey again",
    "action.provider": "Sign in with {name}",
    "action.choose_factor.SOFTWARE_TOKEN": "Use your authenticator app",
    "action.go.sign_in": "Sign in",
    "action.go.sign_up": "Create an account",
    "action.go.forgot_password": "Forgot your password?",
    "action.go.confirm_sign_up": "Enter a confirmation code",
    # Exhibits
    "exhibit.qr": "Scan this with your authenticator app",
    "exhibit.copy": "Or type this key into the app",
    "exhibit.link": "Or open this link on your phone",
    # Rules
    "rule.username": "A user name has 1 to 128 characters.",
    "rule.digits": "The code has only digits.",
    "rule.six_digits": "The code has six digits.",
    "rule.one_word": "The code is one word.",
    "rule.email": "An e-mail address looks like ada@example.org.",
    "rule.phone": "A phone number begins with + and the country code, as in +12065550100.",
    "rule.date": "A date has the form 1985-12-31: year, month, day.",
    "rule.choice": "Choose one of these.",
    "rule.passkey": "The answer of the passkey is incomplete.",
    "rule.length": "At least {length} characters.",
    "rule.lowercase": "At least one lower-case letter (a to z).",
    "rule.uppercase": "At least one upper-case letter (A to Z).",
    "rule.numbers": "At least one digit.",
    "rule.symbols": "At least one symbol, such as ! or %.",
    # Problems
    "problem.required": "{label}: this is required.",
    "problem.garbled": "{label}: this has characters that cannot be read.",
    "problem.unknown_field": "This form has no field {name}.",
    "problem.unknown_action": "This form does not offer {name}.",
    "problem.too_soon": "Please wait a moment before you ask for another code.",
    "problem.code_mismatch": "That is not the right code.",
    "problem.code_expired": "That code is no longer valid. Ask for a new one.",
    "problem.password_refused": "That password is not accepted: {reason}",
    "problem.password_used": "You have used that password before. Choose another one.",
    "problem.username_taken": "There is already an account with this user name.",
    "problem.alias_taken": "This e-mail address or phone number belongs to another account.",
    "problem.user_unknown": "There is no account with this user name.",
    "problem.credentials_wrong": "The user name or the password is wrong.",
    "problem.session_ended": "That did not work, and the sign-in has ended. Please sign in again.",
    "problem.expired": "The time to answer is over. Please sign in again.",
    "problem.too_many": "Too many attempts. Please wait a while, then try again.",
    "problem.delivery_failed": "The code could not be sent: {reason}",
    "problem.refused": "{reason}",
    "problem.unreachable": "The service cannot be reached. Please try again.",
    "problem.service_trouble": "The service does not work properly. Please try again later.",
    "problem.not_possible": "That is not possible at this step.",
    "problem.fate_unknown": "The connection broke before the reply came. Your last answer may have "
    "been accepted, so it is not sent again.",
    "problem.busy": "Your last answer is still being worked on.",
}


def text(key: str, **params: str) -> Text:
    """Return a text of the shared catalogue."""
    return Text.of(key, COMMON[key], params)
