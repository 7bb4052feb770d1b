"""Steps on the way to an account one can sign in to: confirmation, password reset, and the sign-in
that follows.
"""

from __future__ import annotations

from auth_flow.states._events import Answer, ConfirmSignUp, Event
from auth_flow.states.steps._base import CodeDelivery, Question, StepBase


class ConfirmationRequired(Question):
    """The account has to be confirmed with the code that was sent; `resend_code` sends another one.

    `code_delivery` and `user_id` are None where the service has not told them (a sign-in that ran
    into this).
    """

    name = "CONFIRM_SIGN_UP"

    code_delivery: CodeDelivery | None = None
    user_id: str | None = None

    def parse(self, said: Answer) -> Event:
        """Read the text as the code."""
        return ConfirmSignUp(code=self.code(said), client_metadata=said.client_metadata)


class AutoSignInReady(StepBase):
    """The account is in order, and `auto_sign_in` signs in."""

    name = "COMPLETE_AUTO_SIGN_IN"


class PasswordResetRequired(StepBase):
    """The password has to be reset before one can sign in: `reset_password` sends a code."""

    name = "RESET_PASSWORD"


class PasswordResetCode(StepBase):
    """A code was sent; `confirm_reset_password` takes it together with the new password,
    `resend_code` sends another one.
    """

    name = "CONFIRM_RESET_PASSWORD_WITH_CODE"

    code_delivery: CodeDelivery | None = None
