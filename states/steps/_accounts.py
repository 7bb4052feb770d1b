"""Steps on the way to an account that can sign in: confirmation, password reset, and the sign-in
that follows.
"""

from __future__ import annotations

from typing import ClassVar

from auth_flow.errors import ExpiredCodeException
from auth_flow.states._base import reveal
from auth_flow.states._events import (
    Answer,
    AutoSignIn,
    ConfirmResetPassword,
    ConfirmSignUp,
    Event,
    ResetPassword,
)
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._fields import (
    code_field,
    new_password_field,
    password_field,
    username_field,
)
from auth_flow.states.forms._models import Text
from auth_flow.states.forms._offers import resend
from auth_flow.states.forms._unanswered import sign_in_again
from auth_flow.states.steps._base import CodeDelivery, Question, StepBase

_GROUP = "Accounts and passwords"


class _SentCode(StepBase):
    """A code of the account, as opposed to one of a sign-in: the service can send it again."""

    code_delivery: CodeDelivery | None = None

    def _where(self) -> Text | None:
        """Return a sentence about the destination of the code, if the service named it."""
        delivery = self.code_delivery
        if delivery is None or delivery.destination is None:
            return None
        medium = "sms" if delivery.medium == "SMS" else "email"
        return self._text(f"{medium}_sent", destination=delivery.destination)


class ConfirmationRequired(_SentCode, Question, name="CONFIRM_SIGN_UP", group=_GROUP):
    """The account has to be confirmed with a code; `resend_code` sends another one.

    `code_delivery` and `user_id` are None if the service did not name them: a sign-in that meets an
    unconfirmed account sends no code.
    """

    texts: ClassVar[dict[str, str]] = {
        "title": "Confirm your account",
        "text": "Your account is not confirmed yet. No code was sent now: ask for one, or enter "
        "the one that you have.",
        "sms_sent": "We sent a code by SMS to {destination}.",
        "email_sent": "We sent a code by e-mail to {destination}.",
        "unanswered": "Your account may be confirmed by now. Sign in, or have a new code sent.",
        "form.sign_in_again.title": "Sign in",
        "action.sign_in_again": "Sign in",
        "action.submit": "Confirm",
    }

    user_id: str | None = None

    def parse(self, answer: Answer) -> Event:
        """Read the text as the code."""
        return ConfirmSignUp(code=self.code(answer), client_metadata=answer.client_metadata)

    def _draft(self, about: About) -> Draft:
        sent = self.code_delivery is not None
        return Draft(
            fields=(code_field(),),
            submit=lambda filled: ConfirmSignUp(code=filled["code"]),
            text=self._where(),
            offers=(resend(about, sent=sent),),
            offers_first=not sent or isinstance(about.error, ExpiredCodeException),
        )

    def _draft_if_unanswered(self, about: About) -> Draft:
        again = resend(about, sent=self.code_delivery is not None)
        return sign_in_again(about, explanation=self._text("unanswered"), offers=(again,))


class AutoSignInReady(Question, name="COMPLETE_AUTO_SIGN_IN", group=_GROUP):
    """The account is in order, and `auto_sign_in` signs in."""

    texts: ClassVar[dict[str, str]] = {
        "title": "Ready to sign in",
        "text": "Your account is in order.",
        "action.submit": "Sign in",
    }

    def parse(self, answer: Answer) -> Event:
        """Read the text as the password. An empty one will do if no password is needed."""
        password = answer.response if reveal(answer.response) else None
        return AutoSignIn(password=password, client_metadata=answer.client_metadata)

    def _draft(self, about: About) -> Draft:
        if not about.password_needed:
            return Draft(submit=lambda _: AutoSignIn())
        return Draft(
            fields=(username_field(about, read_only=True), password_field()),
            submit=lambda filled: AutoSignIn(password=filled["password"]),
        )


class PasswordResetRequired(Question, name="RESET_PASSWORD", group=_GROUP):
    """The password has to be reset before a sign-in: `reset_password` sends a code."""

    texts: ClassVar[dict[str, str]] = {
        "title": "Reset your password",
        "text": "Your password has to be reset before you can sign in. We will send you a code.",
        "action.submit": "Send the code",
    }

    def parse(self, answer: Answer) -> Event:
        """Read any text, also an empty one, as the wish to go on."""
        return ResetPassword(client_metadata=answer.client_metadata)

    def _draft(self, about: About) -> Draft:
        return Draft(submit=lambda _: ResetPassword())


class PasswordResetCode(_SentCode, name="CONFIRM_RESET_PASSWORD_WITH_CODE", group=_GROUP):
    """A code was sent. `confirm_reset_password` takes it together with the new password, and
    `resend_code` sends another one.
    """

    texts: ClassVar[dict[str, str]] = {
        "title": "Set a new password",
        "text": "We sent you a code. Enter it together with a new password.",
        "sms_sent": "We sent a code by SMS to {destination}. Enter it with a new password.",
        "email_sent": "We sent a code by e-mail to {destination}. Enter it with a new password.",
        "unanswered": "Your new password may be set by now. Sign in with it, or have a new code "
        "sent.",
        "form.sign_in_again.title": "Sign in",
        "action.sign_in_again": "Sign in",
        "field.password": "New password",
        "action.submit": "Set the password",
    }

    def _draft(self, about: About) -> Draft:
        def confirm(filled: Filled) -> Event:
            return ConfirmResetPassword(code=filled["code"], new_password=filled["new_password"])

        return Draft(
            fields=(
                username_field(about, read_only=True),
                code_field(),
                new_password_field(about),
            ),
            submit=confirm,
            text=self._where(),
            offers=(resend(about, sent=True),),
            offers_first=isinstance(about.error, ExpiredCodeException),
        )

    def _draft_if_unanswered(self, about: About) -> Draft:
        return sign_in_again(
            about,
            explanation=self._text("unanswered"),
            ask_password=True,
            offers=(resend(about, sent=True),),
        )
