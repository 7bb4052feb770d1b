"""Flows that many workers share: any of them may take the next event, and no two of them at
once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Protocol

from anyio import fail_after, move_on_after

from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.errors import ClaimExpired, FlowBusy, StoreConflict, StoreUnavailable
from auth_flow.sealing._parked import DAY, park, resume
from auth_flow.sealing._sealer import Sealer
from auth_flow.states._record import Record
from auth_flow.states.steps import Done, Idle
from auth_flow.stores._base import Entry, Store

_TIME_TO_WRITE = 15.0


class Maker(Protocol):
    """Makes the flow for a record: `AuthFlow` itself, or a `functools.partial` of it."""

    def __call__(self, pool: UserPool, *, record: Record) -> AuthFlow:
        """Make the flow."""
        ...


class SharedFlows:
    """The flows of one user pool, in a store that the workers share.

    ::

        flows = SharedFlows(RedisStore("redis://…"), sealer, pool, make=partial(AuthFlow, transport=transport))

        async def on_message(chat: str, text: str) -> None:
            async with flows.take(chat) as flow:
                step = await flow.send(Answer(response=text))

    Cognito takes each of its sessions once, so an event must not be sent by two workers. Whoever
    takes a flow first puts a claim beside it, and who comes second is refused before anything is
    sent. What the event led to is written before the claim is let go. A worker that dies leaves its
    claim behind, which ends by itself.

    `make` gives the flows what they have in common: a transport, observers, a store for sessions.
    `claim` is how many seconds a flow can be held, `ttl` after how many an unfinished one is
    forgotten.
    """

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        pool: UserPool,
        *,
        make: Maker,
        claim: float = 60.0,
        ttl: float = DAY,
    ) -> None:
        self._store, self._sealer, self._pool, self._make = store, sealer, pool, make
        self._claim_seconds, self._ttl = claim, ttl

    @asynccontextmanager
    async def take(self, key: str) -> AsyncGenerator[AuthFlow]:
        """Hold the flow of `key`, a new one where there is none, and keep what has become of it.

        A flow that is done or idle is over and forgotten: take `flow.session` before letting go.
        Raises `FlowBusy` where another worker holds the flow, `ClaimExpired` where this one has
        held it too long, `SealBroken` where it cannot be opened, and `StoreUnavailable`.
        """
        with move_on_after(self._claim_seconds) as time_left:
            async with self._claimed(key):
                entry = await self._store.load(_name(key))
                record = (
                    resume(entry.value, self._sealer, self._pool, owner=key, max_age=self._ttl)
                    if entry
                    else Record()
                )
                async with self._make(self._pool, record=record) as flow:
                    try:
                        yield flow
                    finally:
                        if flow.record is not record:
                            with _seen_through():
                                await self._keep(key, flow.record, entry)
        if time_left.cancelled_caught:
            raise ClaimExpired(f"The event was given up after {self._claim_seconds:g} seconds.")

    @asynccontextmanager
    async def _claimed(self, key: str) -> AsyncGenerator[None]:
        """The claim is an entry of its own, which must not exist. It outlives the work by the time
        it takes to write.
        """
        name = f"claim/{key}"
        try:
            with _seen_through():
                claim = await self._store.save(
                    name, "", expected=None, ttl=self._claim_seconds + _TIME_TO_WRITE
                )
        except StoreConflict:
            raise FlowBusy("Another worker is busy with this flow.") from None
        try:
            yield
        finally:
            with _seen_through(), suppress(StoreConflict):
                await self._store.delete(name, expected=claim)

    async def _keep(self, key: str, record: Record, entry: Entry | None) -> None:
        if not isinstance(record.step, Idle | Done):
            text = park(record, self._sealer, self._pool, owner=key)
            await self._store.save(
                _name(key), text, expected=entry.version if entry else None, ttl=self._ttl
            )
        elif entry:
            await self._store.delete(_name(key), expected=entry.version)


def _name(key: str) -> str:
    return f"flow/{key}"


@contextmanager
def _seen_through() -> Generator[None]:
    """What has to be written is written, although the caller is cancelled meanwhile."""
    try:
        with fail_after(_TIME_TO_WRITE, shield=True):
            yield
    except TimeoutError:
        raise StoreUnavailable("The store did not answer in time.") from None
