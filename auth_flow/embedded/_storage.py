"""Rows that outlive a request, and, with a file, the process."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from pydantic import BaseModel

RowT = TypeVar("RowT", bound=BaseModel)


class Storage:
    """A SQLite file of JSON rows. Each write is a transaction of its own; everything is read once,
    at the start.
    """

    def __init__(self, path: str | Path) -> None:
        # It holds password verifiers and private keys. SQLite gives its journals the same mode.
        if str(path) != ":memory:":
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        # One connection for all threads: the service may run in another thread than the one that
        # made it.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS rows (kind TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
        except sqlite3.Error:  # the file is no database, or it is locked
            self.close()
            raise

    def read(self, kind: str) -> list[tuple[str, str]]:
        """All rows of a kind, as pairs of key and JSON."""
        with self._lock:
            return self._connection.execute(
                "SELECT key, json FROM rows WHERE kind = ?", (kind,)
            ).fetchall()

    def write(self, kind: str, key: str, json: str) -> None:
        """Insert or replace one row."""
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", (kind, key, json)
            )

    def erase(self, kind: str, key: str) -> None:
        """Delete one row, if it is there."""
        with self._lock:
            self._connection.execute("DELETE FROM rows WHERE kind = ? AND key = ?", (kind, key))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class Table(Generic[RowT]):
    """Rows of one model by key, in memory and, where there is a storage, written through to it.

    A row that was changed has to be `put` again to be kept.
    """

    def __init__(self, kind: str, model: type[RowT], storage: Storage | None) -> None:
        self._kind, self._storage = kind, storage
        stored = storage.read(kind) if storage else []
        self._rows = {key: model.model_validate_json(json) for key, json in stored}

    def get(self, key: str) -> RowT | None:
        """The row itself, not a copy."""
        return self._rows.get(key)

    def put(self, key: str, row: RowT) -> None:
        """Keep the row as it is now."""
        self._rows[key] = row
        if self._storage:
            self._storage.write(self._kind, key, row.model_dump_json())

    def take(self, key: str) -> RowT | None:
        """Remove the row and hand it out: of two that ask, one gets it."""
        row = self._rows.pop(key, None)
        if row is not None and self._storage:
            self._storage.erase(self._kind, key)
        return row

    def first(self) -> tuple[str, RowT] | None:
        """The row that was put in first, with its key."""
        return next(iter(self._rows.items()), None)

    def items(self) -> list[tuple[str, RowT]]:
        """All keys with their rows, the oldest first."""
        return list(self._rows.items())

    def clear(self) -> None:
        """Remove all rows."""
        for key in list(self._rows):
            self.take(key)

    def __iter__(self) -> Iterator[RowT]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)
