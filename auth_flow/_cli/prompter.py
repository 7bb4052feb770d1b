"""Who is asked: a person in a terminal, lines of a pipe, or the demo itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol

Tone = Literal["plain", "quiet", "good", "bad"]


class Prompter(Protocol):
    """Asks and tells. Everything that a command says to a person, and hears from one, passes here.

    Each question returns what was typed, never an empty text unless the default is one;
    `InputEnded` where nobody answers.
    """

    @property
    def patient(self) -> bool:
        """Whether a question may be asked again after a wrong answer. A pipe or a program would
        only give the same one.
        """
        ...

    def tell(self, text: str, tone: Tone = "plain") -> None:
        """Say something."""
        ...

    def text(self, label: str, default: str | None = None) -> str:
        """Ask for a line that may be seen while it is typed."""
        ...

    def code(self, label: str) -> str:
        """Ask for a code that was sent, or that an authenticator app shows. It is good once, so it
        may be seen.
        """
        ...

    def secret(self, label: str) -> str:
        """Ask for something that must not be seen."""
        ...

    def new_password(self, label: str) -> str:
        """Ask for a password that is to be set: twice, where typing it blindly could go wrong."""
        ...

    def choose(self, label: str, choices: Mapping[str, str]) -> str:
        """Ask for one of the keys of `choices`; their values say what they are."""
        ...

    def offer(self, question: str) -> bool:
        """Ask yes or no; a prompter that is not patient says no."""
        ...

    def show_authenticator_key(self, secret: str, uri: str) -> None:
        """Show what an authenticator app needs: the `otpauth` URI as a QR code, and the base32
        secret to type.
        """
        ...

    def waiting(self) -> AbstractContextManager[object]:
        """Show, while it is entered, that the service is being asked."""
        ...
