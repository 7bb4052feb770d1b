"""Passkeys of this machine and of a security key, from one command to the next."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import NoReturn

import anyio
import pytest

from auth_flow import FileStore, Sealer
from auth_flow._cli import main
from auth_flow._cli.embedded_pool import PASSWORD, USERNAME
from auth_flow._cli.terminal import Terminal
from auth_flow.errors import TimedOut
from auth_flow.passkeys import _security_key
from auth_flow.session import Session
from tests.cli.conftest import Serve, Typed
from tests.cli.pools import TestPool
from tests.passkeys.virtual_key import VirtualKey

Shown = pytest.CaptureFixture[str]

BY_PASSWORD = ["sign-in", "--username", USERNAME, "--password-stdin", "--keep"]
BY_PASSKEY = ["sign-in", "--username", USERNAME, "--preferred", "WEB_AUTHN"]
PIN = "2580"


@pytest.fixture
def pool(served: Serve, typed: Typed) -> Generator[TestPool]:
    """A pool with a user who is signed in."""
    with served() as pool:
        typed(PASSWORD)
        assert main(BY_PASSWORD) == 0
        yield pool


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> VirtualKey:
    """The security key that is plugged in."""
    device = VirtualKey(PIN)
    monkeypatch.setattr(_security_key.CtapHidDevice, "list_devices", lambda: [device])
    return device


def run(capsys: Shown, *arguments: str, code: int = 0) -> str:
    """Run a command, and return what it shows."""
    capsys.readouterr()
    assert main([*arguments]) == code
    shown = capsys.readouterr()
    return shown.err if code else shown.out


def add(capsys: Shown, *options: str) -> str:
    """Add a passkey, and return its id."""
    shown = run(capsys, "passkey", "add", *options)
    found = re.fullmatch(r"The passkey (\S+) is added\.\n", shown)
    assert found
    return found[1]


def test_a_passkey_of_this_machine_signs_in(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    passkey = add(capsys)
    assert "already has a passkey here" in run(capsys, "passkey", "add", code=1)
    assert main(["sign-out"]) == 0
    for _ in range(2):  # its counter grows, and is kept
        typed()
        assert main([*BY_PASSKEY, "--keep"]) == 0
    typed("WEB_AUTHN")
    assert main(["sign-in", "--username", USERNAME, "--flow", "USER_AUTH"]) == 0
    shown = run(capsys, "passkey", "list")
    about = r"\(localhost, internal, made .+, on this machine\)"
    assert re.fullmatch(rf"{re.escape(passkey)}  Passkey 1  {about}\n", shown)


def test_another_machine_has_a_passkey_of_its_own(
    pool: TestPool, typed: Typed, capsys: Shown, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = add(capsys)
    monkeypatch.setenv("AUTH_FLOW_SESSION_FILE", str(tmp_path / "elsewhere"))
    typed(PASSWORD)
    assert main(BY_PASSWORD) == 0
    assert "none on this machine" in run(capsys, "passkey", "remove", code=2)
    second = add(capsys)
    lines = run(capsys, "passkey", "list").splitlines()
    assert [line.endswith("on this machine)") for line in lines] == [False, True]
    assert run(capsys, "passkey", "remove", "--", first) == f"The passkey {first} is removed.\n"
    assert run(capsys, "passkey", "remove") == f"The passkey {second} is removed.\n"
    assert run(capsys, "passkey", "list") == "The user has no passkey.\n"
    assert "no such passkey" in run(capsys, "passkey", "remove", "--", first, code=2)
    assert len(add(capsys)) > 16, "the removed one is not in the way"


def test_all_pages_are_listed(pool: TestPool, capsys: Shown) -> None:
    add(capsys)
    user = pool.pool.user(USERNAME)
    assert user
    (passkey,) = user.passkeys
    user.passkeys = [
        passkey.model_copy(update={"credential_id": f"id{number}"}) for number in range(25)
    ]
    pool.pool.save(user)
    assert len(run(capsys, "passkey", "list").splitlines()) == 25


def test_who_has_no_passkey_here_is_told_and_asked_for_another_factor(
    pool: TestPool, typed: Typed, capsys: Shown, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add(capsys)
    monkeypatch.setenv("AUTH_FLOW_SESSION_FILE", str(tmp_path / "elsewhere"))
    typed("password", PASSWORD)
    assert main(BY_PASSKEY) == 0
    assert "There is no passkey of this user for localhost here." in capsys.readouterr().err


def test_a_keyring_that_does_not_work_is_no_obstacle(
    pool: TestPool, typed: Typed, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(capsys)
    monkeypatch.setenv("AUTH_FLOW_SESSION_KEY", "A" * 43)
    typed("password", PASSWORD)
    assert main(BY_PASSKEY) == 0
    assert "cannot be opened with the key" in capsys.readouterr().err


def test_a_security_key(pool: TestPool, typed: Typed, capsys: Shown, device: VirtualKey) -> None:
    typed(PIN)
    passkey = add(capsys, "--security-key")
    typed(PIN)
    assert main([*BY_PASSKEY, "--security-key"]) == 0
    assert device.passkeys[0]["count"] == 1
    shown = run(capsys, "passkey", "list")
    assert "(localhost, usb, made" in shown
    assert "on this machine" not in shown
    typed("0000")
    shown = run(capsys, "passkey", "add", "--security-key", code=1)
    assert "PIN of the security key is wrong" in shown
    assert run(capsys, "passkey", "remove", "--", passkey)


def test_no_security_key(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    typed(PIN)
    assert "No security key was found" in run(capsys, "passkey", "add", "--security-key", code=1)


def test_a_security_key_that_has_to_be_touched(
    pool: TestPool, typed: Typed, capsys: Shown, device: VirtualKey
) -> None:
    device.touched.clear()
    told = Terminal.tell

    def touch(self: Terminal, text: str, *rest: object) -> None:
        if text == "Touch the security key.":
            device.touched.set()
        told(self, text)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Terminal, "tell", touch)
        typed(PIN)
        add(capsys, "--security-key")


def test_the_keys_are_sealed_and_never_shown(pool: TestPool, typed: Typed, capsys: Shown) -> None:
    capsys.readouterr()
    assert main(["passkey", "add"]) == 0
    typed()
    assert main([*BY_PASSKEY, "--show-tokens"]) == 0
    shown = capsys.readouterr()
    file = Path(os.environ["AUTH_FLOW_SESSION_FILE"])
    store = FileStore(file, Sealer([os.environ["AUTH_FLOW_SESSION_KEY"]]))
    entry = anyio.run(store.load, "passkeys")
    assert entry is not None
    (kept,) = json.loads(entry.value)["passkeys"]
    assert len(kept["private_key"]) == 43
    assert kept["private_key"] not in shown.out + shown.err + file.read_text()


@pytest.mark.parametrize("has_one", [False, True])
def test_a_person_at_a_terminal_is_offered_a_passkey(
    pool: TestPool, typed: Typed, capsys: Shown, monkeypatch: pytest.MonkeyPatch, has_one: bool
) -> None:
    if has_one:
        add(capsys)
    monkeypatch.setattr(Terminal, "patient", True)
    typed(PASSWORD)
    capsys.readouterr()
    assert main(BY_PASSWORD) == 0
    assert ("auth-flow passkey add" in capsys.readouterr().err) is not has_one


def test_a_sign_in_does_not_depend_on_that_offer(
    pool: TestPool, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def times_out(_: Session) -> NoReturn:
        raise TimedOut("No reply.", operation="StartWebAuthnRegistration")

    monkeypatch.setattr(Session, "start_passkey_registration", times_out)
    monkeypatch.setattr(Terminal, "patient", True)
    typed(PASSWORD)
    assert main(BY_PASSWORD) == 0
