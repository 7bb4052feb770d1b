"""The terminal without a person: lines of a pipe, and what is printed where."""

from __future__ import annotations

import io
import sys

import click
import pytest
from rich.console import Console

from auth_flow._cli.terminal import InputEnded, Terminal, printable, qr_lines
from auth_flow.states import TotpSetup

URI = "otpauth://totp/auth-flow:ada@example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=auth-flow"


def terminal(
    monkeypatch: pytest.MonkeyPatch, typed: str, encoding: str = "utf-8", width: int = 80
) -> tuple[Terminal, io.BytesIO]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    shown = io.BytesIO()
    return Terminal(
        Console(file=io.TextIOWrapper(shown, encoding, write_through=True), width=width)
    ), shown


def test_each_line_answers_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    person, shown = terminal(monkeypatch, "ada\nsecret \n123456 \nlast")
    assert person.text("User name") == "ada"
    assert person.secret("Password") == "secret "
    assert person.code("Code") == "123456"
    assert person.new_password("New password") == "last"
    assert not shown.getvalue()


def test_an_empty_line_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    person, _ = terminal(monkeypatch, "\n\n")
    assert person.text("User name", "ada") == "ada"
    with pytest.raises(InputEnded):
        person.text("User name")


def test_input_that_ends_names_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    person, _ = terminal(monkeypatch, "")
    with pytest.raises(InputEnded, match="Code of your authenticator app"):
        person.code("Code of your authenticator app")


def test_nobody_is_offered_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    person, _ = terminal(monkeypatch, "y\n")
    assert not person.patient
    assert not person.offer("Begin again?")


@pytest.mark.parametrize("typed", ["2", "TOTP", "totp", " 2 "])
def test_a_choice_by_number_or_by_name(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person, shown = terminal(monkeypatch, f"{typed}\n")
    assert person.choose("Second factor", {"SMS": "a code by SMS", "TOTP": "an app"}) == "TOTP"
    assert b"2  TOTP" in shown.getvalue()


@pytest.mark.parametrize("typed", ["0", "3", "PIGEON"])
def test_no_choice(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person, _ = terminal(monkeypatch, f"{typed}\n")
    with pytest.raises(click.ClickException, match="not one of SMS, TOTP") as refusal:
        person.choose("Second factor", {"SMS": "", "TOTP": ""})
    assert refusal.value.exit_code == 1


def test_what_the_service_says_does_not_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    person, shown = terminal(monkeypatch, "")
    person.tell("\x1b[2J[bold]hello[/bold]\x07", "bad")
    assert shown.getvalue().decode() == "\ufffd[2J[bold]hello[/bold]\ufffd\n"
    assert printable("a\nb\u202e") == "a\nb\ufffd"


LONG = (
    "ada, whose password is Correct-Horse-1, went from IDLE to "
    "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
)


@pytest.mark.parametrize(
    ("is_terminal", "lines"),
    [
        (
            True,
            ["ada, whose password is", "Correct-Horse-1, went from IDLE", "to", LONG.split()[-1]],
        ),
        (False, [LONG]),
    ],
)
def test_a_line_is_folded_between_words_for_who_reads_it_in_a_terminal(
    is_terminal: bool, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    Terminal(Console(file=shown, width=32, force_terminal=is_terminal, no_color=True)).tell(LONG)
    assert shown.getvalue().splitlines() == lines


@pytest.mark.parametrize(
    ("encoding", "width", "drawn"),
    [("utf-8", 80, True), ("utf-8", 30, False), ("ascii", 80, False)],
)
def test_the_qr_code_is_drawn_where_it_fits(
    encoding: str, width: int, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, shown = terminal(monkeypatch, "", encoding, width)
    for exhibit in TotpSetup(shared_secret="JBSWY3DPEHPK3PXP", setup_uri=URI).form().exhibits:
        person.show(exhibit)
    text = shown.getvalue().decode(encoding)
    assert ("█" in text) == drawn
    assert "JBSW Y3DP EHPK 3PXP" in text


def test_a_qr_code_is_square_with_its_three_corners() -> None:
    lines = qr_lines(URI)
    modules = [
        [half in "█▀" if upper else half in "█▄" for half in line]
        for line in lines
        for upper in (True, False)
    ]
    width = len(lines[0])
    assert {len(line) for line in lines} == {width}
    assert len(modules) - width in (0, 1)
    dark = [[not light for light in row[2 : width - 2]] for row in modules[2 : width - 2]]
    finder = [True] * 7
    assert dark[0][:7] == dark[0][-7:] == dark[6][:7] == dark[-1][:7] == finder
    assert dark[-1][-7:] != finder
