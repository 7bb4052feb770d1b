"""The steps about second factors: the choice of one, and setting one up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import quote, urlencode

from auth_flow.errors import MalformedResponse
from auth_flow.states._base import reveal
from auth_flow.states._effects import Checkpoint, Dialogue
from auth_flow.states._events import Answer, ChooseMfa, EnterCode, Event, MfaType, SetUpEmail
from auth_flow.states._replies import AuthReply, SoftwareTokenReply, VerificationReply
from auth_flow.states._requests import respond, respond_to, session_spent, software_token
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._english import text
from auth_flow.states.forms._fields import choice_field, email_field, name_field, six_digits_field
from auth_flow.states.forms._models import Exhibit
from auth_flow.states.steps._base import Challenge, list_parameter

if TYPE_CHECKING:
    from pydantic import SecretStr

    from auth_flow.states._record import Record
    from auth_flow.states._turn import Turn

MFA_TYPES: dict[str, MfaType] = {
    "SMS_MFA": "SMS",
    "SOFTWARE_TOKEN_MFA": "TOTP",
    "EMAIL_OTP": "EMAIL",
}
"""Amplify's names of the second factors, by Cognito's."""

_COGNITO_NAMES = {amplify: cognito for cognito, amplify in MFA_TYPES.items()}


def _types(reply: AuthReply, parameter: str) -> tuple[MfaType, ...]:
    return tuple(MFA_TYPES[name] for name in list_parameter(reply, parameter) if name in MFA_TYPES)


class MfaSelection(
    Challenge,
    name="CONTINUE_SIGN_IN_WITH_MFA_SELECTION",
    challenges=("SELECT_MFA_TYPE",),
    group="Second factors",
):
    """The user has several second factors and chooses one of `allowed_mfa_types`."""

    texts: ClassVar[dict[str, str]] = {"title": "Choose a second factor"}

    allowed_mfa_types: tuple[MfaType, ...]

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read which factors the user has."""
        types = _types(reply, "MFAS_CAN_CHOOSE")
        if not types:
            raise MalformedResponse("no known second factor is on offer", operation=reply.operation)
        return cls(allowed_mfa_types=types)

    def parse(self, answer: Answer) -> Event:
        """Read the text as one of the factors on offer."""
        return ChooseMfa(
            mfa=self.pick(answer, self.allowed_mfa_types, ChooseMfa),
            client_metadata=answer.client_metadata,
        )

    def _draft(self, about: About) -> Draft:
        return _mfa_choice(self.allowed_mfa_types)

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the choice by Cognito's name."""
        assert isinstance(event, ChooseMfa)
        return respond(turn, {"ANSWER": _COGNITO_NAMES[event.mfa]})


class MfaSetupSelection(
    Challenge,
    name="CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION",
    challenges=("MFA_SETUP",),
    group="Second factors",
):
    """The pool requires a second factor and the user has none. One of `allowed_mfa_types` is set up
    now.

    SMS is not among them, because it needs a phone number, which accounts get before they sign in.
    """

    texts: ClassVar[dict[str, str]] = {
        "title": "Set up a second factor",
        "text": "Your account has to be protected by a second factor. Choose one to set up.",
    }

    allowed_mfa_types: tuple[MfaType, ...]

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read which factors can be set up."""
        types: tuple[MfaType, ...] = tuple(
            name for name in _types(reply, "MFAS_CAN_SETUP") if name != "SMS"
        )
        if not types:
            raise MalformedResponse(
                "no second factor on offer can be set up during a sign-in",
                operation=reply.operation,
            )
        return cls(allowed_mfa_types=types)

    @classmethod
    def pose(cls, turn: Turn, reply: AuthReply) -> Dialogue[Record]:
        """Go on to the set-up at once if there is only one factor to choose."""
        step = cls.read(reply)
        record = turn.waiting_at(step, reply.session, reply.challenge)
        match step.allowed_mfa_types:
            case ("EMAIL",):
                return record.at(EmailSetup())
            case ("TOTP",) if turn.record.session is None:
                return (yield from TotpSetup.associate(turn, record.session))
            case ("TOTP",):
                yield Checkpoint(record)
                with session_spent():
                    return (yield from TotpSetup.associate(turn, record.session))
            case _:
                return record

    def parse(self, answer: Answer) -> Event:
        """Read the text as one of the factors on offer."""
        return ChooseMfa(
            mfa=self.pick(answer, self.allowed_mfa_types, ChooseMfa),
            client_metadata=answer.client_metadata,
        )

    def _draft(self, about: About) -> Draft:
        return _mfa_choice(self.allowed_mfa_types)

    def respond(self, turn: Turn, event: Event) -> Dialogue[Record]:
        """Begin to set up an authenticator app. The choice itself is not sent; the chart leads the
        choice of e-mail to `EmailSetup` without a request.
        """
        return TotpSetup.associate(turn, turn.record.session)


class EmailSetup(Challenge, name="CONTINUE_SIGN_IN_WITH_EMAIL_SETUP", group="Second factors"):
    """The user gives the address for codes by e-mail."""

    texts: ClassVar[dict[str, str]] = {
        "title": "Set up your e-mail",
        "text": "We will send a code to this address whenever you sign in.",
    }

    def parse(self, answer: Answer) -> Event:
        """Read the text as the address."""
        email = reveal(answer.response).strip()
        return SetUpEmail(email=email, client_metadata=answer.client_metadata)

    def _draft(self, about: About) -> Draft:
        return Draft(
            fields=(email_field(),), submit=lambda filled: SetUpEmail(email=filled["email"])
        )

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the address."""
        assert isinstance(event, SetUpEmail)
        return respond(turn, {"EMAIL": event.email})


class TotpSetup(Challenge, name="CONTINUE_SIGN_IN_WITH_TOTP_SETUP", group="Second factors"):
    """The user sets up an authenticator app with `shared_secret` (base32) or with the QR code of
    `setup_uri`, and enters the code that the app shows then.

    The secret is meant for the user's eyes. The step contains it because it must be shown; its repr
    does not show it.
    """

    texts: ClassVar[dict[str, str]] = {
        "title": "Set up your app",
        "text": "Add this account to an authenticator app, then enter the code that it shows.",
        "problem.code_mismatch": "That is not the code that the app shows now.",
    }

    shared_secret: str
    setup_uri: str

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        """Show neither the secret nor the URI that contains it."""
        return []

    @classmethod
    def of(cls, secret: str, *, issuer: str, account: str) -> Self:
        """Return the step for a secret that the service has issued."""
        return cls(
            shared_secret=secret, setup_uri=setup_uri(secret, issuer=issuer, account=account)
        )

    @classmethod
    def associate(cls, turn: Turn, session: SecretStr | None) -> Dialogue[Record]:
        """Have the service issue a secret, and wait for the app's first code."""
        reply = yield from software_token("AssociateSoftwareToken", SoftwareTokenReply, session)
        secret = reply.secret_code.get_secret_value()
        account = turn.record.login_id or ""
        step = cls.of(secret, issuer=turn.client.issuer, account=account)
        return turn.waiting_at(step, reply.session or session, "MFA_SETUP")

    def parse(self, answer: Answer) -> Event:
        """Read the text as the first code that the app shows."""
        return EnterCode(
            code=self.code(answer),
            friendly_device_name=answer.friendly_device_name,
            client_metadata=answer.client_metadata,
        )

    def _draft(self, about: About) -> Draft:
        secret = self.shared_secret
        groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))

        def enter_code(filled: Filled) -> Event:
            name = filled.get("friendly_device_name")
            return EnterCode(code=filled["code"], friendly_device_name=name)

        return Draft(
            fields=(name_field(), six_digits_field()),
            submit=enter_code,
            exhibits=(
                Exhibit(kind="qr", label=text("exhibit.qr"), content=self.setup_uri),
                Exhibit(kind="copy", label=text("exhibit.copy"), content=groups),
                Exhibit(kind="link", label=text("exhibit.link"), content=self.setup_uri),
            ),
        )

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Have the code verified, and go on with the session that the verification gives."""
        assert isinstance(event, EnterCode)
        verified = yield from software_token(
            "VerifySoftwareToken",
            VerificationReply,
            turn.record.session,
            UserCode=event.code,
            FriendlyDeviceName=event.friendly_device_name,
        )
        verified.check()
        session = verified.session or turn.record.session
        yield Checkpoint(turn.waiting_at(self, session, turn.record.challenge))
        with session_spent():
            return (yield from respond_to(turn, "MFA_SETUP", session, {}))


def setup_uri(secret: str, *, issuer: str, account: str) -> str:
    """Return the `otpauth` URI of the key URI format, escaped, for a QR code."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return (
        f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
    )


def _mfa_choice(offered: tuple[MfaType, ...]) -> Draft:
    return Draft(
        fields=(choice_field("mfa", offered),),
        submit=lambda filled: ChooseMfa(mfa=filled["mfa"]),
    )
