"""Who answers in the demo: a person with the made-up user's phone at hand, or the demo itself."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from auth_flow._cli.demo.phone import Phone
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD
from auth_flow._cli.terminal import Terminal


class DemoTerminal(Terminal):
    """A person, who is shown the made-up user's codes and may leave the password to the demo."""

    def __init__(self, console: Console, phone: Phone) -> None:
        super().__init__(console)
        self.phone = phone

    def code(self, label: str) -> str:
        """Show the authenticator app, if that is where the code comes from, and ask."""
        self.phone.look()
        return super().code(label)

    def secret(self, label: str) -> str:
        """Ask with hidden input; Enter alone stands for the made-up password."""
        return self._hidden(f"{label} (Enter for {PASSWORD})", PASSWORD)

    def show_authenticator_key(self, secret: str, uri: str) -> None:
        """Show the QR code, and give the phone the key too: not everybody has one at hand."""
        super().show_authenticator_key(secret, uri)
        self.phone.authenticator_key = secret


class SelfAnswering(DemoTerminal):
    """Nobody is there, so the demo answers itself and shows what it types."""

    @property
    def patient(self) -> bool:
        """Asked again, it would say the same."""
        return False

    def text(self, label: str, default: str | None = None) -> str:
        """Type the default, or the made-up address."""
        return self._type(label, default or ATTRIBUTES["email"])

    def code(self, label: str) -> str:
        """Type what the phone shows."""
        return self._type(label, self.phone.look() or "")

    def secret(self, label: str) -> str:
        """Type the made-up password."""
        self._type(label, "*" * len(PASSWORD))
        return PASSWORD

    def new_password(self, label: str) -> str:
        """Type the made-up password."""
        return self.secret(label)

    def choose(self, label: str, choices: Mapping[str, str]) -> str:
        """Type the first choice."""
        return self._type(f"{label} ({', '.join(choices)})", next(iter(choices)))

    def _type(self, label: str, typed: str) -> str:
        self.console.print(
            Text.assemble(f"{label}: ", (typed, "bold"), ("   typed by the demo", "dim"))
        )
        return typed
