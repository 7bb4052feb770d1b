"""The steps that wait for a password during a sign-in: a new one, or the present one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from auth_flow.states._effects import Dialogue
from auth_flow.states._events import Answer, EnterPassword, Event, NewPassword
from auth_flow.states._password_proof import new_keys, prove
from auth_flow.states._replies import AuthReply
from auth_flow.states._requests import respond, session_spent
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._fields import (
    attribute_field,
    new_password_field,
    password_field,
    username_field,
)
from auth_flow.states.forms._offers import go
from auth_flow.states.forms._unanswered import sign_in_again
from auth_flow.states.steps._base import Challenge, list_parameter

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

_PREFIX = "userAttributes."


class NewPasswordRequired(
    Challenge,
    name="CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
    challenges=("NEW_PASSWORD_REQUIRED",),
    group="First factors",
):
    """The password was a temporary one. The new one must come with the `missing_attributes`."""

    texts: ClassVar[dict[str, str]] = {
        "title": "Choose a new password",
        "text": "Your password was a temporary one. Choose your own to go on.",
        "unanswered": "Your new password may be set by now. Try it first, then the old one.",
    }

    missing_attributes: tuple[str, ...] = ()

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read which required attributes the user does not have yet."""
        required = list_parameter(reply, "requiredAttributes")
        return cls(missing_attributes=tuple(name.removeprefix(_PREFIX) for name in required))

    def parse(self, answer: Answer) -> Event:
        """Read the text as the new password."""
        return NewPassword(
            password=answer.response,
            user_attributes=answer.user_attributes,
            client_metadata=answer.client_metadata,
        )

    def _draft(self, about: About) -> Draft:
        def new_password(filled: Filled) -> Event:
            return NewPassword(password=filled["new_password"], user_attributes=filled.attributes)

        return Draft(
            fields=(
                username_field(about, read_only=True),
                *(attribute_field(name) for name in self.missing_attributes),
                new_password_field(about),
            ),
            submit=new_password,
        )

    def _draft_if_unanswered(self, about: About) -> Draft:
        return sign_in_again(about, explanation=self._text("unanswered"), ask_password=True)

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the new password and the attributes that have a value."""
        assert isinstance(event, NewPassword)
        attributes = event.user_attributes or {}
        given = {_PREFIX + name: value for name, value in attributes.items() if value}
        return respond(turn, {**given, "NEW_PASSWORD": event.password})


class PasswordRequired(
    Challenge,
    name="CONFIRM_SIGN_IN_WITH_PASSWORD",
    challenges=("PASSWORD", "PASSWORD_SRP"),
    group="First factors",
):
    """The user chose the password as first factor. Cognito takes it together with the choice, so
    nothing has been sent for the choice.
    """

    texts: ClassVar[dict[str, str]] = {"title": "Enter your password", "action.submit": "Sign in"}

    def parse(self, answer: Answer) -> Event:
        """Read the text as the password."""
        return EnterPassword(password=answer.response, client_metadata=answer.client_metadata)

    def _draft(self, about: About) -> Draft:
        return Draft(
            fields=(username_field(about, read_only=True), password_field()),
            submit=lambda filled: EnterPassword(password=filled["password"]),
            offers=(go("FORGOT_PASSWORD"),),
        )

    def respond(self, turn: Turn, event: Event) -> Dialogue[AuthReply]:
        """Send the choice together with the password, or prove the password by SRP."""
        assert isinstance(event, EnterPassword)
        choice, password = turn.record.challenge, event.password
        if choice != "PASSWORD_SRP":
            responses = {"ANSWER": "PASSWORD", "PASSWORD": password}
            return (yield from respond(turn, responses, challenge="SELECT_CHALLENGE"))
        keys = yield from new_keys()
        responses = {"ANSWER": choice, "SRP_A": keys.public_hex}
        reply = yield from respond(turn, responses, challenge="SELECT_CHALLENGE")
        with session_spent():
            return (yield from prove(turn, reply, keys, password))
