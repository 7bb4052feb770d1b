"""Steps about second factors: which one to use, which one to set up, and the set-up itself."""

from __future__ import annotations

from typing import ClassVar, Self
from urllib.parse import quote, urlencode

from auth_flow.errors import MalformedResponse
from auth_flow.states._base import reveal
from auth_flow.states._events import Answer, ChooseMfa, EnterCode, Event, MfaType, SetUpEmail
from auth_flow.states._replies import AuthReply
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._english import text
from auth_flow.states.forms._fields import choice_field, email_field, name_field, six_digits_field
from auth_flow.states.forms._models import Exhibit
from auth_flow.states.steps._base import Challenge, list_parameter

MFA_TYPES: dict[str, MfaType] = {
    "SMS_MFA": "SMS",
    "SOFTWARE_TOKEN_MFA": "TOTP",
    "EMAIL_OTP": "EMAIL",
}
"""Cognito's names of the second factors, and Amplify's."""

_COGNITO_NAMES = {ours: theirs for theirs, ours in MFA_TYPES.items()}


def _types(reply: AuthReply, parameter: str) -> tuple[MfaType, ...]:
    return tuple(MFA_TYPES[name] for name in list_parameter(reply, parameter) if name in MFA_TYPES)


class MfaSelection(Challenge):
    """The user has several second factors; `allowed_mfa_types` are those to choose from."""

    name = "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
    challenges = ("SELECT_MFA_TYPE",)

    texts: ClassVar[dict[str, str]] = {"title": "Choose a second factor"}

    allowed_mfa_types: tuple[MfaType, ...]

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read which factors the user has."""
        types = _types(reply, "MFAS_CAN_CHOOSE")
        if not types:
            raise MalformedResponse(
                "there is no known kind of MFA to choose from", operation=reply.operation
            )
        return cls(allowed_mfa_types=types)

    def parse(self, said: Answer) -> Event:
        """Read the text as one of the factors on offer."""
        return ChooseMfa(
            mfa=self.pick(said, self.allowed_mfa_types, ChooseMfa),
            client_metadata=said.client_metadata,
        )

    def _draft(self, about: About) -> Draft:
        return _mfa_choice(self.allowed_mfa_types)

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the choice by Cognito's name."""
        assert isinstance(said, ChooseMfa)
        return {"ANSWER": _COGNITO_NAMES[said.mfa]}


class MfaSetupSelection(Challenge):
    """The pool demands a second factor and the user has none; `allowed_mfa_types` can be set up
    here.

    SMS is not among them: it needs a phone number, which an account gets before its sign-in.
    """

    name = "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION"
    challenges = ("MFA_SETUP",)

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
                "no kind of MFA on offer can be set up during a sign-in", operation=reply.operation
            )
        return cls(allowed_mfa_types=types)

    def parse(self, said: Answer) -> Event:
        """Read the text as one of the factors on offer."""
        return ChooseMfa(
            mfa=self.pick(said, self.allowed_mfa_types, ChooseMfa),
            client_metadata=said.client_metadata,
        )

    def _draft(self, about: About) -> Draft:
        return _mfa_choice(self.allowed_mfa_types)

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return nothing: the choice is not sent, what is set up is."""
        return {}


class EmailSetup(Challenge):
    """The address for codes by e-mail is asked for."""

    name = "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"
    texts: ClassVar[dict[str, str]] = {
        "title": "Set up your e-mail",
        "text": "We will send a code to this address whenever you sign in.",
    }

    def parse(self, said: Answer) -> Event:
        """Read the text as the address."""
        return SetUpEmail(email=reveal(said.response).strip(), client_metadata=said.client_metadata)

    def _draft(self, about: About) -> Draft:
        return Draft(
            fields=(email_field(),), submit=lambda filled: SetUpEmail(email=filled["email"])
        )

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the address."""
        assert isinstance(said, SetUpEmail)
        return {"EMAIL": said.email}


class TotpSetup(Challenge):
    """An authenticator app is to be set up: it gets `shared_secret` (base32) or the QR code of
    `setup_uri`, and shows a code.

    The secret is for the person's eyes. It is on the step because it must be shown, and kept out of
    its repr.
    """

    name = "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"

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
        """Make the step for a secret that the service has just issued."""
        return cls(
            shared_secret=secret, setup_uri=setup_uri(secret, issuer=issuer, account=account)
        )

    def parse(self, said: Answer) -> Event:
        """Read the text as the first code that the app shows."""
        code, metadata = self.code(said), said.client_metadata
        return EnterCode(
            code=code, friendly_device_name=said.friendly_device_name, client_metadata=metadata
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

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return nothing: the code has gone to VerifySoftwareToken, and its session says the
        rest.
        """
        return {}


def _mfa_choice(offered: tuple[MfaType, ...]) -> Draft:
    return Draft(
        fields=(choice_field("mfa", offered),),
        submit=lambda filled: ChooseMfa(mfa=filled["mfa"]),
    )


def setup_uri(secret: str, *, issuer: str, account: str) -> str:
    """Return the `otpauth` URI of the key URI format, escaped, for a QR code."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return (
        f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
    )
