"""The sessions of one user in a store: the entry that lists them.

Theory of operation: the list may contain sessions that are gone, but it lacks none. So a session is
added to it before its own entry is written, removed from it after that entry is deleted, and added
again at each refresh in case the list was damaged. Whoever reads the list drops the sessions that
no longer exist. The entry itself lives as long as the longest of its sessions.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import anyio

from auth_flow._user_pool import UserPool
from auth_flow.errors import SealBroken, StoreConflict
from auth_flow.session._stored import read_index, session_key, user_key
from auth_flow.stores._base import Entry, Store


class UserSessions:
    """The ids of a user's sessions in a store, oldest first.

    `username` is the name in the pool. `clock` returns the seconds since the epoch. All methods
    raise `StoreUnavailable`.
    """

    def __init__(
        self, store: Store, pool: UserPool, username: str, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._pool = pool
        self._key = user_key(pool, username)
        self._clock = clock

    async def add(self, session_id: str, expires_at: float) -> None:
        """List a session until `expires_at`. Sessions that have expired are dropped."""
        while True:
            entry = await self._load()
            listed = read_index(entry.value) if entry else {}
            if listed.get(session_id) == expires_at:
                return
            if await self._replace(entry, self._living(listed) | {session_id: expires_at}):
                return

    async def remove(self, *session_ids: str) -> None:
        """Drop sessions from the list."""
        while (entry := await self._load()) is not None:
            listed = read_index(entry.value)
            kept = {name: end for name, end in listed.items() if name not in session_ids}
            if await self._replace(entry, kept):
                return

    async def read(self) -> list[str]:
        """Return the ids of the sessions that exist, and drop the others from the list."""
        entry = await self._load()
        listed = list(read_index(entry.value)) if entry else []
        found = [name for name in listed if await self._exists(name)]
        if gone := set(listed) - set(found):
            await self.remove(*gone)
        return found

    async def _exists(self, session_id: str) -> bool:
        try:
            return await self._store.load(session_key(self._pool, session_id)) is not None
        except SealBroken:
            return True

    async def _load(self) -> Entry | None:
        try:
            return await self._store.load(self._key)
        except SealBroken:
            await self._store.delete(self._key)
            return None

    async def _replace(self, entry: Entry | None, listed: dict[str, float]) -> bool:
        """Replace the entry. Return False if another process was faster."""
        version = entry.version if entry else None
        try:
            if listed:
                ttl = max(1.0, max(listed.values()) - self._clock())
                text = json.dumps(listed)
                await self._store.save(self._key, text, expected=version, ttl=ttl)
            elif entry:
                await self._store.delete(self._key, expected=version)
        except StoreConflict:
            await anyio.sleep(random.uniform(0, 0.02))  # noqa: S311 - so that they do not collide again
            return False
        return True

    def _living(self, listed: dict[str, float]) -> dict[str, float]:
        now = self._clock()
        return {name: end for name, end in listed.items() if end > now}
