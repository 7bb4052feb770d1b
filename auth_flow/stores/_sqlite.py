"""Entries in a table of SQLite, for the processes of one machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from auth_flow.errors import StoreConflict, StoreUnavailable
from auth_flow.stores._base import Entry, new_version
from auth_flow.stores._locks import locked

if TYPE_CHECKING:
    import sqlite3

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS entries
    (key TEXT PRIMARY KEY, value TEXT NOT NULL, version TEXT NOT NULL, expires_at REAL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
"""
_LOAD = (
    "SELECT value, version FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)"
)
_SAVE = "REPLACE INTO entries (key, value, version, expires_at) VALUES (?, ?, ?, ?)"
_DELETE = "DELETE FROM entries WHERE key = ?"
_SWEEP = "DELETE FROM entries WHERE expires_at <= ?"


class SQLiteStore:
    """A database file, made at the first use (with `NAME.lock` beside it), for the eyes of its
    owner only.

    Values are kept as they are given: put a `SealedStore` around it. Every write is a transaction,
    on the disk when it returns (write-ahead log, full synchronisation), so a process may be killed
    at any time. SQLite's locks do not work on most network file systems: the processes have to
    share a machine. A write waits at most `timeout` seconds for those of others. `clock` tells
    seconds since the epoch.
    """

    def __init__(
        self, path: Path | str, *, timeout: float = 10.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._path, self._timeout, self._clock = Path(path), timeout, clock
        self._processes: dict[int, _Database] = {}

    async def load(self, key: str) -> Entry | None:
        """`Store.load`."""
        return await to_thread.run_sync(self._load, key)

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        """`Store.save`."""
        return await to_thread.run_sync(self._save, key, value, expected, ttl)

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        """`Store.delete`."""
        await to_thread.run_sync(self._delete, key, expected)

    async def aclose(self) -> None:
        """Close the database; another use opens it again."""
        await to_thread.run_sync(self._close)

    # In worker threads

    def _load(self, key: str) -> Entry | None:
        with self._connected() as connection:
            return self._entry(connection, key)

    def _save(self, key: str, value: str, expected: str | None, ttl: float | None) -> str:
        with self._connected() as connection:
            connection.execute(_SWEEP, (self._clock(),))
            held = self._entry(connection, key)
            if (held and held.version) != expected:
                raise StoreConflict
            version = new_version()
            connection.execute(
                _SAVE, (key, value, version, None if ttl is None else self._clock() + ttl)
            )
            return version

    def _delete(self, key: str, expected: str | None) -> None:
        with self._connected() as connection:
            connection.execute(_SWEEP, (self._clock(),))
            held = self._entry(connection, key)
            if held and expected not in (None, held.version):
                raise StoreConflict
            connection.execute(_DELETE, (key,))

    def _entry(self, connection: sqlite3.Connection, key: str) -> Entry | None:
        row = connection.execute(_LOAD, (key, self._clock())).fetchone()
        return row and Entry(*row)

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        """The one connection of this store. The first write begins a transaction, which the end
        commits, and an error undoes.
        """
        import sqlite3  # milliseconds that only users of this store pay

        database = self._database()
        with database.lock:
            try:
                connection = database.connection = database.connection or self._connect()
                with connection:
                    yield connection
            except (sqlite3.Error, OSError) as error:
                raise StoreUnavailable(f"SQLite: {error}.") from None

    def _connect(self) -> sqlite3.Connection:
        import sqlite3

        self._path.touch(mode=0o600)
        connection = sqlite3.connect(
            self._path, timeout=self._timeout, isolation_level="IMMEDIATE", check_same_thread=False
        )
        try:
            # SQLite's own waiting leaves out two connections that both want to turn the log on.
            with locked(self._path.with_name(f"{self._path.name}.lock"), self._timeout):
                connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        database = self._database()
        with database.lock:
            if database.connection:
                database.connection.close()
                database.connection = None

    def _database(self) -> _Database:
        """Return what this process has opened. SQLite does not allow a forked child to use, or to
        close, a connection of its parent; nor would a lock that a thread of the parent held at the
        fork ever come free in the child.
        """
        return self._processes.setdefault(os.getpid(), _Database())


class _Database:
    """The connection of one process, for one thread at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connection: sqlite3.Connection | None = None
