"""The demo with nobody at the terminal: it answers itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from auth_flow._cli import main
from auth_flow._cli.embedded_pool import PASSWORD


def test_in_a_process_without_input() -> None:
    command = [sys.executable, "-m", "auth_flow._cli", "demo"]
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    code = re.search(r"Your code is (\d{6})", ended.stdout)
    assert code is not None
    assert f"Code: {code.group(1)}   typed by the demo" in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("DONE  ada is signed in")


@pytest.mark.parametrize(
    ("options", "way"),
    [
        (["--mfa", "email"], "CONFIRM_SIGN_IN_WITH_EMAIL_CODE -> DONE"),
        (["--mfa", "totp"], "CONFIRM_SIGN_IN_WITH_TOTP_CODE -> DONE"),
        (
            ["--mfa", "choice"],
            "CONTINUE_SIGN_IN_WITH_MFA_SELECTION -> CONFIRM_SIGN_IN_WITH_SMS_CODE",
        ),
        (["--mfa", "set-up"], "CONTINUE_SIGN_IN_WITH_TOTP_SETUP -> DONE"),
        (["--begin", "sign-up"], "CONFIRM_SIGN_UP -> "),
        (["--begin", "reset-password"], "CONFIRM_RESET_PASSWORD_WITH_CODE -> DONE"),
    ],
)
def test_every_way(
    options: list[str],
    way: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Path("/dev/null").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert main(["demo", *options]) == 0
    shown = capsys.readouterr()
    assert way in shown.out
    assert shown.out.splitlines()[-1].startswith("DONE  ")
    assert f"Password: {PASSWORD}" not in shown.out
    assert not shown.err
