"""Keep entries in one sealed file, for the processes of one machine."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from anyio import to_thread

from auth_flow.errors import SealBroken, StoreUnavailable
from auth_flow.sealing._sealer import Sealer
from auth_flow.stores._base import Entry
from auth_flow.stores._locks import locked
from auth_flow.stores._private_files import (
    make_private_folders,
    read_private,
    replace_private,
)
from auth_flow.stores._table import EntryRow, EntryTable


class FileStore:
    """A sealed file for a few entries, such as those of a command line or a desktop application.

    The keys of entries are sealed as well, and the file's mode allows access to its owner only. The
    file is created by the first save. Every write replaces the whole file, so a killed process
    leaves it intact.

    A lock (`NAME.lock` beside the file) admits one thread or process at a time; the others wait at
    most `timeout` seconds. `clock` returns seconds since the epoch. `sealer` may also be a function
    that returns a sealer. It may block, and is called once, at the first use.

    `load` and `save` raise `SealBroken` if the file was sealed with none of the keys, or if it is
    damaged. `delete` without a version then renames the file to `NAME.unreadable`, so that a new
    sign-in begins with an empty one.
    """

    def __init__(
        self,
        path: Path | str,
        sealer: Sealer | Callable[[], Sealer],
        *,
        timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = Path(path)
        self._timeout = timeout
        self._clock = clock
        self._sealer = functools.cache(lambda: sealer if isinstance(sealer, Sealer) else sealer())

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
        """Do nothing, because no file stays open."""

    # In worker threads

    def _load(self, key: str) -> Entry | None:
        with self._alone() as table:
            return table.load(key)

    def _save(self, key: str, value: str, expected: str | None, ttl: float | None) -> str:
        with self._alone() as table:
            version = table.save(key, value, expected, ttl)
            self._write(table)
            return version

    def _delete(self, key: str, expected: str | None) -> None:
        with self._alone(set_aside=expected is None) as table:
            table.delete(key, expected)
            self._write(table)

    @contextmanager
    def _alone(self, *, set_aside: bool = False) -> Generator[EntryTable]:
        """Hold the lock and yield the table. Readers need the lock too, because Windows cannot
        replace a file that is being read.

        With `set_aside`, a file that cannot be opened is renamed, and the table is empty.
        """
        try:
            make_private_folders(self._path.parent)
            with locked(self._path.with_name(f"{self._path.name}.lock"), self._timeout):
                yield self._read_or_set_aside() if set_aside else self._read()
        except OSError as error:
            raise StoreUnavailable(f"The file cannot be used: {error.strerror}.") from None

    def _read_or_set_aside(self) -> EntryTable:
        try:
            return self._read()
        except SealBroken:
            self._path.replace(self._path.with_name(f"{self._path.name}.unreadable"))
            return EntryTable()

    def _read(self) -> EntryTable:
        try:
            sealed = read_private(self._path)
        except FileNotFoundError:
            return EntryTable(clock=self._clock)
        rows = json.loads(self._sealer().open(sealed, "file"))
        return EntryTable({key: EntryRow(*row) for key, row in rows.items()}, clock=self._clock)

    def _write(self, table: EntryTable) -> None:
        replace_private(self._path, self._sealer().seal(json.dumps(table.living()), "file"))
