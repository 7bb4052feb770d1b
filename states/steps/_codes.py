"""Steps that wait for a code: by SMS, by e-mail, from an authenticator app."""

from __future__ import annotations

from typing import Self

from auth_flow.states._base import reveal
from auth_flow.states._events import Answer, EnterCode, Event
from auth_flow.states._replies import AuthReply
from auth_flow.states.steps._base import Challenge, CodeDelivery


class CodeQuestion(Challenge):
    """A code is asked for. Cognito names the response after the challenge: `SMS_MFA` takes
    `SMS_MFA_CODE`.
    """

    def parse(self, said: Answer) -> Event:
        """Read the text as the code."""
        return EnterCode(code=self.code(said), client_metadata=said.client_metadata)

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the code under the name that goes with the challenge."""
        assert isinstance(said, EnterCode)
        return {f"{challenge}_CODE": reveal(said.code)}


class SmsCode(CodeQuestion):
    """A code was sent by SMS, as second factor or as first. Cognito has no way to send it again:
    begin anew.
    """

    name = "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    challenges = ("SMS_MFA", "SMS_OTP")

    code_delivery: CodeDelivery

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read where the code went."""
        return cls(code_delivery=CodeDelivery.of_challenge(reply))


class EmailCode(CodeQuestion):
    """A code was sent by e-mail, as second factor or as first. Cognito has no way to send it again:
    begin anew.
    """

    name = "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    challenges = ("EMAIL_OTP",)

    code_delivery: CodeDelivery

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read where the code went."""
        return cls(code_delivery=CodeDelivery.of_challenge(reply))


class TotpCode(CodeQuestion):
    """The authenticator app shows the code: six digits, another one every 30 seconds."""

    name = "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    challenges = ("SOFTWARE_TOKEN_MFA",)
