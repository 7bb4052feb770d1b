"""Keep entries in memory, for one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from anyio.lowlevel import checkpoint

from auth_flow.stores._base import Entry
from auth_flow.stores._table import EntryTable


class MemoryStore:
    """A store for the tasks of one process, in all of its threads and event loops.

    A forked child continues with a copy of its own. `clock` returns seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._table = EntryTable(clock=clock)
        self._lock = threading.Lock()

    async def load(self, key: str) -> Entry | None:
        """`Store.load`."""
        await checkpoint()
        with self._lock:
            return self._table.load(key)

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        """`Store.save`."""
        await checkpoint()
        with self._lock:
            return self._table.save(key, value, expected, ttl)

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        """`Store.delete`."""
        await checkpoint()
        with self._lock:
            self._table.delete(key, expected)

    async def aclose(self) -> None:
        """Do nothing; the entries stay."""
