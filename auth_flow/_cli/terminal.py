"""A person in a terminal; or, where standard input is none, lines of a pipe."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from getpass import getpass

import click
import segno
from rich.console import Console
from rich.text import Text

from auth_flow._cli.prompter import Tone

_STYLES: dict[Tone, str] = {"plain": "", "quiet": "dim", "good": "bold green", "bad": "red"}


class InputEnded(click.ClickException):
    """Standard input ended before the question that it should have answered."""

    def __init__(self, label: str) -> None:
        super().__init__(f"Input ended where this was asked: {label}.")


class Terminal:
    """Asks with hidden input for secrets. Where standard input is no terminal, a line of it is the
    answer to a question.

    Everything goes to `console`; by default that is standard error, so that standard output has the
    results alone.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)

    @property
    def patient(self) -> bool:
        """Whether somebody sits at the terminal."""
        return sys.stdin.isatty()

    def tell(self, text: str, tone: Tone = "plain") -> None:
        """Print a line. A terminal gets it folded between words, with what is too long for it left
        whole.
        """
        shown = printable(text)
        if self.console.is_terminal:
            shown = "\n".join(map(self._folded, shown.split("\n")))
        self.console.print(Text(shown, _STYLES[tone]), soft_wrap=True)

    def text(self, label: str, default: str | None = None) -> str:
        """Ask in the open."""
        return self._prompt(label, default)

    def code(self, label: str) -> str:
        """Ask in the open."""
        return self._prompt(label).strip()

    def secret(self, label: str) -> str:
        """Ask with hidden input."""
        return self._hidden(label)

    def new_password(self, label: str) -> str:
        """Ask with hidden input, twice."""
        while True:
            typed = self._hidden(label)
            if not self.patient or typed == self._hidden("Once more"):
                return typed
            self.tell("That was not the same twice.", "bad")

    def choose(self, label: str, choices: Mapping[str, str]) -> str:
        """List the choices; a number or a name picks one."""
        meant: dict[str, str] = {}
        for number, (name, meaning) in enumerate(choices.items(), 1):
            self.tell(f"  {number}  {name:<12} {meaning}")
            meant |= {str(number): name, name: name}
        while True:
            typed = self._prompt(f"{label} [1-{len(choices)}]").strip().upper()
            if typed in meant:
                return meant[typed]
            if not self.patient:
                raise click.ClickException(f"{printable(typed)} is none of {', '.join(choices)}.")
            self.tell(f"Type a number or a name: {', '.join(choices)}.", "bad")

    def offer(self, question: str) -> bool:
        """Ask yes or no."""
        return self.patient and click.confirm(
            printable(question), default=True, err=self.console.stderr
        )

    def show_authenticator_key(self, secret: str, uri: str) -> None:
        """Show the QR code where it fits, and the secret in groups of four."""
        lines = qr_lines(uri)
        if not self.console.options.ascii_only and len(lines[0]) <= self.console.width:
            self.console.print(Text("\n".join(lines), "bright_white on black"), soft_wrap=True)
        self.tell("Scan this with an authenticator app, or type its key there:")
        self.tell(" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)), "good")

    def waiting(self) -> AbstractContextManager[object]:
        """Turn a spinner."""
        return self.console.status(
            "Asking Cognito …", spinner="line" if self.console.options.ascii_only else "dots"
        )

    def _folded(self, line: str) -> str:
        return textwrap.fill(
            line, self.console.width, break_long_words=False, break_on_hyphens=False
        )

    def _prompt(self, label: str, default: str | None = None) -> str:
        def asked() -> str:
            typed: str = click.prompt(
                label, default=default or "", show_default=bool(default), err=self.console.stderr
            )
            return typed

        label = printable(label)
        return self._insisting(asked, default) if self.patient else self._line(label, default)

    def _hidden(self, label: str, default: str | None = None) -> str:
        def asked() -> str:
            # getpass asks only once nothing is echoed any more; click would ask first, and show
            # what is typed early.
            return getpass(f"{label}: ") or default or ""

        label = printable(label)
        return self._insisting(asked, default) if self.patient else self._line(label, default)

    def _insisting(self, ask: Callable[[], str], default: str | None) -> str:
        """Ask until something was typed, unless nothing will do."""
        while not (typed := ask()) and default is None:
            self.tell("Nothing was typed. Ctrl-C cancels.", "bad")
        return typed

    def _line(self, label: str, default: str | None) -> str:
        line = sys.stdin.readline()
        answer = line.rstrip("\r\n") or default
        if not line or answer is None:
            raise InputEnded(label)
        return answer


def printable(text: str) -> str:
    """Return a text without control characters: what comes from elsewhere must not steer the
    terminal.
    """
    return "".join(
        character if character.isprintable() or character == "\n" else "\ufffd"
        for character in text
    )


_QUIET_ZONE = 2
"""Modules around the code. The standard wants four; scanners do with two, and terminals are
small.
"""

_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Two modules, one above the other, as a character: the light ones are drawn, for most terminals
write light on dark.
"""


def qr_lines(text: str) -> list[str]:
    """Return the lines of a QR code in half blocks, light modules drawn and dark ones blank."""
    matrix = [
        list(map(bool, row))
        for row in segno.make(text, error="l", micro=False).matrix_iter(border=_QUIET_ZONE)
    ]
    if len(matrix) % 2:
        matrix.append([False] * len(matrix[0]))
    return [
        "".join(_HALVES[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(matrix[::2], matrix[1::2], strict=True)
    ]
