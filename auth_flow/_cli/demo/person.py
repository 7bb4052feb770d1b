"""The person of the demo: the user of the terminal, or the demo itself."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from auth_flow._cli.demo.phone import Phone
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD
from auth_flow._cli.terminal import Terminal
from auth_flow.states.forms import Exhibit


class DemoTerminal(Terminal):
    """A person at the terminal. They see the codes of the example user, and Enter stands for the
    password.
    """

    def __init__(self, console: Console, phone: Phone) -> None:
        super().__init__(console)
        self.phone = phone

    def code(self, label: str) -> str:
        """Ask, after showing the authenticator app if the code comes from there."""
        self.phone.look()
        return super().code(label)

    def secret(self, label: str) -> str:
        """Ask with hidden input. Enter alone stands for the example password."""
        return self._hidden(f"{label} (Enter for {PASSWORD})", PASSWORD)

    def show(self, exhibit: Exhibit) -> None:
        """Show an exhibit. A key for an authenticator app goes to the phone too."""
        super().show(exhibit)
        if exhibit.kind == "copy":
            self.phone.authenticator_key = exhibit.content.replace(" ", "")


class SelfAnswering(DemoTerminal):
    """The demo's own answers, shown as if they were typed, for use without a terminal."""

    @property
    def patient(self) -> bool:
        """False: if it was asked again, the answer would be the same."""
        return False

    def text(self, label: str, default: str | None = None) -> str:
        """Type the default, or the e-mail address of the example user."""
        return self._type(label, ATTRIBUTES["email"] if default is None else default)

    def code(self, label: str) -> str:
        """Type the code that the phone shows."""
        return self._type(label, self.phone.look() or "")

    def secret(self, label: str) -> str:
        """Type the example password."""
        self._type(label, "*" * len(PASSWORD))
        return PASSWORD

    def new_password(self, label: str) -> str:
        """Type the example password."""
        return self.secret(label)

    def choose(self, label: str, choices: Mapping[str, str]) -> str:
        """Type the first choice."""
        return self._type(f"{label} ({', '.join(choices)})", next(iter(choices)))

    def _type(self, label: str, typed: str) -> str:
        self.console.print(
            Text.assemble(f"{label}: ", (typed, "bold"), ("   typed by the demo", "dim"))
        )
        return typed
