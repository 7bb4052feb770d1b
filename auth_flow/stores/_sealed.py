"""Seal the values of another store."""

from __future__ import annotations

from auth_flow.sealing._sealer import Sealer
from auth_flow.stores._base import Entry, Store


class SealedStore:
    """Seals the values on their way into another store. Keys stay as they are.

    A value opens only under the key that it was saved with, so an attacker with write access to the
    store cannot give one user the tokens of another. `load` raises `SealBroken` if the value was
    not sealed with one of the sealer's keys.
    """

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def load(self, key: str) -> Entry | None:
        """`Store.load`."""
        entry = await self._store.load(key)
        return entry and Entry(self._sealer.open(entry.value, "entry", key), entry.version)

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        """`Store.save`."""
        return await self._store.save(
            key, self._sealer.seal(value, "entry", key), expected=expected, ttl=ttl
        )

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        """`Store.delete`."""
        await self._store.delete(key, expected=expected)

    async def aclose(self) -> None:
        """Close the other store."""
        await self._store.aclose()
