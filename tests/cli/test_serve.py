"""The served pool, as another program meets it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import boto3
import httpx
import pytest

from auth_flow import Done, SignIn
from auth_flow._cli import main
from auth_flow._cli.embedded_pool import PASSWORD, USERNAME, EmbeddedPool
from tests.cli.pools import KEY

USER = f"{USERNAME}:{PASSWORD}"


class Served:
    """A running `auth-flow serve` and the variables that it printed."""

    def __init__(self, process: subprocess.Popen[str], variables: dict[str, str]) -> None:
        self.process, self.variables = process, variables

    def told(self, pattern: str) -> str:
        """Read standard error up to a line that matches. Without one, the program is ended."""
        assert self.process.stderr is not None
        watchdog = threading.Timer(30, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stderr:
                found = re.search(pattern, line)
                if found:
                    return found.group(1)
        finally:
            watchdog.cancel()
        raise AssertionError(f"{pattern!r} was not told")


@contextmanager
def serving(*options: str, variables: int | None = None) -> Iterator[Served]:
    command = [sys.executable, "-m", "auth_flow._cli", "serve", "--port", "0", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            expected = variables or 3 + ("--client-secret" in options)
            lines = [process.stdout.readline() for _ in range(expected)]
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
        user = cognito.admin_get_user(
            UserPoolId=served.variables["AUTH_FLOW_USER_POOL_ID"], Username="grace"
        )
        assert user["UserStatus"] == "CONFIRMED"


def test_sign_in_finds_it_by_its_variables() -> None:
    with serving("--user", USER, "--client-secret") as served:
        assert served.variables["AUTH_FLOW_CLIENT_SECRET"]
        signed_in = subprocess.run(
            [
                sys.executable,
                "-m",
                "auth_flow._cli",
                "sign-in",
                "--username",
                USERNAME,
                "--password-stdin",
            ],
            env={**served.variables},
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert signed_in.stdout.startswith("DONE  ada is signed in")


def test_the_same_command_again_finds_what_it_made(tmp_path: Path) -> None:
    options = (
        "--database",
        str(tmp_path / "pool.sqlite"),
        "--user",
        USER,
        "--mfa",
        "ON",
        "--device-tracking",
        "ALWAYS",
        "--client-secret",
    )
    with serving(*options) as first:
        before = user_of(first)
    with serving(*options) as second:
        assert "keeps --mfa ON" in second.told("(--mfa has no .*)")
        assert "keeps --device-tracking ALWAYS" in second.told("(--device-tracking has no .*)")
        assert "keeps its client, with a secret" in second.told("(--client-secret has no .*)")
        assert "stays unchanged" in second.told("(The user ada exists already.*)")
        same = [name for name in first.variables if name != "AUTH_FLOW_ENDPOINT"]
        assert [first.variables[name] for name in same] == [second.variables[name] for name in same]
        assert user_of(second) == before


def user_of(served: Served) -> Any:
    user = client(served).admin_get_user(
        UserPoolId=served.variables["AUTH_FLOW_USER_POOL_ID"], Username=USERNAME
    )
    return {name: value for name, value in user.items() if name != "ResponseMetadata"}


def test_a_user_of_a_database_keeps_the_password(tmp_path: Path) -> None:
    database = tmp_path / "pool.sqlite"
    with EmbeddedPool.open(database=database) as made:
        made.add_user(USERNAME, PASSWORD)
    with EmbeddedPool.open(database=database) as found:
        assert not found.add_user(USERNAME.upper(), "Another-Horse-2")
        anyio.run(sign_in, found)


async def sign_in(embedded: EmbeddedPool) -> None:
    async with embedded.flow() as flow:
        assert isinstance(await flow.send(SignIn(username=USERNAME, password=PASSWORD)), Done)


def test_the_pool_and_the_client_are_those_that_were_made_first(tmp_path: Path) -> None:
    database = tmp_path / "pool.sqlite"
    with EmbeddedPool.open(database=database) as made:
        for _ in range(20):
            made.service.create_pool(key=KEY)
            made.pool.create_client()
    with EmbeddedPool.open(database=database) as found:
        assert (found.pool.id, found.client.id) == (made.pool.id, made.client.id)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (["--mfa", "ON"], "keeps --mfa OPTIONAL"),
        (["--client-secret"], "keeps its client, without a secret"),
    ],
)
def test_options_for_a_new_pool_do_not_change_one(
    option: list[str], told: str, tmp_path: Path
) -> None:
    database = tmp_path / "pool.sqlite"
    with EmbeddedPool.open(database=database) as made:
        pass
    with serving("--database", str(database), *option, variables=3) as found:
        notice = found.told("(--.* has no effect.*)")
        assert notice == f"{option[0]} has no effect: the pool in {database} exists and {told}."
        assert found.variables["AUTH_FLOW_CLIENT_ID"] == made.client.id


def test_managed_login_with_a_provider() -> None:
    """A person signs in with the provider, and the application is called back with a code."""
    with serving("--with-provider", variables=4) as served:
        endpoint = served.variables["AUTH_FLOW_OAUTH_DOMAIN"]
        by_address = served.variables["AUTH_FLOW_ENDPOINT"]
        assert endpoint == by_address.replace("127.0.0.1", "localhost")
        url = served.told(r"(http://\S+/oauth2/authorize\S+)")
        assert served.told("(Example signs in .*)")
        with httpx.Client() as person:
            page = person.get(f"{url}&identity_provider=Example", follow_redirects=True)
            hidden = {
                name: page.text.partition(f'name="{name}" value="')[2].partition('"')[0]
                for name in ("flow", "token")
            }
            form = {**hidden, "username": "grace", "password": PASSWORD}
            answer = person.post(page.url.join("/login"), data=form)
            assert answer.headers["location"].startswith(f"{endpoint}/oauth2/idpresponse?code=")
            returned = person.get(answer.headers["location"])
            assert returned.headers["location"].startswith("http://localhost:3000/?code=")


def test_a_password_that_the_pool_itself_would_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", "--user", "ada:short"]) == 2
    told = capsys.readouterr().err
    assert "--user ada: Password did not conform with policy: Password not long enough." in told
    assert "short" not in told


@pytest.mark.parametrize("user", ["ada", "ada:", ":Correct-Horse-1"])
def test_a_user_without_name_or_password(
    user: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "pool.sqlite"
    assert main(["serve", "--port", "0", "--database", str(database), "--user", user]) == 2
    assert "NAME:PASSWORD" in capsys.readouterr().err
    assert not database.exists()


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 1
    assert (
        capsys.readouterr().err == f"Error: Port {port} cannot be used: Address already in use. "
        "Choose another one with --port.\n"
    )


@pytest.mark.parametrize("content", [None, b"no database, but text that is long enough"])
def test_a_database_that_is_none(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "nowhere" / "pool.sqlite"
    if content is not None:
        database.parent.mkdir()
        database.write_bytes(content)
    assert main(["serve", "--port", "0", "--database", str(database)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Error: {database} cannot be opened: ")


def test_what_it_needs_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    database = tmp_path / "pool.sqlite"
    assert main(["serve", "--port", "0", "--database", str(database)]) == 2
    assert not database.exists()
    told = (
        "Error: auth-flow serve needs an optional dependency: pip install "
        "'auth-flow[server,terminal]'\n"
    )
    assert capsys.readouterr().err == told
