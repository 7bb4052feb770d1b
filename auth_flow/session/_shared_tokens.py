"""Tokens that several processes share: one of them refreshes, the others wait, and nobody is signed
out by it.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import anyio

from auth_flow._finish import GRACE, finish_despite_cancel
from auth_flow._user_pool import UserPool
from auth_flow.errors import AuthFlowError, StoreConflict, StoreError
from auth_flow.session._renewal import VERDICTS
from auth_flow.states._tokens import Tokens
from auth_flow.stores._base import Store

LEASE = 15.0
"""Seconds after which a refresh that another process has begun counts as abandoned. Less than any
retry grace period of use.
"""

_log = logging.getLogger(__name__)


def session_key(pool: UserPool, username: str) -> str:
    """Where a store has the session of a user: several pools, clients and users stand side by
    side.
    """
    return f"session/{pool.user_pool_id}/{pool.client_id}/{username}"


class _Kept(NamedTuple):
    """What the shelf holds: tokens, and until when (seconds since the epoch) somebody has set about
    refreshing them.
    """

    tokens: Tokens
    leased_until: float
    version: str


class SharedTokens:
    """The tokens of one session in a store.

    A refresh token that rotates is good for one use. So whoever refreshes says so first, by a lease
    that it puts into the entry; compare-and-set lets one of many succeed. The others wait for the
    new tokens, or for the end of the lease: who took it may have died. `clock` tells seconds since
    the epoch; the clocks of machines that share a store may differ by a few seconds. A task that is
    cancelled within its lease still has `grace` seconds to bring the new tokens home.
    """

    def __init__(
        self, store: Store, key: str, clock: Callable[[], float], grace: float = GRACE
    ) -> None:
        self._store, self._key, self._clock, self._grace = store, key, clock, grace

    async def load(self) -> Tokens | None:
        """Return the tokens, None where there are none."""
        kept = await self._load()
        return kept.tokens if kept else None

    async def put(self, tokens: Tokens) -> None:
        """Keep the tokens of a new sign-in, in place of whatever is there."""
        while True:
            kept = await self._load()
            try:
                await self._save(tokens, expected=kept.version if kept else None)
            except StoreConflict:
                continue
            return

    async def clear(self, tokens: Tokens) -> None:
        """Forget the tokens of a sign-in that is over. Those of another sign-in of this user
        stay.
        """
        while (kept := await self._load()) is not None and _same_sign_in(kept.tokens, tokens):
            with suppress(StoreConflict):
                await self._store.delete(self._key, expected=kept.version)
                return

    async def renew(
        self, stale: Tokens, renew: Callable[[Tokens], Awaitable[Tokens]]
    ) -> Tokens | None:
        """Return tokens newer than `stale`: those that somebody else has got meanwhile, or what
        `renew` gets.

        None says that the entry is gone: another process has signed the user out. Raises what
        `renew` raises.
        """
        while (kept := await self._load()) is not None:
            if kept.tokens.access_token.text != stale.access_token.text and kept.tokens.fresh_at(
                self._clock()
            ):
                return kept.tokens
            if self._clock() < kept.leased_until:
                await anyio.sleep(random.uniform(0.02, 0.1))  # noqa: S311 - so that those who wait do not come all at once
                continue
            newest = max(kept.tokens, stale, key=_issued_at)
            fresh = await finish_despite_cancel(
                partial(self._renew, newest, kept.version, renew), self._grace
            )
            if fresh is not None:
                return fresh
        return None

    async def _renew(
        self, tokens: Tokens, version: str, renew: Callable[[Tokens], Awaitable[Tokens]]
    ) -> Tokens | None:
        """Take the lease, get new tokens and keep them. None says that somebody else was there,
        before or meanwhile.
        """
        try:
            lease = await self._save(tokens, expected=version, leased_until=self._clock() + LEASE)
        except StoreConflict:
            return None
        try:
            fresh = await renew(tokens)
        except VERDICTS:
            if await self._moved_on(lease):
                return None  # the refresh token was spent by one who took the lease for abandoned
            raise
        except AuthFlowError:
            await self._give_back(tokens, lease)
            raise
        try:
            return await self._bring_home(fresh, lease)
        except StoreError as error:
            _log.warning(
                "The store did not take the new tokens (%s); they are held in this process alone.",
                error.name,
            )
            return fresh

    async def _bring_home(self, fresh: Tokens, version: str) -> Tokens | None:
        """Keep new tokens. Who has taken the lease for abandoned gives way to them, unless there
        are newer ones already.
        """
        while True:
            try:
                await self._save(fresh, expected=version)
            except StoreConflict:
                kept = await self._load()
                if kept is None or _issued_at(kept.tokens) >= _issued_at(fresh):
                    return None
                version = kept.version
            else:
                return fresh

    async def _moved_on(self, lease: str) -> bool:
        kept = await self._load()
        return kept is not None and kept.version != lease

    async def _give_back(self, tokens: Tokens, lease: str) -> None:
        """End the lease early. Where that fails, time ends it: the error that led here is the one
        that matters.
        """
        try:
            await self._save(tokens, expected=lease)
        except AuthFlowError as error:
            _log.info("A lease is left to run out: %s", error.name)

    async def _load(self) -> _Kept | None:
        entry = await self._store.load(self._key)
        if entry is None:
            return None
        values = json.loads(entry.value)
        return _Kept(
            Tokens.read(**values["tokens"]), values.get("leased_until", 0.0), entry.version
        )

    async def _save(
        self, tokens: Tokens, *, expected: str | None, leased_until: float = 0.0
    ) -> str:
        value = json.dumps({"tokens": tokens.to_json(), "leased_until": leased_until})
        return await self._store.save(self._key, value, expected=expected)


def _issued_at(tokens: Tokens) -> float:
    return tokens.access_token.claims.issued_at or 0


def _same_sign_in(one: Tokens, other: Tokens) -> bool:
    """Whether tokens go back to one sign-in; where the service does not tell, to one user."""
    here, there = one.access_token.claims, other.access_token.claims
    return (
        here.origin_jti == there.origin_jti
        if here.origin_jti and there.origin_jti
        else here.subject == there.subject
    )
