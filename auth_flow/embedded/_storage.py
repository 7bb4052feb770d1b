"""Tables of rows, in memory or in a SQLite file."""

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
    """A SQLite file of JSON rows. All are read once, at the start; each write is a transaction."""

    def __init__(self, path: str | Path) -> None:
        # It holds password verifiers and private keys. SQLite gives its journals the same mode.
        if str(path) != ":memory:":
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        # All threads share the connection, because the service may run in another thread than the
        # one that made it.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS rows"
                " (kind TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
        except sqlite3.Error:  # the file is not a database, or it is locked
            self.close()
            raise

    def read(self, kind: str) -> list[tuple[str, str]]:
        """Return all rows of a kind as pairs of key and JSON."""
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
        """Delete one row if it exists."""
        with self._lock:
            self._connection.execute("DELETE FROM rows WHERE kind = ? AND key = ?", (kind, key))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class Table(Generic[RowT]):
    """Rows of one model by key, in memory, and written through to a storage if there is one.

    A changed row is stored by another `put`.
    """

    def __init__(self, kind: str, model: type[RowT], storage: Storage | None) -> None:
        self._kind = kind
        self._storage = storage
        stored = storage.read(kind) if storage else []
        self._rows = {key: model.model_validate_json(json) for key, json in stored}

    def get(self, key: str) -> RowT | None:
        """Return the row itself, not a copy, or None."""
        return self._rows.get(key)

    def put(self, key: str, row: RowT) -> None:
        """Insert or replace a row."""
        self._rows[key] = row
        if self._storage:
            self._storage.write(self._kind, key, row.model_dump_json())

    def take(self, key: str) -> RowT | None:
        """Remove and return a row, or return None. Of two callers, one gets it."""
        row = self._rows.pop(key, None)
        if row is not None and self._storage:
            self._storage.erase(self._kind, key)
        return row

    def first(self) -> tuple[str, RowT] | None:
        """Return the oldest row with its key, or None."""
        return next(iter(self._rows.items()), None)

    def items(self) -> list[tuple[str, RowT]]:
        """Return all rows with their keys, the oldest first."""
        return list(self._rows.items())

    def clear(self) -> None:
        """Remove all rows."""
        for key in list(self._rows):
            self.take(key)

    def __iter__(self) -> Iterator[RowT]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)
