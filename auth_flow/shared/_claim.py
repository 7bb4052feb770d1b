"""The claim of a worker on one shared flow.

Theory of operation
-------------------

A flow has one entry in the store, and every write to it is a compare-and-set on the entry's
version. The version protects the flow, so a claim is not a lock that must be kept alive. It only
asks other workers to leave the flow alone until `claimed_until`.

If a worker is too slow, its next write fails because another worker has changed the entry. If it
was about to send a request, it does not send it. If it comes back with tokens, it revokes them.

An undisturbed event takes four operations of the store:

1. `acquire` loads the entry,
2. and writes the claim into it.
3. `announce` writes that an event is about to be sent, before its first request leaves.
4. `save` writes the outcome of the event, and ends the claim.

If the worker dies between 3 and 4, the next one finds the announcement and answers `FateUnknown`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import anyio

from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    AlreadyDone,
    ClaimExpired,
    FlowMovedOn,
    SealBroken,
    StoreConflict,
    StoreUnavailable,
)
from auth_flow.sealing import Sealer, park, resume
from auth_flow.shared._entry import StoredFlow
from auth_flow.states._ended import OPENING_EVENTS, tombstone
from auth_flow.states._record import Record
from auth_flow.states.steps import Done
from auth_flow.stores._base import Store, new_version

T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds that the store may take for one operation."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The place of one flow: its store, its name, and its times.

    `claim`, `ttl` and `tombstone` are in seconds; `clock` returns seconds since the epoch.
    """

    store: Store
    sealer: Sealer
    pool: UserPool
    key: str
    name: str
    clock: Callable[[], float]
    claim: float
    ttl: float
    tombstone: float

    async def load(self) -> tuple[StoredFlow, str | None]:
        """Return the entry and the store's version of it; a fresh one if there is none.

        Raises `SealBroken` if the entry is damaged.
        """
        entry = await _in_time(self.store.load(self.name))
        return (StoredFlow.of(entry.value), entry.version) if entry else (StoredFlow(), None)

    def open(self, stored: StoredFlow) -> Record:
        """Return the record of an entry; a fresh one if its time is over, as it always is if the
        flow has not begun. Raises `SealBroken`.
        """
        if self.clock() >= stored.expires_at:
            return Record()
        return resume(stored.sealed, self.sealer, self.pool, owner=self.key, max_age=self.ttl)

    def seal(self, record: Record) -> str:
        """Seal a record for this flow only."""
        return park(record, self.sealer, self.pool, owner=self.key)


class Claim:
    """Holds one flow of a store, and writes its new states."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._stored = StoredFlow()
        self._record = Record()
        self._version: str | None = None
        self._doubtful: str | None = None
        self._held = False

    @property
    def record(self) -> Record:
        """The flow as it was last read or written."""
        return self._record

    @property
    def version(self) -> str:
        """The flow's version; empty for one that has not begun."""
        return self._stored.version

    def is_settled(self, record: Record) -> bool:
        """Return whether `record` is stored, and nothing is left to write."""
        return record is self._record and not self._held and self._doubtful is None

    async def acquire(
        self, expected: str | None, unreadable: Callable[[], Awaitable[None]]
    ) -> bool:
        """Claim the flow. Return False if another worker has it.

        `expected` is the version that the flow must have, if not None. `unreadable` is called if
        the entry cannot be opened, before a fresh flow takes its place. Raises `FlowMovedOn` and
        `AlreadyDone`, the errors of `unreadable`, and `StoreUnavailable`.
        """
        store, now = self._shelf.store, self._shelf.clock()
        entry = await _in_time(store.load(self._shelf.name))
        version = entry.version if entry else None
        try:
            stored = StoredFlow.of(entry.value) if entry else StoredFlow()
            if now < stored.claimed_until:
                return False
            record = self._shelf.open(stored)
        except SealBroken:
            await unreadable()
            stored, record = StoredFlow(), Record()
        if expected is not None and expected != stored.version:
            raise (
                AlreadyDone(record.state, "this form", OPENING_EVENTS)
                if record.ended
                else FlowMovedOn()
            )
        self._stored = stored
        self._record = record
        self._version = version
        try:
            await self._write(claimed_until=now + self._shelf.claim)
        except StoreConflict:
            return False
        self._held = True
        return True

    async def announce(self, record: Record, event: str) -> None:
        """Write that `event` is about to be sent. Raises `ClaimExpired` if it must not be."""
        claimed_until = self._shelf.clock() + self._shelf.claim
        try:
            await self._write(record, claimed_until=claimed_until, sending=event)
        except StoreConflict:
            self._held = False
            raise ClaimExpired(
                "Another worker has taken this flow in the meantime. Nothing was sent."
            ) from None
        self._held = True

    async def save(self, record: Record) -> None:
        """Write the outcome of the event, and end the claim.

        Raises `ClaimExpired` if another worker has taken the flow.
        """
        if self.is_settled(record):
            return
        try:
            if record is self._record and self._stored.sending is None:
                await self._let_go()
            elif record == Record():
                await self._delete()
            else:
                await self._write(record, claimed_until=0.0, version=new_version())
        except StoreConflict:
            if record is self._record:
                return  # nothing of ours is lost
            raise ClaimExpired(
                "Another worker has taken this flow in the meantime. "
                "The outcome of this event is not kept."
            ) from None
        self._held = False

    async def _let_go(self) -> None:
        """Leave the flow as it was found."""
        if self._stored.sealed:
            await self._write(claimed_until=0.0)
        else:
            await self._delete()

    async def _write(
        self,
        record: Record | None = None,
        *,
        claimed_until: float,
        sending: str | None = None,
        version: str | None = None,
    ) -> None:
        shelf, now = self._shelf, self._shelf.clock()
        stored = replace(self._stored, claimed_until=claimed_until, sending=sending)
        if version is not None:
            stored = replace(stored, version=version)
        if record is not None:
            over = isinstance(record.step, Done)
            lifetime = shelf.tombstone if over else shelf.ttl
            sealed = shelf.seal(tombstone(record) if over else record)
            stored = replace(stored, sealed=sealed, expires_at=now + lifetime)
        # An entry with a claim but without a flow can go when the claim has expired.
        ttl = max(stored.expires_at, claimed_until) - now
        await self._save(stored, max(ttl, 0.001))
        self._stored = stored
        if record is not None:
            self._record = record

    async def _save(self, stored: StoredFlow, ttl: float) -> None:
        await self._settle_doubt()
        text = stored.to_text()
        saving = self._shelf.store.save(self._shelf.name, text, expected=self._version, ttl=ttl)
        try:
            self._version = await _in_time(saving)
        except StoreUnavailable:
            self._doubtful = text
            raise

    async def _delete(self) -> None:
        await self._settle_doubt()
        if self._version is not None:
            deleting = self._shelf.store.delete(self._shelf.name, expected=self._version)
            await _in_time(deleting)
        self._stored = StoredFlow()
        self._record = Record()
        self._version = None

    async def _settle_doubt(self) -> None:
        """If the store failed in the middle of a write, find out whether it was done."""
        if self._doubtful is None:
            return
        entry = await _in_time(self._shelf.store.load(self._shelf.name))
        if entry and entry.value == self._doubtful:
            self._version = entry.version
        self._doubtful = None


async def _in_time(asked: Awaitable[T]) -> T:
    try:
        with anyio.fail_after(_PATIENCE):
            return await asked
    except TimeoutError:
        raise StoreUnavailable("The store did not answer in time.") from None
