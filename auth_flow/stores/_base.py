"""The protocol of a store: texts by key, each with a version for compare-and-set."""

from __future__ import annotations

import secrets
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """The value of a key, and its version.

    The version changes with every save. It can only be compared with another version.
    """

    value: str
    version: str

    def __repr__(self) -> str:
        """Leave out the value, which may contain tokens."""
        return f"Entry(version={self.version!r})"


class Store(Protocol):
    """Keeps texts for sessions and shared flows. Tasks share it, and depending on the store,
    processes or machines as well.

    There is no lock between `load` and `save`. Instead, a save names the version that it replaces
    (compare-and-set). If several saves name the same version, exactly one succeeds, and the others
    raise `StoreConflict`.

    All methods raise `StoreUnavailable` if the store does not work. If a save or delete is
    cancelled, it was either done completely or not at all.
    """

    async def load(self, key: str) -> Entry | None:
        """Return the entry of `key`, or None if there is none or it has expired."""
        ...

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        """Save `value` under `key` and return its version.

        `expected` is the version that this save replaces, or None if there must be no entry yet.
        The entry expires after `ttl` seconds; without `ttl`, it stays. Raises `StoreConflict`, and
        writes nothing, if the current version is another one.
        """
        ...

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        """Delete the entry of `key`, if there is one. Raises `StoreConflict` if `expected` is given
        and the current version is another one.
        """
        ...

    async def aclose(self) -> None:
        """Close files and connections."""
        ...


def new_version() -> str:
    """Return a version that is new: 72 random bits as a text without spaces."""
    return secrets.token_urlsafe(9)
