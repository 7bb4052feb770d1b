"""The steps about first factors: the choice of one, and the passkey."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Self, get_args

from pydantic import ValidationError

from auth_flow.errors import GuardRejected, UnknownChallenge
from auth_flow.states._base import reveal
from auth_flow.states._effects import Dialogue
from auth_flow.states._events import Answer, ChooseFactor, Event, Factor, PresentPasskey
from auth_flow.states._passkeys import AuthenticationResponse, RequestOptions, read_response
from auth_flow.states._replies import AuthReply
from auth_flow.states._requests import respond
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._fields import choice_field, passkey_field
from auth_flow.states.forms._offers import factors
from auth_flow.states.steps._base import Challenge, unexpected

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

FACTORS: tuple[Factor, ...] = get_args(Factor)


class FirstFactorSelection(
    Challenge,
    name="CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION",
    challenges=("SELECT_CHALLENGE",),
    group="First factors",
):
    """The user chooses a first factor; `available_challenges` are Cognito's names of those on
    offer.

    If the service sends options for a passkey along, `passkey_options` has them: a browser can then
    ask for the passkey at once, and `PresentPasskey` answers in place of a choice.
    """

    texts: ClassVar[dict[str, str]] = {"title": "How to sign in?"}

    available_challenges: tuple[str, ...]
    passkey_options: RequestOptions | None = None

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read the factors on offer. If the reply does not name them, all may be tried.

        Raises `UnknownChallenge` if there are some and this version knows none of them.
        """
        step = cls(
            available_challenges=tuple(reply.available_challenges) or FACTORS,
            passkey_options=_options(reply),
        )
        if not offered_factors(step):
            raise UnknownChallenge(", ".join(reply.available_challenges))
        return step

    def parse(self, answer: Answer) -> Event:
        """Read the text as one of the factors on offer, or as a passkey in JSON."""
        if passkey := _passkey(self, answer):
            return passkey
        offered = tuple(offered_factors(self))
        return ChooseFactor(
            factor=self.pick(answer, offered, ChooseFactor), client_metadata=answer.client_metadata
        )

    def _draft(self, about: About) -> Draft:
        """Show both ways of sending a password as one, and take SRP if it is offered."""
        offered = tuple(offered_factors(self))
        srp = "PASSWORD_SRP" in offered

        def submit(filled: Filled) -> Event:
            if "credential" in filled:
                return PresentPasskey(credential=filled["credential"])
            chosen: Factor = filled["factor"]
            return ChooseFactor(factor="PASSWORD_SRP" if chosen == "PASSWORD" and srp else chosen)

        options = self.passkey_options
        passkey = (passkey_field(options, required=False),) if options else ()
        return Draft(
            fields=(choice_field("factor", _to_a_person(offered)), *passkey), submit=submit
        )

    def abridged(self) -> Self:
        """Leave out the list of the user's passkeys."""
        options = self.passkey_options
        return self.model_copy(update={"passkey_options": options and options.abridged()})

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the choice, and a passkey together with it."""
        if isinstance(event, PresentPasskey):
            return choose(turn, "WEB_AUTHN", CREDENTIAL=_as_text(event))
        assert isinstance(event, ChooseFactor)
        return choose(turn, offered_factors(self)[event.factor])


class PasskeyRequired(
    Challenge,
    name="CONFIRM_SIGN_IN_WITH_PASSKEY",
    challenges=("WEB_AUTHN",),
    group="First factors",
):
    """The user presents a passkey. `options` are for a browser or an authenticator.

    Another first factor may be chosen instead. If WEB_AUTHN is chosen again, the service issues
    fresh options.
    """

    texts: ClassVar[dict[str, str]] = {
        "title": "Use your passkey",
        "text": "Confirm with your fingerprint, face, screen lock or security key.",
    }

    options: RequestOptions

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read the options of the ceremony."""
        options = _options(reply)
        if options is None:
            raise unexpected(reply, _OPTIONS)
        return cls(options=options)

    def parse(self, answer: Answer) -> Event:
        """Read the text as a passkey in JSON, or as another factor."""
        return _passkey(self, answer) or ChooseFactor(
            factor=self.pick(answer, FACTORS, ChooseFactor), client_metadata=answer.client_metadata
        )

    def _draft(self, about: About) -> Draft:
        return Draft(
            fields=(passkey_field(self.options),),
            submit=lambda filled: PresentPasskey(credential=filled["credential"]),
            offers=factors(("PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")),
        )

    def abridged(self) -> Self:
        """Leave out the list of the user's passkeys."""
        return self.model_copy(update={"options": self.options.abridged()})

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the passkey, or the choice of another factor."""
        if isinstance(event, ChooseFactor):
            return choose(turn, event.factor)
        assert isinstance(event, PresentPasskey)
        return respond(turn, {"CREDENTIAL": _as_text(event)})


def choose(turn: Turn, name: str, **proof: str) -> Dialogue[AuthReply]:
    """Send the choice of a first factor, by the name that the service offered it under."""
    return respond(turn, {"ANSWER": name, **proof}, challenge="SELECT_CHALLENGE")


def offered_factors(step: FirstFactorSelection) -> dict[Factor, str]:
    """Return the factors on offer that this version knows, each with the service's name for it.

    The service model has two names for an authenticator app: that of the factor, and that of the
    challenge that asks for its code.
    """
    names: dict[str, str] = {
        "SOFTWARE_TOKEN" if name == "SOFTWARE_TOKEN_MFA" else name: name
        for name in step.available_challenges
    }
    return {factor: names[factor] for factor in FACTORS if factor in names}


def _to_a_person(offered: tuple[Factor, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys("PASSWORD" if name == "PASSWORD_SRP" else name for name in offered))


_OPTIONS = "CREDENTIAL_REQUEST_OPTIONS"


def _options(reply: AuthReply) -> RequestOptions | None:
    """Read the options of the ceremony. Returns None if there are none that can be used."""
    try:
        return RequestOptions.model_validate_json(reply.parameters.get(_OPTIONS, "{}"))
    except ValidationError:
        return None


def _passkey(step: Challenge, answer: Answer) -> PresentPasskey | None:
    """Read a text as a passkey in JSON. Returns None if it is no JSON object."""
    text = reveal(answer.response).strip()
    if not text.startswith("{"):
        return None
    try:
        credential = read_response(AuthenticationResponse, text)
    except ValidationError:
        raise GuardRejected(
            step.name,
            PresentPasskey.name,
            "credential_is_an_assertion",
            "The answer of a passkey is a JSON object, as PublicKeyCredential.toJSON() makes it.",
        ) from None
    return PresentPasskey(credential=credential, client_metadata=answer.client_metadata)


def _as_text(event: PresentPasskey) -> str:
    return json.dumps(event.credential.to_json(), separators=(",", ":"))
