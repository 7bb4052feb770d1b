"""What is each store's own: files and who may read them, keyrings and what is in them, seals."""

from __future__ import annotations

import inspect
import json
import os
import signal
import sqlite3
import stat
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import keyring
import pytest
from anyio import to_thread
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked

from auth_flow.errors import MissingExtra, SealBroken, StoreUnavailable
from auth_flow.sealing import Sealer, new_key
from auth_flow.stores import (
    Entry,
    FileStore,
    KeyringStore,
    MemoryStore,
    RedisStore,
    SealedStore,
    SQLiteStore,
    Store,
)
from auth_flow.stores._locks import locked
from auth_flow.stores._table import EntryTable
from tests.stores.keyrings import PlainKeyring
from tests.stores.places import open_files, open_store

pytestmark = pytest.mark.anyio


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sealer() -> Sealer:
    return Sealer([new_key()])


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("plain_keyring")
@pytest.mark.parametrize("kind", [FileStore, KeyringStore, MemoryStore, SQLiteStore])
async def test_an_entry_expires_by_the_clock_that_was_given(
    tmp_path: Path, sealer: Sealer, clock: Clock, kind: Any
) -> None:
    place = {FileStore: (tmp_path / "file", sealer), MemoryStore: ()}
    store: Store = kind(*place.get(kind, (tmp_path / "entries",)), clock=clock)
    for now in (clock.now, 3_000_000_000.0):  # years ago, and in many years
        clock.now = now
        version = await store.save("ada", "value", expected=None, ttl=60)
        clock.now += 59.5
        assert await store.load("ada") == Entry("value", version)
        clock.now += 0.5
        assert await store.load("ada") is None
    await store.aclose()


@pytest.mark.skipif(sys.platform == "win32", reason="/dev/fd lists what is open")
@pytest.mark.usefixtures("plain_keyring")
@pytest.mark.parametrize("kind", ["file", "keyring", "sqlite", "sealed"])
async def test_no_file_stays_open(tmp_path: Path, kind: str) -> None:
    await to_thread.run_sync(lambda: None)  # so that there is a thread already
    before = open_files()
    store = open_store(kind, str(tmp_path / "entries"))
    version = await store.save("ada", "value", expected=None)
    assert await store.load("ada") == Entry("value", version)
    await store.aclose()
    assert open_files() <= before


@pytest.mark.parametrize("kind", [FileStore, KeyringStore, SQLiteStore, RedisStore])
def test_a_store_is_waited_for_ten_seconds_if_nothing_else_is_said(kind: Any) -> None:
    assert inspect.signature(kind).parameters["timeout"].default == 10


# File


async def test_a_file_is_for_its_owner_and_for_who_has_the_key(
    tmp_path: Path, sealer: Sealer
) -> None:
    path = tmp_path / "new" / "folder" / "sessions"
    await FileStore(path, sealer).save("ada@example.org", "hunter2", expected=None)
    assert (_mode(path), _mode(path.parent)) == (0o600, 0o700)
    content = path.read_text()
    assert "ada@example.org" not in content
    assert "hunter2" not in content
    with pytest.raises(SealBroken):
        await FileStore(path, Sealer([new_key()])).load("ada")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\x00\xfe", b"{}"])
async def test_a_file_that_is_not_ours_is_neither_read_nor_written(
    tmp_path: Path, sealer: Sealer, content: bytes
) -> None:
    path = tmp_path / "sessions"
    path.write_bytes(content)
    with pytest.raises(SealBroken):
        await FileStore(path, sealer).load("ada")
    with pytest.raises(SealBroken):
        await FileStore(path, sealer).save("ada", "value", expected=None)
    with pytest.raises(SealBroken):
        await FileStore(path, sealer).delete("ada", expected="version")
    assert path.read_bytes() == content


async def test_a_delete_sets_aside_a_file_that_is_not_ours(tmp_path: Path, sealer: Sealer) -> None:
    path = tmp_path / "sessions"
    path.write_text("garbage")
    store = FileStore(path, sealer)
    await store.delete("ada")
    assert (tmp_path / "sessions.unreadable").read_text() == "garbage"
    version = await store.save("ada", "value", expected=None)
    assert await store.load("ada") == Entry("value", version)
    await store.delete("bob")
    assert await store.load("ada") == Entry("value", version), "a file of ours is not set aside"


async def test_a_sealed_text_of_another_kind_is_no_file(tmp_path: Path, sealer: Sealer) -> None:
    path = tmp_path / "sessions"
    path.write_text(sealer.seal("{}", "flow"))
    with pytest.raises(SealBroken):
        await FileStore(path, sealer).load("ada")


async def test_what_a_killed_writer_left_beside_the_file_does_no_harm(
    tmp_path: Path, sealer: Sealer
) -> None:
    store = FileStore(tmp_path / "sessions", sealer)
    version = await store.save("ada", "value", expected=None)
    (tmp_path / "sessions.new").write_text("half of someth" * 100)
    assert await store.load("ada") == Entry("value", version)
    version = await store.save("ada", "next", expected=version)
    assert not (tmp_path / "sessions.new").exists()
    assert await store.load("ada") == Entry("next", version)


async def test_who_holds_the_lock_of_a_file_too_long_is_not_waited_for(
    tmp_path: Path, sealer: Sealer
) -> None:
    store = FileStore(tmp_path / "sessions", sealer, timeout=0.05)
    with locked(tmp_path / "sessions.lock", 1), pytest.raises(StoreUnavailable) as caught:
        await store.save("ada", "value", expected=None)
    assert caught.value.__suppress_context__
    await store.save("ada", "value", expected=None)


@pytest.mark.usefixtures("plain_keyring")
async def test_a_store_with_a_keyring_has_the_timeout_that_was_given(tmp_path: Path) -> None:
    store = KeyringStore(tmp_path / "sessions", timeout=0.05)
    with locked(tmp_path / "sessions.lock", 1):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await store.save("ada", "value", expected=None)
        assert time.monotonic() - began < 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_lock_of_its_parent(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", 1):
        child = os.fork()
        if child == 0:
            signal.pause()
    try:
        with locked(tmp_path / "lock", 0):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


async def test_who_waits_for_a_lock_gets_it_when_it_is_free(tmp_path: Path, sealer: Sealer) -> None:
    store = FileStore(tmp_path / "sessions", sealer, timeout=20)
    async with anyio.create_task_group() as group:
        with locked(tmp_path / "sessions.lock", 1):
            group.start_soon(lambda: store.save("ada", "value", expected=None))
            await anyio.wait_all_tasks_blocked()
            assert not (tmp_path / "sessions").exists()
    assert await store.load("ada")


async def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, sealer: Sealer) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be used") as caught:
        await FileStore(tmp_path / "file" / "sessions", sealer).load("ada")
    assert caught.value.__suppress_context__


async def test_what_has_expired_is_not_written_again(tmp_path: Path, clock: Clock) -> None:
    sealer = Sealer([new_key()])
    store = FileStore(tmp_path / "sessions", sealer, clock=clock)
    await store.save("short", "value", expected=None, ttl=60)
    clock.now += 61
    await store.save("long", "value", expected=None)
    assert json.loads(sealer.open((tmp_path / "sessions").read_text(), "file")).keys() == {"long"}


@pytest.mark.parametrize("seconds", [1, 60])
async def test_a_table_does_not_pile_up_what_has_expired(clock: Clock, seconds: int) -> None:
    table = EntryTable(clock=clock)
    table.save("ada", "hunter2", None, 10)
    assert "hunter2" not in repr(table.living())
    most = 0
    for number in range(2000):
        clock.now += seconds
        table.save(str(number), "value", None, 10)
        most = max(most, len(vars(table)["_rows"]))
    assert most < 200


async def test_a_table_is_not_searched_at_each_save_for_what_has_expired() -> None:
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return 0

    table = EntryTable(clock=clock)
    for number in range(2000):
        table.save(str(number), "value", None, 10)
    assert looks < 10 * 2000


# SQLite


async def test_a_database_is_for_its_owner(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "sessions")
    await store.save("ada", "value", expected=None)
    names = ["sessions", "sessions-wal", "sessions-shm"]
    assert [_mode(tmp_path / name) for name in names] == [0o600] * 3
    await store.aclose()


async def test_what_has_expired_does_not_stay_in_the_database(tmp_path: Path, clock: Clock) -> None:
    store = SQLiteStore(tmp_path / "sessions", clock=clock)
    await store.save("short", "value", expected=None, ttl=60)
    clock.now += 60
    assert await store.load("short") is None
    await store.save("long", "value", expected=None)
    await store.aclose()
    connection = sqlite3.connect(tmp_path / "sessions")
    assert connection.execute("SELECT key FROM entries").fetchall() == [("long",)]
    connection.close()


async def test_many_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    for number in range(30):
        stores = [SQLiteStore(tmp_path / str(number)) for _ in range(6)]
        async with anyio.create_task_group() as group:
            for store in stores:
                group.start_soon(store.load, "ada")
        for store in stores:
            await store.aclose()


@pytest.mark.parametrize("name", ["garbage", ".", "missing/sessions"])
async def test_what_is_no_database_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "garbage").write_bytes(os.urandom(5000))
    store = SQLiteStore(tmp_path / name)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="SQLite"):
            await store.load("ada")


async def test_who_holds_the_database_too_long_is_not_waited_for(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "sessions", timeout=0.05)
    with (
        locked(tmp_path / "sessions.lock", 1),
        pytest.raises(StoreUnavailable, match=r"lock for too long\.$"),
    ):
        await store.save("ada", "value", expected=None)
    version = await store.save("ada", "value", expected=None)
    other = sqlite3.connect(tmp_path / "sessions", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.save("ada", "next", expected=version)
    assert time.monotonic() - began < 4
    assert await store.load("ada") == Entry("value", version), "readers do not wait for writers"
    other.execute("ROLLBACK")
    other.close()
    await store.save("ada", "next", expected=version)
    await store.aclose()


# Keyring


@pytest.mark.usefixtures("plain_keyring")
async def test_the_keyring_has_a_key_for_each_file_and_nothing_else(tmp_path: Path) -> None:
    for name in ("one", "other"):
        store = KeyringStore(tmp_path / name)
        await store.save("ada", "x" * 5000, expected=None)
        held = await KeyringStore(tmp_path / name).load("ada")
        assert held
        assert held.value == "x" * 5000
    keys = json.loads((tmp_path / "keyring.json").read_text())
    assert keys.keys() == {f"auth-flow {tmp_path / 'one'}", f"auth-flow {tmp_path / 'other'}"}
    assert {len(key) for key in keys.values()} == {43}
    assert len(set(keys.values())) == 2


@pytest.mark.usefixtures("plain_keyring")
async def test_the_keyring_may_have_the_key_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "entries"
    version = await KeyringStore(path, service="example").save("ada", "value", expected=None)
    keys = json.loads((tmp_path / "keyring.json").read_text())
    assert keys.keys() == {f"example {path}"}
    assert await KeyringStore(path, service="example").load("ada") == Entry("value", version)
    with pytest.raises(SealBroken):
        await KeyringStore(path).load("ada")


@pytest.mark.usefixtures("plain_keyring")
async def test_without_its_key_the_file_stays_shut(tmp_path: Path) -> None:
    await KeyringStore(tmp_path / "sessions").save("ada", "value", expected=None)
    (tmp_path / "keyring.json").unlink()
    with pytest.raises(SealBroken):
        await KeyringStore(tmp_path / "sessions").load("ada")


@pytest.mark.usefixtures("plain_keyring")
async def test_a_machine_without_keyring_is_told(tmp_path: Path) -> None:
    keyring.set_keyring(NoKeyring())
    with pytest.raises(StoreUnavailable, match="NoKeyringError") as caught:
        await KeyringStore(tmp_path / "sessions").save("ada", "value", expected=None)
    assert caught.value.__suppress_context__


@pytest.mark.usefixtures("plain_keyring")
async def test_a_keyring_that_was_not_unlocked_is_asked_again_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise KeyringLocked("the person said no")

    store = KeyringStore(tmp_path / "sessions")
    with monkeypatch.context() as locked_up:
        locked_up.setattr(PlainKeyring, "get_password", refuse)
        with pytest.raises(StoreUnavailable, match="KeyringLocked"):
            await store.save("ada", "value", expected=None)
    await store.save("ada", "value", expected=None)


async def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    (tmp_path / "sessions").write_text("sealed")
    with pytest.raises(MissingExtra, match=r"auth-flow\[keyring\]") as caught:
        await KeyringStore(tmp_path / "sessions").load("ada")
    assert caught.value.__suppress_context__


# Sealed


async def test_what_is_sealed_is_read_by_nobody_else(sealer: Sealer) -> None:
    inner = MemoryStore()
    store = SealedStore(inner, sealer)
    version = await store.save("ada", "hunter2", expected=None)
    held = await inner.load("ada")
    assert held
    assert held.version == version
    assert "hunter2" not in held.value
    with pytest.raises(SealBroken):
        await SealedStore(inner, Sealer([new_key()])).load("ada")


async def test_a_sealed_value_cannot_be_put_under_another_key(sealer: Sealer) -> None:
    inner = MemoryStore()
    store = SealedStore(inner, sealer)
    await store.save("ada", "tokens of ada", expected=None)
    held = await inner.load("ada")
    assert held
    await inner.save("mallory", held.value, expected=None)
    with pytest.raises(SealBroken):
        await store.load("mallory")


async def test_what_was_sealed_with_an_old_key_is_sealed_with_the_new_one_when_it_is_saved() -> (
    None
):
    old, new = new_key(), new_key()
    inner = MemoryStore()
    version = await SealedStore(inner, Sealer([old])).save("ada", "value", expected=None)
    both = SealedStore(inner, Sealer([new, old]))
    assert await both.load("ada") == Entry("value", version)
    version = await both.save("ada", "value", expected=version)
    assert await SealedStore(inner, Sealer([new])).load("ada") == Entry("value", version)
