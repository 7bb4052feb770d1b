"""A store around a store, so that what is kept there can be read by nobody but us."""

from __future__ import annotations

from auth_flow.sealing._sealer import Sealer
from auth_flow.stores._base import Entry, Store


class SealedStore:
    """Seals the values on their way into another store. Keys stay as they are.

    A value opens only under the key it was saved for: whoever can write to the store cannot give
    one user the tokens of another. `load` raises `SealBroken` where the value was not sealed by one
    of us.
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
        """Close the store inside."""
        await self._store.aclose()
