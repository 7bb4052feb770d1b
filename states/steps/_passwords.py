"""Steps that wait for a password during a sign-in: a new one, or the present one."""

from __future__ import annotations

from typing import ClassVar, Self

from auth_flow.states._base import reveal
from auth_flow.states._events import Answer, EnterPassword, Event, NewPassword
from auth_flow.states._replies import AuthReply
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled
from auth_flow.states.forms._fields import (
    attribute_field,
    new_password_field,
    password_field,
    username_field,
)
from auth_flow.states.forms._offers import go
from auth_flow.states.steps._base import Challenge, list_parameter

_PREFIX = "userAttributes."


class NewPasswordRequired(Challenge):
    """The password was a temporary one. `missing_attributes` have to come with the new one."""

    name = "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    challenges = ("NEW_PASSWORD_REQUIRED",)

    texts: ClassVar[dict[str, str]] = {
        "title": "Choose a new password",
        "text": "Your password was a temporary one. Choose your own to go on.",
    }

    missing_attributes: tuple[str, ...] = ()

    @classmethod
    def read(cls, reply: AuthReply) -> Self:
        """Read which attributes the pool requires and does not have."""
        required = list_parameter(reply, "requiredAttributes")
        return cls(missing_attributes=tuple(name.removeprefix(_PREFIX) for name in required))

    def parse(self, said: Answer) -> Event:
        """Read the text as the new password."""
        return NewPassword(
            password=said.response,
            user_attributes=said.user_attributes,
            client_metadata=said.client_metadata,
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

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the new password and the attributes that have a value."""
        assert isinstance(said, NewPassword)
        attributes = said.user_attributes or {}
        given = {_PREFIX + name: value for name, value in attributes.items() if value}
        return {**given, "NEW_PASSWORD": reveal(said.password)}


class PasswordRequired(Challenge):
    """The password is the chosen first factor. Cognito takes it together with the choice, so
    nothing was sent for the choice.
    """

    name = "CONFIRM_SIGN_IN_WITH_PASSWORD"
    challenges = ("PASSWORD", "PASSWORD_SRP")
    texts: ClassVar[dict[str, str]] = {"title": "Enter your password", "action.submit": "Sign in"}

    def parse(self, said: Answer) -> Event:
        """Read the text as the password."""
        return EnterPassword(password=said.response, client_metadata=said.client_metadata)

    def _draft(self, about: About) -> Draft:
        return Draft(
            fields=(username_field(about, read_only=True), password_field()),
            submit=lambda filled: EnterPassword(password=filled["password"]),
            offers=(go("FORGOT_PASSWORD"),),
        )

    def responses(self, said: Event, challenge: str) -> dict[str, str]:
        """Return the choice together with the password; PASSWORD_SRP sends a public value instead,
        which the engine adds.
        """
        assert isinstance(said, EnterPassword)
        password = {"PASSWORD": reveal(said.password)} if challenge == "PASSWORD" else {}
        return {"ANSWER": challenge, **password}
