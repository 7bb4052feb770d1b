"""A machine that the pool remembers, from one sign-in of the command line to the next."""

from __future__ import annotations

import json
import os
import re
from base64 import urlsafe_b64decode
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import pytest

from auth_flow import FileStore, Sealer
from auth_flow._cli import main
from auth_flow._cli.embedded_pool import PASSWORD, USERNAME
from tests.cli.conftest import Serve, Typed
from tests.cli.pools import TestPool

Shown = pytest.CaptureFixture[str]

SIGN_IN = ["sign-in", "--username", USERNAME]
ALWAYS = {"mfa_configuration": "ON", "mfa_factors": ("SMS_MFA",), "device_tracking": "ALWAYS"}
FORGOTTEN = "The device is forgotten. Its sessions end when their tokens expire.\n"
OPT_IN = {**ALWAYS, "device_tracking": "USER_OPT_IN"}


@pytest.fixture
def always(served: Serve) -> Generator[TestPool]:
    """A pool that remembers every device, and asks for a code by SMS otherwise."""
    with served(ALWAYS) as pool:
        yield pool


@pytest.fixture
def opt_in(served: Serve) -> Generator[TestPool]:
    """A pool that leaves it to the user whether a device is remembered."""
    with served(OPT_IN) as pool:
        yield pool


def keys(pool: TestPool) -> list[str]:
    user = pool.pool.user(USERNAME)
    assert user is not None
    return list(user.devices)


def run(capsys: Shown, *arguments: str, code: int = 0) -> str:
    """Run a command, and return what it shows."""
    capsys.readouterr()
    assert main([*arguments]) == code
    shown = capsys.readouterr()
    return shown.err if code else shown.out


def test_a_sign_in_that_is_kept_remembers_the_machine(
    always: TestPool, typed: Typed, capsys: Shown
) -> None:
    typed(PASSWORD, always.code)
    assert main([*SIGN_IN, "--keep"]) == 0
    assert main(["sign-out"]) == 0
    typed(PASSWORD)
    assert main([*SIGN_IN, "--keep"]) == 0
    (key,) = keys(always)
    shown = run(capsys, "devices", "list")
    assert re.fullmatch(
        rf"{key}  auth-flow on \w+  \(remembered, last used .+, this device\)\n", shown
    )
    assert run(capsys, "token", "--refresh").count(".") == 2


def test_another_machine_is_not_found_and_can_be_forgotten(
    always: TestPool, typed: Typed, capsys: Shown, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    typed(PASSWORD, always.code)
    assert main([*SIGN_IN, "--keep"]) == 0
    monkeypatch.setenv("AUTH_FLOW_SESSION_FILE", str(tmp_path / "elsewhere"))
    typed(PASSWORD, always.code)
    assert main([*SIGN_IN, "--keep"]) == 0
    first, second = keys(always)
    lines = run(capsys, "devices", "list").splitlines()
    assert [line.endswith("this device)") for line in lines] == [False, True]
    assert run(capsys, "devices", "forget", first) == FORGOTTEN
    assert keys(always) == [second]
    typed(PASSWORD)
    assert main([*SIGN_IN, "--keep"]) == 0
    assert run(capsys, "devices", "forget") == FORGOTTEN
    assert run(capsys, "devices", "list") == "The pool tracks no device of this user.\n"
    assert "sign in again with --keep" in run(capsys, "devices", "remember", code=2)
    assert "Device does not exist" in run(capsys, "devices", "remember", first, code=1)
    typed(PASSWORD, always.code)
    assert main([*SIGN_IN, "--keep"]) == 0
    assert len(keys(always)) == 1


def test_an_opt_in_pool_asks_until_the_machine_is_remembered(
    opt_in: TestPool, typed: Typed, capsys: Shown
) -> None:
    for _ in range(2):
        typed(PASSWORD, opt_in.code)
        assert main([*SIGN_IN, "--keep"]) == 0
        assert "auth-flow devices remember" in capsys.readouterr().err
    assert "(not remembered" in run(capsys, "devices", "list")
    assert run(capsys, "devices", "remember") == "The device is remembered.\n"
    typed(PASSWORD)
    assert main([*SIGN_IN, "--keep"]) == 0
    assert "auth-flow devices remember" not in capsys.readouterr().err
    shown = run(capsys, "devices", "stop-remembering")
    assert shown == "The device is not remembered any more.\n"
    assert "(not remembered" in run(capsys, "devices", "list")
    typed(PASSWORD, opt_in.code)
    assert main([*SIGN_IN, "--keep"]) == 0
    assert len(keys(opt_in)) == 1


def test_a_sign_in_that_is_not_kept_leaves_no_device(
    always: TestPool, typed: Typed, capsys: Shown
) -> None:
    typed(PASSWORD, always.code)
    assert main(SIGN_IN) == 0
    assert keys(always) == []
    typed(PASSWORD, always.code)
    tokens = json.loads(run(capsys, *SIGN_IN, "--show-tokens"))
    (key,) = keys(always)  # the refresh token needs it
    assert key in urlsafe_b64decode(tokens["access_token"].split(".")[1] + "==").decode()


def test_an_option_remembers_at_the_sign_in(opt_in: TestPool, typed: Typed, capsys: Shown) -> None:
    assert "needs --keep" in run(capsys, *SIGN_IN, "--remember-device", code=2)
    typed(PASSWORD, opt_in.code)
    assert main([*SIGN_IN, "--keep", "--remember-device"]) == 0
    typed(PASSWORD)
    assert main([*SIGN_IN, "--keep"]) == 0


def test_a_device_that_cannot_be_confirmed_is_told(
    always: TestPool, typed: Typed, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_flow.session._new_device.LONGEST_NAME", 0)  # it takes no empty name
    typed(PASSWORD, always.code)
    assert main([*SIGN_IN, "--keep"]) == 0
    told = capsys.readouterr().err
    assert "This machine is not a remembered device yet: InvalidParameterException." in told


def test_two_commands_at_once_make_one_id(
    always: TestPool, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = FileStore.save

    async def come_second(self: FileStore, key: str, value: str, **options: Any) -> str:
        if key == "installation":
            monkeypatch.setattr(FileStore, "save", save)
            await self.save(key, "made by the other command", expected=None)
        return await save(self, key, value, **options)

    monkeypatch.setattr(FileStore, "save", come_second)
    for lines in ([PASSWORD, always.code], [PASSWORD]):
        typed(*lines)
        assert main([*SIGN_IN, "--keep"]) == 0


def test_the_id_of_the_machine_is_sealed_and_never_shown(
    always: TestPool, typed: Typed, capsys: Shown
) -> None:
    typed(PASSWORD, always.code)
    assert main([*SIGN_IN, "--keep", "--show-tokens"]) == 0
    main(["devices", "list"])
    shown = capsys.readouterr()
    file = Path(os.environ["AUTH_FLOW_SESSION_FILE"])
    store = FileStore(file, Sealer([os.environ["AUTH_FLOW_SESSION_KEY"]]))
    entry = anyio.run(store.load, "installation")
    assert entry is not None
    assert len(entry.value) >= 43  # 256 bits
    assert entry.value not in shown.out + shown.err + file.read_text()
