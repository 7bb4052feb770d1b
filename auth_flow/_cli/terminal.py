"""A person at a terminal, or the lines of a pipe."""

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
from auth_flow.states.forms import Exhibit

_STYLES: dict[Tone, str] = {"plain": "", "quiet": "dim", "good": "bold green", "bad": "red"}


class InputEnded(click.ClickException):
    """Standard input ended before the answer to a question."""

    def __init__(self, label: str) -> None:
        super().__init__(f'The input ended before the answer to "{label}".')


class Terminal:
    """Asks questions, with hidden input for secrets.

    If standard input is not a terminal, each of its lines answers one question. Everything is shown
    on `console`, which is standard error by default: standard output is for the results alone.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)

    @property
    def patient(self) -> bool:
        """True if standard input is a terminal."""
        return sys.stdin.isatty()

    def tell(self, text: str, tone: Tone = "plain") -> None:
        """Print a line. On a terminal it is wrapped between words; a longer word stays whole."""
        shown = printable(text)
        if self.console.is_terminal:
            shown = "\n".join(map(self._wrapped, shown.split("\n")))
        self.console.print(Text(shown, _STYLES[tone]), soft_wrap=True)

    def show(self, exhibit: Exhibit) -> None:
        """Show a QR code if it fits, or a label and its text."""
        if exhibit.kind == "qr":
            self._show_qr(str(exhibit.label), exhibit.content)
        else:
            self.tell(f"{exhibit.label}:")
            self.tell(exhibit.content, "good")

    def text(self, label: str, default: str | None = None) -> str:
        """Ask with visible input."""
        return self._prompt(label, default)

    def code(self, label: str) -> str:
        """Ask with visible input."""
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
            self.tell("The two passwords differ. Type the new password again.", "bad")

    def choose(self, label: str, choices: Mapping[str, str]) -> str:
        """List the choices. The answer is a number or a name."""
        names: dict[str, str] = {}
        for number, (name, meaning) in enumerate(choices.items(), 1):
            self.tell(f"  {number}  {name:<12} {meaning}")
            names |= {str(number): name, name.upper(): name}
        while True:
            typed = self._prompt(f"{label} [1-{len(choices)}]").strip().upper()
            if typed in names:
                return names[typed]
            if not self.patient:
                offered = ", ".join(choices)
                raise click.ClickException(f"{printable(typed)} is not one of {offered}.")
            self.tell(f"Type a number or a name: {', '.join(choices)}.", "bad")

    def offer(self, question: str) -> bool:
        """Ask yes or no."""
        return self.patient and click.confirm(
            printable(question), default=True, err=self.console.stderr
        )

    def waiting(self) -> AbstractContextManager[object]:
        """Show a spinner."""
        return self.console.status(
            "Asking Cognito …", spinner="line" if self.console.options.ascii_only else "dots"
        )

    def _show_qr(self, label: str, content: str) -> None:
        lines = qr_lines(content)
        if not self.console.options.ascii_only and len(lines[0]) <= self.console.width:
            self.tell(f"{label}:")
            self.console.print(Text("\n".join(lines), "bright_white on black"), soft_wrap=True)

    def _wrapped(self, line: str) -> str:
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
        return self._insisting(asked, default) if self.patient else _next_line(label, default)

    def _hidden(self, label: str, default: str | None = None) -> str:
        def asked() -> str:
            # getpass turns the echo off before it shows the prompt. click does it afterwards, so
            # that a fast typist's password would be visible.
            return getpass(f"{label}: ") or default or ""

        label = printable(label)
        return self._insisting(asked, default) if self.patient else _next_line(label, default)

    def _insisting(self, ask: Callable[[], str], default: str | None) -> str:
        """Repeat the question until something is typed, unless there is a default."""
        while not (typed := ask()) and default is None:
            self.tell("Nothing was typed. Press Ctrl-C to cancel.", "bad")
        return typed


def read_line() -> str:
    """Read a line of standard input, which has to be UTF-8 unless it is a terminal."""
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError:
        raise click.ClickException("The input is not UTF-8.") from None


def _next_line(label: str, default: str | None) -> str:
    line = read_line()
    answer = line.rstrip("\r\n") or default
    if not line or answer is None:
        raise InputEnded(label)
    return answer


def printable(text: str) -> str:
    """Return a text without control characters, so that foreign text cannot steer the terminal."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\ufffd"
        for character in text
    )


_QUIET_ZONE = 2
"""Modules around the QR code. The standard asks for four; scanners need two, and terminals are
small.
"""

_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Two modules, one above the other, as a character. The light modules are drawn, because most
terminals write light on dark.
"""


def qr_lines(text: str) -> list[str]:
    """Return the lines of a QR code in half blocks, with the light modules drawn."""
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
