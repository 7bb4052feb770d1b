"""A session that one command leaves to the next."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest

from auth_flow._cli import main
from auth_flow._cli.embedded_pool import ATTRIBUTES, PASSWORD, USERNAME
from auth_flow.embedded import _totp as totp
from tests.cli.conftest import Serve, Typed
from tests.cli.pools import TestPool

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def pool(served: Serve, typed: Typed, capsys: Shown) -> Generator[TestPool]:
    """A pool that ada is signed in to, with the session kept."""
    with served() as pool:
        typed(PASSWORD)
        assert main(["sign-in", "--username", USERNAME, "--keep"]) == 0
        capsys.readouterr()
        yield pool


def test_who_is_signed_in(pool: TestPool, capsys: Shown) -> None:
    assert main(["whoami"]) == 0
    told = dict(re.findall(r"(?m)^(.+?)  +(.+)$", capsys.readouterr().out))
    user = pool.pool.user(USERNAME)
    assert user is not None
    assert (told["user name"], told["user id"]) == (USERNAME, user.sub)
    assert main(["attributes", "show"]) == 0
    assert re.search(f"email +{ATTRIBUTES['email']}", capsys.readouterr().out)


def test_a_token(pool: TestPool, capsys: Shown) -> None:
    tokens = []
    for options in ([], [], ["--refresh"], [], ["--kind", "id"]):
        assert main(["token", *options]) == 0
        tokens.append(capsys.readouterr().out)
    first, second, refreshed, third, id_token = tokens
    assert first.count(".") == 2
    assert first == second
    assert refreshed == third != first
    assert id_token not in (first, third)


def test_signing_out(pool: TestPool, capsys: Shown) -> None:
    assert main(["sign-out"]) == 0
    assert capsys.readouterr().out == "ada is signed out.\n"
    assert signed_out(capsys)


def test_changing_the_password(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    typed(PASSWORD, "Another-Horse-2")
    assert main(["password"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "The password is changed.\n"
    assert "Horse" not in shown.err
    typed("Another-Horse-2")
    assert main(["sign-in", "--username", USERNAME]) == 0
    typed(PASSWORD, "Another-Horse-3")
    assert main(["password"]) == 1


def test_attributes(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    user = pool.pool.user(USERNAME)
    assert user is not None
    assert main(["attributes", "set", "nickname=Ada", "given_name=Ada"]) == 0
    assert capsys.readouterr().out == "nickname is changed.\ngiven_name is changed.\n"
    assert main(["attributes", "delete", "nickname"]) == 0
    assert "nickname" not in user.attributes
    assert user.attributes["given_name"] == "Ada"
    capsys.readouterr()
    typed(pool.code)
    assert main(["attributes", "verify", "email"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "A code for email was sent to a***@e***.\n"
    assert shown.out == "email is verified.\n"
    assert main(["attributes", "verify", "email", "--code", "000000"]) == 1
    assert main(["attributes", "set", "nickname"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def signed_out(capsys: Shown) -> bool:
    """Whether every command says that nobody is signed in, and what to do about it."""
    told = "Error: Nobody is signed in to this pool here. Sign in with: auth-flow sign-in --keep\n"
    shown = [
        (main([command]), *capsys.readouterr())
        for command in ("whoami", "token", "password", "sign-out")
    ]
    return shown == [(1, "", told)] * len(shown)


def test_signing_out_everywhere(pool: TestPool, capsys: Shown) -> None:
    assert main(["sign-out", "--global"]) == 0
    user = pool.pool.user(USERNAME)
    assert user is not None
    assert all(grant.revoked for grant in pool.pool.grants_of(user))


def test_signing_out_without_the_service(
    pool: TestPool, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    monkeypatch.setenv("AUTH_FLOW_ENDPOINT", "http://127.0.0.1:9/")
    assert main(["sign-out"]) == 0
    shown = capsys.readouterr()
    note = "The session is deleted here, but the pool did not revoke it: TransportError.\n"
    assert shown.err == note
    assert main(["whoami"]) == 1


def test_several_users(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    pool.pool.create_user("grace", PASSWORD)
    typed(PASSWORD)
    assert main(["sign-in", "--username", "grace", "--keep"]) == 0
    capsys.readouterr()
    for options, name in ([], "grace"), (["--username", USERNAME], USERNAME):
        assert main(["whoami", *options]) == 0
        assert re.search(f"user name +{name}", capsys.readouterr().out)


def test_a_second_sign_in_ends_the_first(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    user = pool.pool.user(USERNAME)
    assert user is not None
    typed(PASSWORD)
    assert main(["sign-in", "--username", USERNAME, "--keep"]) == 0
    capsys.readouterr()
    assert sorted(grant.revoked for grant in pool.pool.grants_of(user)) == [False, True]
    assert main(["sign-out"]) == 0
    capsys.readouterr()
    assert signed_out(capsys)


def test_nobody_is_signed_in(served: Serve, capsys: Shown) -> None:
    with served():
        assert signed_out(capsys)


def test_somebody_else_is_signed_in(pool: TestPool, capsys: Shown) -> None:
    assert main(["whoami", "--username", "grace"]) == 1
    assert capsys.readouterr().err == (
        "Error: grace is not signed in to this pool here. "
        "Sign in with: auth-flow sign-in --keep --username grace\n"
    )


def test_second_factors(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    keys: list[str] = []

    def code() -> str:
        found = re.search(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", capsys.readouterr().err)
        assert found is not None
        keys.append(found.group(1).replace(" ", ""))
        return totp.code(keys[0], pool.clock())

    assert main(["mfa", "show"]) == 0
    assert capsys.readouterr().out == "No second factor is on.\n"
    typed(code)
    assert main(["mfa", "set-up", "--name", "phone"]) == 0
    assert main(["mfa", "set", "--sms", "ENABLED"]) == 0
    capsys.readouterr()
    assert main(["mfa", "show"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == ["SMS", "TOTP preferred"]


def test_a_wrong_code_sets_nothing_up(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    typed("000000")
    assert main(["mfa", "set-up"]) == 1
    assert "That is not the right code." in capsys.readouterr().err


def test_no_factor_is_named(pool: TestPool, capsys: Shown) -> None:
    assert main(["mfa", "set"]) == 2
    assert "--totp PREFERRED" in capsys.readouterr().err


def test_the_file_is_sealed_and_the_persons_own(pool: TestPool, capsys: Shown) -> None:
    file = Path(os.environ["AUTH_FLOW_SESSION_FILE"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main(["token"]) == 0
    for secret in (USERNAME, pool.pool.id, capsys.readouterr().out.strip()):
        assert secret not in file.read_text()


def test_another_key(pool: TestPool, monkeypatch: pytest.MonkeyPatch, capsys: Shown) -> None:
    monkeypatch.setenv("AUTH_FLOW_SESSION_KEY", "A" * 43)
    file = os.environ["AUTH_FLOW_SESSION_FILE"]
    for command in (["whoami"], ["sign-in", "--keep"]):
        assert main(command) == 1
        assert capsys.readouterr().err == (
            f"Error: {file} cannot be opened with the key in AUTH_FLOW_SESSION_KEY. "
            "Set AUTH_FLOW_SESSION_KEY to the right key, or delete the file and sign in again.\n"
        )


MAKE_A_KEY = "auth-flow new-key"


def test_a_key_that_is_none(
    served: Serve, typed: Typed, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    monkeypatch.setenv("AUTH_FLOW_SESSION_KEY", "nonsense")
    with served():
        typed()
        assert main(["sign-in", "--keep"]) == 2
    told = capsys.readouterr().err
    assert told.endswith(
        f"Error: AUTH_FLOW_SESSION_KEY is not a key. Make one with: {MAKE_A_KEY}\n"
    )
    assert "nonsense" not in told


class NoKeyring(ModuleType):
    """The package keyring where the system has none."""

    class KeyringError(Exception): ...

    def get_password(self, service: str, name: str) -> str:
        raise self.KeyringError


@pytest.mark.parametrize("keyring", [None, NoKeyring("keyring")], ids=["no package", "no keyring"])
def test_without_a_keyring_a_key_is_asked_for_before_anybody_types(
    keyring: ModuleType | None,
    served: Serve,
    typed: Typed,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Shown,
) -> None:
    for module in ("keyring", "keyring.errors"):
        monkeypatch.setitem(sys.modules, module, keyring)
    monkeypatch.delenv("AUTH_FLOW_SESSION_KEY")
    with served():
        typed()
        assert main(["sign-in", "--keep"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Error: The keyring ")
    assert line.endswith(
        f"To do without a keyring, set AUTH_FLOW_SESSION_KEY to a key that {MAKE_A_KEY} made."
    )


def test_a_file_that_cannot_be_used(
    pool: TestPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Shown
) -> None:
    monkeypatch.setenv("AUTH_FLOW_SESSION_FILE", str(tmp_path))
    assert main(["whoami"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"Error: {tmp_path}: The file cannot be used: ")
    assert "keyring" not in told
