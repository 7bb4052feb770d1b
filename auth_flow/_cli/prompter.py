"""The interface to the person: at a terminal, at a pipe, or played by the demo."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from auth_flow.states.forms import Exhibit

Tone = Literal["plain", "quiet", "good", "bad"]


class Prompter(Protocol):
    """Asks questions and shows texts, for everything that a command exchanges with a person.

    Each question returns the typed text, which is empty only if the default is. `InputEnded` is
    raised if the input ends before the answer.
    """

    @property
    def patient(self) -> bool:
        """True if a question may be asked again after a wrong answer.

        A pipe or a program would only give the same answer again.
        """
        ...

    def tell(self, text: str, tone: Tone = "plain") -> None:
        """Show a text."""
        ...

    def show(self, exhibit: Exhibit) -> None:
        """Show an exhibit of a form, such as a QR code."""
        ...

    def text(self, label: str, default: str | None = None) -> str:
        """Ask for a line that may be seen while it is typed."""
        ...

    def code(self, label: str) -> str:
        """Ask for a code that was sent, or that an authenticator app shows.

        It works only once, so it may be seen.
        """
        ...

    def secret(self, label: str) -> str:
        """Ask for a text that must not be seen."""
        ...

    def new_password(self, label: str) -> str:
        """Ask for a password to set, twice if a typing error would go unnoticed."""
        ...

    def choose(self, label: str, choices: Mapping[str, str]) -> str:
        """Ask for one of the keys of `choices`. Their values are the descriptions."""
        ...

    def offer(self, question: str) -> bool:
        """Ask yes or no. A prompter that is not patient answers no."""
        ...

    def waiting(self) -> AbstractContextManager[object]:
        """Show that a request is under way while the context is entered."""
        ...
