"""The first event of each conversation: what options have not given is asked for, and after a
refusal what was refused.

Where that is the password, nothing else is asked for: who has typed a wrong one types the next
without reading the question, and only that question hides it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auth_flow._cli.prompter import Prompter
from auth_flow.errors import (
    AuthFlowError,
    CredentialError,
    InvalidPasswordException,
    PasswordHistoryPolicyViolationException,
    UserNotFoundException,
)
from auth_flow.states._events import ResetPassword, SignIn, SignInOptions, SignUp

NEW_PASSWORD_REFUSED = (InvalidPasswordException, PasswordHistoryPolicyViolationException)

CONTACTS = {"email": "E-mail address", "phone_number": "Phone number, as in +12065550100"}


@dataclass(slots=True)
class SignInOpening:
    """Credentials. `username` and `password` are those that are known beforehand."""

    person: Prompter
    sign_in_options: SignInOptions
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __call__(self, refusal: AuthFlowError | None = None) -> SignIn:
        """Ask for what is missing, or was refused."""
        of_password = self.sign_in_options.takes_password and _is_of_password(refusal)
        if self.username is None or (refusal and not of_password):
            self.username = self.person.text("User name", self.username)
        password = None if refusal else self.password
        if password is None and self.sign_in_options.takes_password:
            password = self.person.secret("Password")
        return SignIn(username=self.username, password=password, **dict(self.sign_in_options))


@dataclass(slots=True)
class SignUpOpening:
    """A new account, with e-mail address and phone number unless `attributes` are given. No
    password where none is needed.
    """

    person: Prompter
    sign_in_options: SignInOptions
    username: str | None = None
    attributes: Mapping[str, str] | None = None
    sign_in: bool = True

    def __call__(self, refusal: AuthFlowError | None = None) -> SignUp:
        """Ask for what is missing, or was refused."""
        again = refusal is not None and not isinstance(refusal, NEW_PASSWORD_REFUSED)
        if self.username is None or again:
            self.username = self.person.text("User name", self.username)
        password = (
            self.person.new_password("Password") if self.sign_in_options.takes_password else None
        )
        if self.attributes is None or again:
            self.attributes = self._contacts(self.attributes or {})
        auto_sign_in = self.sign_in_options if self.sign_in else False
        return SignUp(
            username=self.username,
            password=password,
            user_attributes=dict(self.attributes),
            auto_sign_in=auto_sign_in,
        )

    def _contacts(self, known: Mapping[str, str]) -> dict[str, str]:
        typed = {
            name: self.person.text(f"{label} (may be empty)", known.get(name, ""))
            for name, label in CONTACTS.items()
        }
        return {**known, **{name: value for name, value in typed.items() if value}}


@dataclass(slots=True)
class ResetOpening:
    """Whose password is to be reset."""

    person: Prompter
    username: str | None = None

    def __call__(self, refusal: AuthFlowError | None = None) -> ResetPassword:
        """Ask for what is missing, or was refused."""
        if self.username is None or refusal:
            self.username = self.person.text("User name", self.username)
        return ResetPassword(username=self.username)


def _is_of_password(refusal: AuthFlowError | None) -> bool:
    return isinstance(refusal, CredentialError) and not isinstance(refusal, UserNotFoundException)
