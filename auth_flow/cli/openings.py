"""The first event of each conversation: what options have not given is asked for; after a refusal, all of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auth_flow.cli.prompter import Prompter
from auth_flow.states.events import ResetPassword, SignIn, SignUp, WayIn

CONTACTS = {"email": "E-mail address", "phone_number": "Phone number, as in +12065550100"}


@dataclass(slots=True)
class SignInForm:
    """Credentials. `username` and `password` are those that are known beforehand."""

    person: Prompter
    way_in: WayIn
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    _used: bool = field(default=False, init=False)

    def __call__(self) -> SignIn:
        """Ask for what is missing."""
        if self.username is None or self._used:
            self.username = self.person.text("User name", self.username)
        password = None if self._used else self.password
        if password is None and self.way_in.takes_password:
            password = self.person.secret("Password")
        self._used = True
        return SignIn(username=self.username, password=password, **dict(self.way_in))


@dataclass(slots=True)
class SignUpForm:
    """A new account, with e-mail address and phone number unless `attributes` are given. No password where none is needed."""

    person: Prompter
    way_in: WayIn
    username: str | None = None
    attributes: Mapping[str, str] | None = None
    sign_in: bool = True
    _used: bool = field(default=False, init=False)

    def __call__(self) -> SignUp:
        """Ask for what is missing."""
        if self.username is None or self._used:
            self.username = self.person.text("User name", self.username)
        password = self.person.new_password("Password") if self.way_in.takes_password else None
        if self.attributes is None or self._used:
            self.attributes = self._contacts(self.attributes or {})
        self._used = True
        auto_sign_in = self.way_in if self.sign_in else False
        return SignUp(username=self.username, password=password, user_attributes=dict(self.attributes), auto_sign_in=auto_sign_in)

    def _contacts(self, known: Mapping[str, str]) -> dict[str, str]:
        typed = {name: self.person.text(f"{label} (may be empty)", known.get(name, "")) for name, label in CONTACTS.items()}
        return {**known, **{name: value for name, value in typed.items() if value}}


@dataclass(slots=True)
class ResetForm:
    """Whose password is to be reset."""

    person: Prompter
    username: str | None = None
    _used: bool = field(default=False, init=False)

    def __call__(self) -> ResetPassword:
        """Ask for what is missing."""
        if self.username is None or self._used:
            self.username = self.person.text("User name", self.username)
        self._used = True
        return ResetPassword(username=self.username)
