"""The steps that wait for a code: by SMS, by e-mail, from an authenticator app."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from auth_flow.states._effects import Dialogue
from auth_flow.states._events import Answer, EnterCode, Event
from auth_flow.states._replies import AuthReply
from auth_flow.states._requests import respond
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._fields import digits_field, six_digits_field
from auth_flow.states.forms._offers import new_code, other_factors
from auth_flow.states.steps._base import Challenge, CodeDelivery

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn


class CodeChallenge(Challenge, group="Codes"):
    """A challenge that is answered by a code. Cognito names the response after the challenge:
    `SMS_MFA` takes `SMS_MFA_CODE`.
    """

    def parse(self, answer: Answer) -> Event:
        """Read the text as the code."""
        return EnterCode(code=self.code(answer), client_metadata=answer.client_metadata)

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the code."""
        assert isinstance(event, EnterCode)
        return respond(turn, {f"{turn.record.challenge}_CODE": event.code})


class SentCode(CodeChallenge):
    """A code was sent, as second factor or as first. Cognito cannot send it again;
    `AuthFlow.start_again` signs in anew, which sends another one.
    """

    code_delivery: CodeDelivery

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read where the code was sent."""
        return cls(code_delivery=CodeDelivery.of_challenge(reply))

    def _draft(self, about: About) -> Draft:
        destination = self.code_delivery.destination
        return Draft(
            fields=(digits_field(),),
            submit=_enter_code,
            text=self._text("sent_to", destination=destination) if destination else None,
            offers=(new_code(about), *other_factors(about)),
        )


class SmsCode(SentCode, name="CONFIRM_SIGN_IN_WITH_SMS_CODE", challenges=("SMS_MFA", "SMS_OTP")):
    """A code was sent by SMS."""

    texts: ClassVar[dict[str, str]] = {
        "title": "Check your phone",
        "text": "We sent you a code by SMS.",
        "sent_to": "We sent a code by SMS to {destination}.",
    }


class EmailCode(SentCode, name="CONFIRM_SIGN_IN_WITH_EMAIL_CODE", challenges=("EMAIL_OTP",)):
    """A code was sent by e-mail."""

    texts: ClassVar[dict[str, str]] = {
        "title": "Check your e-mail",
        "text": "We sent you a code by e-mail.",
        "sent_to": "We sent a code by e-mail to {destination}.",
    }


class TotpCode(
    CodeChallenge, name="CONFIRM_SIGN_IN_WITH_TOTP_CODE", challenges=("SOFTWARE_TOKEN_MFA",)
):
    """The authenticator app shows the code: six digits, and others every 30 seconds."""

    texts: ClassVar[dict[str, str]] = {
        "title": "Enter the app's code",
        "text": "Open your authenticator app and enter the six digits that it shows.",
        "problem.code_mismatch": "That is not the code that the app shows now.",
    }

    def _draft(self, about: About) -> Draft:
        return Draft(fields=(six_digits_field(),), submit=_enter_code)


def _enter_code(filled: Filled) -> Event:
    return EnterCode(code=filled["code"])
