"""`auth-flow demo --browser`, with the browser played."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import anyio
import pytest

from auth_flow._cli import main
from auth_flow._cli.demo.phone import Phone
from auth_flow._cli.embedded_pool import PASSWORD
from auth_flow.embedded import Message
from tests.counterparts.browser import sign_in_on_page

Fills = dict[str, str | Callable[[], str]]


def play(monkeypatch: pytest.MonkeyPatch, *, opens: bool = True, **typed: str) -> list[str]:
    """Play a person at the browser, who reads the codes of the outbox; return the pages opened."""
    pages, codes = list[str](), list[str]()
    receive = Phone.receive

    def note(self: Phone, message: Message) -> None:
        codes.append(message.code)
        receive(self, message)

    async def sign_in(url: str) -> None:
        callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        fills: Fills = {**typed, "factor": "PASSWORD", "code": lambda: codes[-1]}
        address = f"{callback}?error=access_denied"
        with suppress(AssertionError):
            address = await sign_in_on_page(url, callback, **fills)
        await anyio.to_thread.run_sync(lambda: urlopen(address, timeout=10).close())

    def browse(url: str) -> bool:
        pages.append(url)
        threading.Thread(target=anyio.run, args=(sign_in, url)).start()
        return opens

    monkeypatch.setattr(Phone, "receive", note)
    monkeypatch.setattr(webbrowser, "open", browse)
    return pages


@pytest.mark.parametrize("mfa", ["sms", "email"])
def test_the_whole_redirect(
    mfa: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = play(monkeypatch, username="ada", password=PASSWORD)
    assert main(["demo", "--browser", "--mfa", mfa]) == 0
    shown = capsys.readouterr().out
    assert "outbox" in shown
    assert "CONTINUE_SIGN_IN_WITH_REDIRECT -> DONE" in shown
    assert shown.splitlines()[-1].startswith("DONE  ada is signed in")
    assert urlsplit(pages[0]).hostname == "127.0.0.1"


def test_without_a_browser_the_page_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = play(monkeypatch, opens=False, username="ada", password=PASSWORD)
    assert main(["demo", "--browser"]) == 0
    shown = capsys.readouterr().out
    assert "Open the page yourself" in shown
    assert pages[0] in shown.replace("\n", "")
    assert "DONE  ada is signed in" in shown


@pytest.mark.parametrize("options", [["--mfa", "totp"], ["--begin", "sign-up"]])
def test_options_that_do_not_go_with_it(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--browser", *options]) == 2
    assert "--browser" in capsys.readouterr().err


def test_an_interrupt_gives_up() -> None:
    command = [sys.executable, "-m", "auth_flow", "demo", "--browser"]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": "true", "PYTHONUNBUFFERED": "1"},
    ) as demo:
        assert demo.stdout is not None
        while "Waiting for the browser" not in demo.stdout.readline():
            assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert errors.strip() == "Cancelled."
