"""The served pool, as another program meets it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from auth_flow.cli import main
from auth_flow.cli.embedded_pool import PASSWORD, USERNAME

USER = f"{USERNAME}:{PASSWORD}"


class Served:
    """A running `auth-flow serve` and the variables that it printed."""

    def __init__(self, process: subprocess.Popen[str], variables: dict[str, str]) -> None:
        self.process, self.variables = process, variables

    def told(self, pattern: str) -> str:
        """Read standard error up to a line that matches."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            found = re.search(pattern, line)
            if found:
                return found.group(1)
        raise AssertionError(f"{pattern!r} was not told")


@contextmanager
def serving(*options: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "auth_flow.cli", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(3 + ("--client-secret" in options))]
            yield Served(process, dict(re.findall(r"export (\w+)=(\S+)", "".join(lines))))
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


def client(served: Served) -> Any:
    return boto3.client(
        "cognito-idp",
        region_name="eu-west-1",
        endpoint_url=served.variables["AUTH_FLOW_ENDPOINT"],
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )


def test_an_aws_sdk_signs_up_with_a_code_that_appears_here() -> None:
    with serving() as served:
        cognito, client_id = client(served), served.variables["AUTH_FLOW_CLIENT_ID"]
        cognito.sign_up(
            ClientId=client_id,
            Username="grace",
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": "grace@example.org"}],
        )
        code = served.told(r"EMAIL to grace@example\.org: Your code is (\d{6})")
        cognito.confirm_sign_up(ClientId=client_id, Username="grace", ConfirmationCode=code)
        user = cognito.admin_get_user(UserPoolId=served.variables["AUTH_FLOW_USER_POOL_ID"], Username="grace")
        assert user["UserStatus"] == "CONFIRMED"


def test_sign_in_finds_it_by_its_variables() -> None:
    with serving("--user", USER, "--client-secret") as served:
        assert served.variables["AUTH_FLOW_CLIENT_SECRET"]
        signed_in = subprocess.run(
            [sys.executable, "-m", "auth_flow.cli", "sign-in", "--username", USERNAME, "--password-stdin"],
            env={**served.variables},
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert signed_in.stdout.startswith("DONE  ada is signed in")


def test_a_database_survives_a_restart(tmp_path: Path) -> None:
    database = str(tmp_path / "pool.sqlite")
    with serving("--database", database, "--user", USER) as first:
        pass
    with serving("--database", database) as second:
        same = ("AUTH_FLOW_USER_POOL_ID", "AUTH_FLOW_CLIENT_ID")
        assert [first.variables[name] for name in same] == [second.variables[name] for name in same]
        pool_id = second.variables["AUTH_FLOW_USER_POOL_ID"]
        assert client(second).admin_get_user(UserPoolId=pool_id, Username=USERNAME)["UserStatus"] == "CONFIRMED"


@pytest.mark.parametrize("user", ["ada", "ada:", ":Correct-Horse-1"])
def test_a_user_without_name_or_password(user: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", "--user", user]) == 2
    assert "NAME:PASSWORD" in capsys.readouterr().err


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot be served" in capsys.readouterr().err


def test_a_database_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", "--database", str(tmp_path / "nowhere" / "pool.sqlite")]) == 2
    assert "cannot be served" in capsys.readouterr().err


def test_what_it_needs_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve", "--port", "0"]) == 2
    assert "pip install 'auth-flow[server]'" in capsys.readouterr().err
