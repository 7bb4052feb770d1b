"""Entries in a table of SQLite, for the processes of one machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from auth_flow.errors import StoreConflict, StoreUnavailable
from auth_flow.stores._base import Entry, new_version
from auth_flow.stores._batches import Batches, Job, attempt
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

_MOMENT = 0.002
"""Seconds that a write waits for those of other flows, if there are any, to share its commit."""


class SQLiteStore:
    """A database file, made at the first use (with `NAME.lock` beside it), for the eyes of its
    owner only.

    Values are kept as they are given: put a `SealedStore` around it. Every write is on the disk
    when it returns (write-ahead log, full synchronisation), so a process may be killed at any time.
    Writes of one process that come at the same time share a transaction. SQLite's locks do not
    work on most network file systems: the processes have to share a machine. A write waits at most
    `timeout` seconds for those of other processes. `clock` returns seconds since the epoch.
    """

    def __init__(
        self, path: Path | str, *, timeout: float = 10.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = Path(path)
        self._timeout = timeout
        self._clock = clock
        self._processes: dict[int, _Database] = {}

    async def load(self, key: str) -> Entry | None:
        """`Store.load`."""
        return await self._database.reads.run(key, partial(self._entry, key))

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        """`Store.save`."""
        version, expires_at = new_version(), None if ttl is None else self._clock() + ttl

        def save(connection: sqlite3.Connection) -> str:
            held = self._entry(key, connection)
            if (held and held.version) != expected:
                raise StoreConflict
            connection.execute(_SAVE, (key, value, version, expires_at))
            return version

        return await self._database.writes.run(key, save)

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        """`Store.delete`."""

        def delete(connection: sqlite3.Connection) -> None:
            held = self._entry(key, connection)
            if held and expected not in (None, held.version):
                raise StoreConflict
            connection.execute(_DELETE, (key,))

        await self._database.writes.run(key, delete)

    async def aclose(self) -> None:
        """Close the database; another use opens it again."""
        await to_thread.run_sync(self._database.close)

    @property
    def _database(self) -> _Database:
        """What this process has opened. SQLite does not allow a forked child to use, or to close, a
        connection of its parent; nor would a lock that a thread of the parent held at the fork ever
        come free in the child.
        """
        database = self._processes.get(os.getpid())
        if database is None:
            database = self._processes.setdefault(
                os.getpid(), _Database(self._connect, self._clock)
            )
        return database

    # In worker threads

    def _entry(self, key: str, connection: sqlite3.Connection) -> Entry | None:
        row = connection.execute(_LOAD, (key, self._clock())).fetchone()
        return row and Entry(*row)

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


class _Database:
    """The connections of one process, and the work that waits for them."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._reader = _OpenDatabase(connect)
        self._writer = _OpenDatabase(connect)
        self.reads = Batches(self._read)
        self.writes = Batches(self._write, moment=_MOMENT)

    def close(self) -> None:
        """Close the connections; another use opens them again."""
        self._reader.close()
        self._writer.close()

    def _read(self, jobs: Sequence[Job[sqlite3.Connection]]) -> None:
        """Do the jobs by a connection of their own, which does not wait for writes to reach the
        disk.
        """
        with _settled(jobs), self._reader as connection:
            for job in jobs:
                attempt(job, connection)()

    def _write(self, jobs: Sequence[Job[sqlite3.Connection]]) -> None:
        """Do the jobs in one transaction. A job that is refused has written nothing."""
        with _settled(jobs):
            with self._writer as connection, connection:
                # As the first write, this also begins the transaction.
                connection.execute(_SWEEP, (self._clock(),))
                settle = [attempt(job, connection, StoreConflict) for job in jobs]
            for report in settle:
                report()


class _OpenDatabase:
    """A connection that one thread at a time may use. It is opened at the first use."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        try:
            self._connection = self._connection or self._connect()
        except BaseException:
            self._lock.release()
            raise
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def close(self) -> None:
        """Close the connection; another use opens it again."""
        with self._lock:
            if self._connection:
                self._connection.close()
                self._connection = None


@contextmanager
def _settled(jobs: Sequence[Job[sqlite3.Connection]]) -> Generator[None]:
    """Let no outcome stay open: if the batch fails, so does every job that is not done yet."""
    import sqlite3  # milliseconds that only users of this store pay

    problem = "the batch was interrupted"
    try:
        yield
    except (sqlite3.Error, OSError, StoreUnavailable) as error:
        problem = str(error).rstrip(".")
    finally:
        for job in jobs:
            if not job.outcome.done():
                job.outcome.set_exception(StoreUnavailable(f"SQLite: {problem}."))
