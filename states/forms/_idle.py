"""The forms of an idle flow: the four ways to begin."""

from __future__ import annotations

from typing import ClassVar

from auth_flow.states._events import (
    ConfirmSignUp,
    Event,
    ResendCode,
    ResetPassword,
    SignIn,
    SignUp,
)
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled, HasForm, Offer
from auth_flow.states.forms._english import text
from auth_flow.states.forms._fields import (
    attribute_field,
    code_field,
    new_password_field,
    password_field,
    username_field,
)
from auth_flow.states.forms._models import FormName
from auth_flow.states.forms._offers import go, with_providers
from auth_flow.states.forms._unanswered import FORM_OF, ask_for_code


class _IdleForm(HasForm):
    def _draft_now(self, about: About) -> Draft:
        own_event = FORM_OF.get(about.unanswered or "") == self.name
        return self._draft_if_unanswered(about) if own_event else self._draft(about)


class SignInForm(_IdleForm):
    """The credentials."""

    name = "SIGN_IN"
    texts: ClassVar[dict[str, str]] = {"title": "Sign in", "action.submit": "Sign in"}

    def _draft(self, about: About) -> Draft:
        options = about.settings.sign_in_options
        password = (password_field(),) if options.takes_password else ()

        def sign_in(filled: Filled) -> Event:
            return SignIn(
                username=filled["username"], password=filled.get("password"), **dict(options)
            )

        return Draft(
            fields=(username_field(about), *password),
            submit=sign_in,
            offers=(go("FORGOT_PASSWORD"), go("SIGN_UP"), *with_providers(about)),
            cancel=False,
        )


class SignUpForm(_IdleForm):
    """A new account."""

    name = "SIGN_UP"
    texts: ClassVar[dict[str, str]] = {
        "title": "Create an account",
        "unanswered": "Your account may have been created. Have a code sent that confirms it.",
        "action.submit": "Create the account",
        "field.new_password": "Password",
    }

    def _draft(self, about: About) -> Draft:
        settings = about.settings
        required, options = settings.required_attributes, settings.sign_in_options
        optional = (name for name in settings.optional_attributes if name not in required)
        password = (new_password_field(about),) if options.takes_password else ()

        def sign_up(filled: Filled) -> Event:
            return SignUp(
                username=filled["username"],
                password=filled.get("new_password"),
                user_attributes=filled.attributes,
                auto_sign_in=options if settings.auto_sign_in else False,
            )

        return Draft(
            fields=(
                username_field(about),
                *(attribute_field(name) for name in required),
                *(attribute_field(name, required=False) for name in optional),
                *password,
            ),
            submit=sign_up,
            offers=(go("SIGN_IN"), go("CONFIRM_SIGN_UP")),
            cancel=False,
        )

    def _draft_if_unanswered(self, about: About) -> Draft:
        others = (go("CONFIRM_SIGN_UP"), go("SIGN_IN"))
        return ask_for_code(about, self._text("unanswered"), *others)


class ForgotPasswordForm(_IdleForm):
    """The account to reset the password of."""

    name = "FORGOT_PASSWORD"
    texts: ClassVar[dict[str, str]] = {
        "title": "Reset your password",
        "text": "We will send you a code to set a new password with.",
        "action.submit": "Send the code",
    }

    def _draft(self, about: About) -> Draft:
        return Draft(
            fields=(username_field(about),),
            submit=lambda filled: ResetPassword(username=filled["username"]),
            offers=(go("SIGN_IN"),),
            cancel=False,
        )


class ConfirmSignUpForm(_IdleForm):
    """The code for an account that was created earlier, or elsewhere."""

    name = "CONFIRM_SIGN_UP"
    texts: ClassVar[dict[str, str]] = {
        "title": "Confirm your account",
        "text": "Enter the code that you got when you created the account.",
        "unanswered": "Your account may be confirmed by now. Sign in, or have a new code sent.",
        "action.submit": "Confirm",
    }

    def _draft(self, about: About) -> Draft:
        resend = Offer(
            "resend_code",
            text("action.resend_code"),
            "resend",
            lambda filled: ResendCode(username=filled["username"]),
            needs=("username",),
        )
        return Draft(
            fields=(username_field(about), code_field()),
            submit=lambda filled: ConfirmSignUp(username=filled["username"], code=filled["code"]),
            offers=(resend, go("SIGN_IN")),
            cancel=False,
        )

    def _draft_if_unanswered(self, about: About) -> Draft:
        return ask_for_code(about, self._text("unanswered"), go("SIGN_IN"))


IDLE_FORMS: dict[FormName, HasForm] = {
    "SIGN_IN": SignInForm(),
    "SIGN_UP": SignUpForm(),
    "FORGOT_PASSWORD": ForgotPasswordForm(),
    "CONFIRM_SIGN_UP": ConfirmSignUpForm(),
}
"""The forms of an idle flow, by name."""
