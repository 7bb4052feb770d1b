"""Compare-and-set on a dictionary, for stores that hold all their entries in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from auth_flow.errors import StoreConflict
from auth_flow.stores._base import Entry, new_version


class EntryRow(NamedTuple):
    """An entry, and the time at which it expires (seconds since the epoch)."""

    value: str
    version: str
    expires_at: float | None

    def __repr__(self) -> str:
        """Leave out the value, as an entry does."""
        return f"EntryRow(version={self.version!r}, expires_at={self.expires_at})"


class EntryTable:
    """Rows by key, with the rules of `Store`. Use it in one thread at a time."""

    def __init__(
        self, rows: dict[str, EntryRow] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._rows = rows or {}
        self._clock = clock
        self._sweep_at = 64

    def load(self, key: str) -> Entry | None:
        """`Store.load`."""
        row = self._rows.get(key)
        return Entry(row.value, row.version) if row and self._lives(row) else None

    def save(self, key: str, value: str, expected: str | None, ttl: float | None) -> str:
        """`Store.save`."""
        held = self.load(key)
        if (held and held.version) != expected:
            raise StoreConflict
        if len(self._rows) >= self._sweep_at:
            # The limit grows with the table, so that sweeping costs each save a constant time.
            self._sweep_at = 2 * len(self.living()) + 64
        version = new_version()
        self._rows[key] = EntryRow(value, version, None if ttl is None else self._clock() + ttl)
        return version

    def delete(self, key: str, expected: str | None) -> None:
        """`Store.delete`."""
        held = self.load(key)
        if held and expected not in (None, held.version):
            raise StoreConflict
        self._rows.pop(key, None)

    def living(self) -> dict[str, EntryRow]:
        """Remove the expired rows, and return the others."""
        self._rows = {key: row for key, row in self._rows.items() if self._lives(row)}
        return self._rows

    def _lives(self, row: EntryRow) -> bool:
        return row.expires_at is None or self._clock() < row.expires_at
