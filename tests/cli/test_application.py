"""What the commands say to mistakes, and the codes they end with."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata

import pytest

from auth_flow._cli import main
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME
from auth_flow.sealing import Sealer
from tests.cli.conftest import Serve, Typed

POOL = ["--user-pool-id", "eu-west-1_Abc", "--client-id", "abc"]
COMMANDS = [
    "demo",
    "sign-in",
    "sign-up",
    "reset-password",
    "whoami",
    "token",
    "attributes",
    "password",
    "mfa",
    "devices",
    "passkey",
    "sign-out",
    "serve",
    "chart",
    "new-key",
    "drive",
]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_all_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert [command for command in COMMANDS if f"\n  {command} " in shown] == COMMANDS
    assert "130 interrupted" in " ".join(shown.split())
    assert "--version" in shown


@pytest.mark.parametrize("module", ["auth_flow", "auth_flow._cli"])
def test_it_runs_as_a_module(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", module, "sing-in"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("Usage: auth-flow ")


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(metadata, "version", {"auth-flow": "1.2.3"}.__getitem__)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "auth-flow 1.2.3\n"


def test_version_of_a_checkout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def not_installed(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", not_installed)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "auth-flow, not installed: a checkout\n"


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "drive"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: auth-flow {command}" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["sign-in", "sign-up", "reset-password"])
def test_no_command_takes_a_secret_as_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in ("--password", "--client-secret"):
        assert main([command, *POOL, option, "Correct-Horse-1"]) == 2
        assert "Correct-Horse-1" not in capsys.readouterr().err


MISTAKES: Mapping[str, tuple[list[str], str]] = {
    "unknown command": (["sing-in"], "No such command"),
    "no pool": (["sign-in"], "--user-pool-id"),
    "no pool id": (
        [
            "sign-in",
            "--user-pool-id",
            "nonsense",
            "--client-id",
            "abc",
            "--endpoint",
            "http://[::1]",
        ],
        "--user-pool-id",
    ),
    "no pool id, explained": (
        ["sign-in", "--user-pool-id", "eu-west-1", "--client-id", "abc"],
        "A user pool id looks like eu-west-1_Abc123",
    ),
    "no client id, explained": (
        ["sign-in", "--user-pool-id", "eu-west-1_Abc", "--client-id", "a b"],
        "An app client id has only letters and digits",
    ),
    "no region": (
        ["sign-in", "--user-pool-id", "nowhere_Abc", "--client-id", "abc", "--username", "ada"],
        "region",
    ),
    "unknown flow": (["sign-in", *POOL, "--flow", "MAGIC"], "USER_SRP_AUTH"),
    "flow without choice": (
        ["sign-in", *POOL, "--flow", "USER_SRP_AUTH", "--preferred", "EMAIL_OTP"],
        "USER_AUTH",
    ),
    "attribute without value": (["sign-up", *POOL, "--attribute", "email"], "NAME=VALUE"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_words(
    mistake: str, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, told = MISTAKES[mistake]
    typed(*(["Correct-Horse-1"] if "--username" in arguments else []))
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.err.startswith("Usage: auth-flow ")
    assert "Traceback" not in shown.err
    assert "pattern" not in shown.err
    assert not shown.out


@pytest.mark.parametrize(
    ("options", "asked"),
    [([], "User name"), (["--username", "ada", "--password-stdin"], "Password")],
)
def test_input_that_ends(
    options: list[str], asked: str, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    typed()
    assert main(["sign-in", *POOL, *options]) == 1
    shown = capsys.readouterr()
    assert shown.err == f'Error: The input ended before the answer to "{asked}".\n'
    assert not shown.out


def test_a_service_that_is_not_there(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    typed(PASSWORD)
    assert main(["sign-in", *POOL, "--endpoint", endpoint, "--username", USERNAME]) == 1
    assert "The service did not answer." in capsys.readouterr().err


def test_sign_in_from_a_pipe(
    served: Serve, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    with served():
        typed(PASSWORD)
        assert main(["sign-in", "--username", USERNAME, "--password-stdin"]) == 0
        shown = capsys.readouterr()
    assert shown.out.startswith("DONE  ada is signed in")
    assert PASSWORD not in shown.out + shown.err


def test_tokens_are_printed_on_request_alone(
    served: Serve, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    with served():
        typed(USERNAME, PASSWORD)
        assert main(["sign-in", "--flow", "USER_PASSWORD_AUTH", "--show-tokens"]) == 0
        shown = capsys.readouterr()
    tokens = json.loads(shown.out)
    assert set(tokens) == {"access_token", "id_token", "refresh_token"}
    assert tokens["access_token"].count(".") == 2
    assert tokens["access_token"] not in shown.err


@pytest.mark.parametrize(
    ("lines", "code"),
    [([USERNAME, "wrong"], 1), ([USERNAME, PASSWORD, "12345"], 1), ([USERNAME, PASSWORD], 1)],
)
def test_a_pipe_gets_no_second_try(
    lines: list[str], code: int, served: Serve, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(mfa=["SMS_MFA"]):
        typed(*lines)
        assert main(["sign-in"]) == code
        shown = capsys.readouterr()
    assert "Error: " in shown.err
    assert not shown.out


def test_sign_up_with_attributes(
    served: Serve, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    with served() as pool:
        typed(PASSWORD, pool.code)
        attributes = [f"--attribute={name}={value}" for name, value in ATTRIBUTES.items()]
        assert main(["sign-up", "--username", "grace", *attributes]) == 0
        grace = pool.pool.user("grace")
    assert grace is not None
    assert grace.attributes.items() >= ATTRIBUTES.items()
    assert capsys.readouterr().out.startswith("DONE  grace is signed in")


def test_reset_password(served: Serve, typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    with served() as pool:
        typed(pool.code, "Another-Horse-2")
        assert main(["reset-password", "--username", USERNAME]) == 0
    shown = capsys.readouterr()
    assert shown.out == "DONE  The account of ada is ready. Nobody is signed in.\n"
    assert "Another-Horse-2" not in shown.err


def test_it_says_that_the_session_was_not_kept(
    served: Serve, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    with served():
        for options, kept in (([], False), (["--keep"], True)):
            typed(PASSWORD)
            assert main(["sign-in", "--username", USERNAME, *options]) == 0
            assert ("The session was not kept." in capsys.readouterr().err) == (not kept)


@pytest.mark.parametrize("encoding", ["iso-8859-1", "ascii", "utf-8"])
def test_a_pipe_is_utf8_whatever_the_locale(encoding: str, served: Serve) -> None:
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    with served() as pool:
        lines = f"zo\u00eb\n{ATTRIBUTES['email']}\n\n{PASSWORD}\n"
        for typed in (lines.encode(), b"zo\xeb\n"):
            finished = subprocess.run(
                [sys.executable, "-m", "auth_flow._cli", "sign-up"],
                input=typed,
                capture_output=True,
                env={**os.environ, **environment},
                check=False,
            )
            assert finished.returncode == 1
            assert b"Traceback" not in finished.stderr
        assert finished.stderr == b"Error: The input is not UTF-8.\n"
        assert pool.pool.user("zo\u00eb")


def test_a_new_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-key"]) == 0
    key = capsys.readouterr().out.strip()
    assert Sealer([key])
    assert main(["new-key"]) == 0
    assert capsys.readouterr().out.strip() != key


@pytest.fixture
def base_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither click nor rich nor segno can be imported."""
    for name in list(sys.modules):
        if (
            name.partition(".")[0] in ("click", "rich", "segno")
            or name == "auth_flow._cli.application"
        ):
            monkeypatch.delitem(sys.modules, name)
    for name in ("click", "rich", "segno"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("base_install")
class TestBaseInstall:
    def test_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments in ([], ["--help"]):
            assert main(arguments) == 0
            shown = capsys.readouterr().out
            assert "pip install 'auth-flow[terminal]'" in shown
            assert "pip install 'auth-flow[server,terminal]'" in shown
            assert "--version" in shown

    @pytest.mark.parametrize("command", [command for command in COMMANDS if command != "drive"])
    def test_commands_say_what_to_install(
        self, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([command]) == 2
        extras = "server,terminal" if command == "serve" else "terminal"
        told = (
            f"Error: auth-flow {command} needs an optional dependency: pip install "
            f"'auth-flow[{extras}]'\n"
        )
        assert capsys.readouterr().err == told

    @pytest.mark.parametrize(
        ("argument", "kind"), [("sing-in", "command"), ("--sing-in", "option")]
    )
    def test_what_is_unknown_is_nothing_to_install(
        self, argument: str, kind: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([argument]) == 2
        told = capsys.readouterr().err
        assert f"Error: No such {kind} '{argument}'." in told
        assert "pip install" not in told

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--version"]) == 0
        assert capsys.readouterr().out.startswith("auth-flow")

    def test_drive_works(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["drive", "--help"])
        assert ended.value.code == 0
        assert "usage: auth-flow drive" in capsys.readouterr().out
