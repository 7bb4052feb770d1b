"""Steps that wait for a code: by SMS, by e-mail, from an authenticator app."""

from __future__ import annotations

from typing import ClassVar, Self

from auth_flow.states._base import reveal
from auth_flow.states._events import Answer, EnterCode, Event
from auth_flow.states._replies import AuthReply
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._fields import digits_field, six_digits_field
from auth_flow.states.forms._offers import new_code, other_factors
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


class SentCode(CodeQuestion):
    """A code that was sent, as the second factor or as the first."""

    code_delivery: CodeDelivery

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read where the code went."""
        return cls(code_delivery=CodeDelivery.of_challenge(reply))

    def _draft(self, about: About) -> Draft:
        destination = self.code_delivery.destination
        return Draft(
            fields=(digits_field(),),
            submit=_enter_code,
            text=self._text("sent_to", destination=destination) if destination else None,
            offers=(new_code(about), *other_factors(about)),
        )


def _enter_code(filled: Filled) -> Event:
    return EnterCode(code=filled["code"])


class SmsCode(SentCode):
    """A code was sent by SMS. Cognito cannot send it again: a new sign-in sends a new one."""

    name = "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    challenges = ("SMS_MFA", "SMS_OTP")
    texts: ClassVar[dict[str, str]] = {
        "title": "Check your phone",
        "text": "We sent you a code by SMS.",
        "sent_to": "We sent a code by SMS to {destination}.",
    }


class EmailCode(SentCode):
    """A code was sent by e-mail. Cognito cannot send it again: a new sign-in sends a new one."""

    name = "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    challenges = ("EMAIL_OTP",)
    texts: ClassVar[dict[str, str]] = {
        "title": "Check your e-mail",
        "text": "We sent you a code by e-mail.",
        "sent_to": "We sent a code by e-mail to {destination}.",
    }


class TotpCode(CodeQuestion):
    """The authenticator app shows the code: six digits, another one every 30 seconds."""

    name = "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    challenges = ("SOFTWARE_TOKEN_MFA",)
    texts: ClassVar[dict[str, str]] = {
        "title": "Enter the app's code",
        "text": "Open your authenticator app and enter the six digits that it shows.",
        "problem.code_mismatch": "That is not the code that the app shows now.",
    }

    def _draft(self, about: About) -> Draft:
        return Draft(fields=(six_digits_field(),), submit=_enter_code)
