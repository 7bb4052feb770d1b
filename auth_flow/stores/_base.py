"""What a store is: texts by key, and a version that tells whether somebody else has been there."""

from __future__ import annotations

import secrets
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """What a store holds for a key. `version` changes with every save; its text means nothing
    beyond being equal or not.
    """

    value: str
    version: str

    def __repr__(self) -> str:
        """Keep quiet about the value: it may be somebody's tokens."""
        return f"Entry(version={self.version!r})"


class Store(Protocol):
    """Keeps texts for sessions and for parked flows, shared by tasks and, where the store can, by
    processes and machines.

    Nobody holds a lock between `load` and `save`. Instead, a save names the version it builds on
    (compare-and-set): of any number of saves that build on the same version exactly one is done,
    and the others raise `StoreConflict`.

    All methods raise `StoreUnavailable` where the store does not work. A cancelled save or delete
    was either done or not, never half.
    """

    async def load(self, key: str) -> Entry | None:
        """Return what is held for `key`, None where there is nothing or its time is over."""
        ...

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        """Hold `value` for `key` and return its version.

        `expected` is the version that this save replaces; None says that there is none as yet.
        After `ttl` seconds the entry is gone; without it, the entry stays. Raises `StoreConflict`
        where the version is another one, and then writes nothing.
        """
        ...

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        """Forget `key`; where it is not there, that is well. With `expected`, raises
        `StoreConflict` at any other version.
        """
        ...

    async def aclose(self) -> None:
        """Let go of files and connections."""
        ...


def new_version() -> str:
    """A version that no entry has had before: 72 random bits as text without spaces."""
    return secrets.token_urlsafe(9)
