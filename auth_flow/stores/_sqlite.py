"""Keep entries in an SQLite database, for the processes of one machine."""

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
from auth_flow.stores._private_files import open_private

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
"""Seconds that a write waits for writes of other keys, to share a commit with them."""


class SQLiteStore:
    """A database file, created at the first use, with `NAME.lock` beside it. The file's mode allows
    access to its owner only.

    Values are stored as they are; use a `SealedStore` around it to seal them. Every write is on the
    disk when it returns (write-ahead log, full synchronisation), so a process may be killed at any
    time. Simultaneous writes of one process share a transaction.

    The processes must run on one machine, because SQLite's locks do not work on most network file
    systems. A write waits at most `timeout` seconds for those of other processes. `clock` returns
    seconds since the epoch.
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
        """The database as this process has opened it.

        SQLite does not allow a forked child to use or close a connection of its parent. A lock that
        a thread of the parent held during the fork would never become free in the child.
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

        os.close(open_private(self._path, os.O_RDWR | os.O_CREAT))
        connection = sqlite3.connect(self._path, timeout=self._timeout, check_same_thread=False)
        try:
            # SQLite does not wait if two connections turn on the log at the same time.
            with locked(self._path.with_name(f"{self._path.name}.lock"), self._timeout):
                connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection


class _Database:
    """The connections of one process, and the queues of work for them."""

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
        """Do the jobs with a separate connection, which does not wait until writes are on the
        disk.
        """
        with _settled(jobs), self._reader as connection:
            for job in jobs:
                attempt(job, connection)()

    def _write(self, jobs: Sequence[Job[sqlite3.Connection]]) -> None:
        """Do the jobs in one transaction. A refused job writes nothing."""
        with _settled(jobs):
            with self._writer as connection, connection:
                # As the first write, this also begins the transaction.
                connection.execute(_SWEEP, (self._clock(),))
                settle = [attempt(job, connection, StoreConflict) for job in jobs]
            for report in settle:
                report()


class _OpenDatabase:
    """A connection for one thread at a time, opened at the first use."""

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
    """Settle every outcome: if the batch fails, all unfinished jobs fail."""
    import sqlite3  # takes milliseconds, so only users of this store import it

    problem = "the batch was interrupted"
    try:
        yield
    except (sqlite3.Error, OSError, StoreUnavailable) as error:
        problem = str(error).rstrip(".")
    finally:
        for job in jobs:
            if not job.outcome.done():
                job.outcome.set_exception(StoreUnavailable(f"SQLite: {problem}."))
