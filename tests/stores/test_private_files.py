"""Files that somebody else has prepared, and keyrings that do not work."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest
from anyio import to_thread
from keyring.backends.null import Keyring as NullKeyring

from auth_flow.errors import KeyringUnavailable, StoreUnavailable
from auth_flow.sealing import Sealer
from auth_flow.stores import Entry, FileStore, KeyringStore, SQLiteStore, Store
from tests.stores.keyrings import PlainKeyring
from tests.stores.places import KEY, open_files

pytestmark = pytest.mark.anyio

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and permissions of POSIX")

OPEN: dict[str, Callable[[Path], Store]] = {
    "file": lambda path: FileStore(path, Sealer([KEY])),
    "sqlite": SQLiteStore,
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize("name", ["entries", "entries.lock"])
async def test_no_link_is_followed(tmp_path: Path, kind: str, name: str) -> None:
    target = tmp_path / "somebody else's"
    target.write_text("precious")
    (tmp_path / name).symlink_to(target)
    store = OPEN[kind](tmp_path / "entries")
    with pytest.raises(StoreUnavailable):
        await store.save("key", "value", expected=None)
    assert target.read_text() == "precious"
    await store.aclose()


@posix
async def test_the_temporary_name_cannot_be_guessed(tmp_path: Path) -> None:
    target = tmp_path / "somebody else's"
    target.write_text("precious")
    (tmp_path / "entries.new").symlink_to(target)
    store = OPEN["file"](tmp_path / "entries")
    await store.save("key", "value", expected=None)
    assert target.read_text() == "precious"
    assert not (tmp_path / "entries").is_symlink()


async def test_a_new_file_is_on_the_disk_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        assert os.fstat(descriptor).st_size
        done.append("fsync")
        fsync(descriptor)

    def replaced(path: Path, target: Path) -> Path:
        done.append("replace")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    await OPEN["file"](tmp_path / "entries").save("key", "value", expected=None)
    assert done == ["fsync", "replace"]


async def test_a_new_file_that_cannot_take_the_place_of_the_old_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> Path:
        raise OSError(errno.EROFS, "Read-only file system")

    store = OPEN["file"](tmp_path / "entries")
    version = await store.save("key", "value", expected=None)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        with pytest.raises(StoreUnavailable, match="Read-only"):
            await store.save("key", "next", expected=version)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["entries", "entries.lock"]  # noqa: ASYNC240
    assert await store.load("key") == Entry("value", version)


async def test_a_database_that_cannot_be_used_is_not_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def connected(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connected)
    (tmp_path / "entries").write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailable):
        await SQLiteStore(tmp_path / "entries").load("key")
    (connection,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


async def test_what_a_killed_writer_has_left_is_removed(tmp_path: Path) -> None:
    others = ["entries.txt", "others.0123456789abcdef.new"]
    for name in ("entries.0123456789abcdef.new", *others):
        (tmp_path / name).write_text("half a fi")
    await OPEN["file"](tmp_path / "entries").save("key", "value", expected=None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["entries", "entries.lock", *others]  # noqa: ASYNC240


@posix
@pytest.mark.parametrize("kind", OPEN)
async def test_a_planted_file_gets_narrow_permissions(tmp_path: Path, kind: str) -> None:
    for name in ("entries.lock", *(["entries"] if kind == "sqlite" else [])):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o666)
    store = OPEN[kind](tmp_path / "entries")
    await store.save("key", "value", expected=None)
    assert {mode(path) for path in tmp_path.iterdir()} == {0o600}  # noqa: ASYNC240
    await store.aclose()


@posix
async def test_a_file_that_is_narrower_stays_so(tmp_path: Path) -> None:
    store = OPEN["file"](tmp_path / "entries")
    await store.save("key", "value", expected=None)
    (tmp_path / "entries").chmod(0o400)
    assert await store.load("key")
    assert mode(tmp_path / "entries") == 0o400


@posix
@pytest.mark.parametrize("kind", OPEN)
async def test_a_file_of_another_user_is_not_used(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = OPEN[kind](tmp_path / "entries")
    await to_thread.run_sync(lambda: None)  # so that there is a thread already
    before = open_files()
    monkeypatch.setattr(os, "getuid", lambda: (tmp_path.stat().st_uid or 1) + 1)
    with pytest.raises(StoreUnavailable, match="belongs to another user"):
        await store.save("key", "value", expected=None)
    assert open_files() <= before


@posix
async def test_the_superuser_may_use_the_file_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = os.getuid() or 1
    store = OPEN["file"](tmp_path / "entries")
    await store.save("key", "value", expected=None)
    for path in list(tmp_path.iterdir()):  # noqa: ASYNC240
        os.chown(path, owner, -1)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert await store.load("key")


async def test_a_folder_that_another_process_has_just_made_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: False)
    await OPEN["file"](tmp_path / "entries").save("key", "value", expected=None)


@posix
async def test_every_folder_that_is_made_is_for_its_owner(tmp_path: Path) -> None:
    await OPEN["file"](tmp_path / "a" / "b" / "c" / "entries").save("key", "value", expected=None)
    folders = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    assert [mode(folder) for folder in folders] == [0o700] * 3


class Broken(PlainKeyring):
    """Raises what backends raise, which are not errors of the package keyring."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("org.freedesktop.DBus.Error.ServiceUnknown")


class Damaged(PlainKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        return "not a key"


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (Broken, "The keyring cannot be used: OSError"),
        (NullKeyring, "does not keep passwords"),
        (Damaged, "is not a key"),
    ],
)
async def test_a_keyring_that_does_not_work_says_so(
    tmp_path: Path, plain_keyring: None, backend: type[PlainKeyring], words: str
) -> None:
    keyring.set_keyring(backend())
    with pytest.raises(KeyringUnavailable, match=words) as caught:
        await KeyringStore(tmp_path / "entries").save("key", "value", expected=None)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not (tmp_path / "entries").exists()
