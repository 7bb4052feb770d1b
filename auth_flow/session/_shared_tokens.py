"""The tokens of a session in a store, shared by processes.

Theory of operation: a refresh token that rotates can be used once. So the process that refreshes
first writes a lease into the entry, by compare-and-set; of several processes one succeeds. The
others wait until the tokens have changed, or until the lease is over: the process that took it may
have been killed. Then they refresh with the old token, which the service still accepts within its
grace period (`RetryGracePeriodSeconds`), provided that the lease is shorter than this period.

A process that was not killed but slow may find that another one has taken over. The newer tokens
win, and a refusal of the old refresh token is then no verdict on the session.

The clocks of the machines may differ. So a lease is over at its end by our clock, or once we have
watched it for as long as a lease lasts, whichever comes first.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

import anyio

from auth_flow._finish import finish_despite_cancel
from auth_flow.errors import AuthFlowError, SealBroken, StoreConflict, StoreError
from auth_flow.session._renewal import VERDICTS
from auth_flow.session._stored import StoredSession
from auth_flow.states._tokens import Tokens
from auth_flow.stores._base import Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Held:
    """An entry that was loaded. `session` is None if the entry cannot be read.

    `version` is None if not even the store can open the entry.
    """

    session: StoredSession | None
    version: str | None


@dataclass(slots=True)
class _Watch:
    """The time for which we have seen the same version of an entry."""

    version: str | None = None
    since: float = 0.0

    def seconds(self, version: str | None) -> float:
        now = anyio.current_time()
        if version != self.version:
            self.version = version
            self.since = now
        return now - self.since


class SharedTokens:
    """The tokens of one session in a store.

    `clock` returns the seconds since the epoch. `ttl` is the time to live of the entry, `lease` how
    long a refresh may take before another process takes over, and `grace` how long a refresh has
    left to finish if its task is cancelled; all three in seconds.
    """

    def __init__(
        self,
        store: Store,
        key: str,
        clock: Callable[[], float],
        *,
        grace: float,
        lease: float,
        ttl: float,
    ) -> None:
        self._store = store
        self._key = key
        self._clock = clock
        self._grace = grace
        self._lease = lease
        self._ttl = ttl

    async def load(self) -> StoredSession | None:
        """Return the session. Return None if there is none, or if the entry cannot be read."""
        held = await self._load()
        return held.session if held else None

    async def put(self, session: StoredSession) -> None:
        """Store a new session in place of the present entry, even if that one cannot be read."""
        while True:
            try:
                await self._replace(await self._load(), session)
            except StoreConflict:
                continue
            return

    async def update(
        self,
        change: Callable[[StoredSession], StoredSession],
        *,
        unreadable: StoredSession | None = None,
    ) -> StoredSession | None:
        """Change the entry, and return what it was. Return None if there is none.

        An entry that cannot be read counts as `unreadable`. Without that, it stays as it is.
        """
        while (held := await self._load()) is not None:
            before = held.session or unreadable
            if before is None:
                return None
            changed = change(before)
            try:
                if changed != held.session:
                    await self._replace(held, changed)
            except StoreConflict:
                continue
            return before
        return None

    async def clear(self, tokens: Tokens) -> None:
        """Delete the entry of a session that is over, even if it cannot be read.

        The entry stays if another sign-in has replaced it.
        """
        while (held := await self._load()) is not None:
            if held.session and not held.session.continues(tokens):
                return
            try:
                await self._store.delete(self._key, expected=held.version)
            except StoreConflict:
                continue
            return

    def expiry(self, fresh: Tokens, before: StoredSession | None = None) -> float:
        """Return when an entry with these tokens expires, in seconds since the epoch."""
        if before is not None and before.tokens.refresh_token == fresh.refresh_token:
            return before.expires_at
        return self._clock() + self._ttl

    async def renew(
        self, ours: StoredSession, renew: Callable[[Tokens], Awaitable[Tokens]]
    ) -> StoredSession | None:
        """Return the session with newer tokens than `ours`: those of another process, or `renew`'s.

        Return None if the entry is gone, because another process has ended the session. An entry
        that cannot be read is replaced by `ours` first. Raises the errors of `renew` and of the
        store.
        """
        watch = _Watch()
        while (held := await self._load()) is not None:
            if held.session is None:
                _log.warning("A stored session cannot be read; it is replaced by this process's.")
                await self.put(ours)
                continue
            # The difference of the clocks is this machine's own, whichever process got the tokens.
            tokens = replace(held.session.tokens, clock_drift=ours.tokens.clock_drift)
            found = replace(held.session, tokens=tokens)
            if tokens.access_token.text != ours.tokens.access_token.text and tokens.fresh_at(
                self._clock()
            ):
                return found
            if self._clock() < found.leased_until and watch.seconds(held.version) < self._lease:
                await anyio.sleep(random.uniform(0.02, 0.1))  # noqa: S311 - so that they do not all come at once
                continue
            renewing = partial(
                self._renew,
                max(found, ours, key=_issued_at),
                held.version,
                renew,
                took_over=bool(found.leased_until),
            )
            fresh = await finish_despite_cancel(renewing, self._grace)
            if fresh is not None:
                return fresh
        return None

    async def _renew(
        self,
        session: StoredSession,
        version: str | None,
        renew: Callable[[Tokens], Awaitable[Tokens]],
        *,
        took_over: bool,
    ) -> StoredSession | None:
        """Take the lease, refresh, and store the result. Return None if the entry has changed."""
        leased = replace(session, leased_until=self._clock() + self._lease)
        try:
            version = await self._save(leased, expected=version)
        except StoreConflict:
            return None
        try:
            tokens = await renew(session.tokens)
        except VERDICTS:
            if await self._has_newer(leased.tokens, version, took_over=took_over):
                return None
            raise
        except AuthFlowError:
            await self._give_back(session, version)
            raise
        fresh = replace(
            session, tokens=tokens, leased_until=0.0, expires_at=self.expiry(tokens, session)
        )
        try:
            return await self._store_result(fresh, version)
        except StoreError as error:
            _log.warning(
                "The store did not take the new tokens (%s). This process goes on with them.",
                error.name,
            )
            return fresh

    async def _store_result(self, fresh: StoredSession, version: str) -> StoredSession | None:
        """Store new tokens. If another process has taken over, the newer ones of the two stay.

        Return None if these are not ours.
        """
        held: _Held | None = _Held(fresh, version)
        while held is not None:
            try:
                await self._replace(held, fresh)
            except StoreConflict:
                held = await self._load()
                if held is not None and held.session is not None:
                    is_newer = _issued_at(held.session) >= _issued_at(fresh)
                    if is_newer or not fresh.continues(held.session.tokens):  # of a step-up
                        return None
            else:
                return fresh
        return None

    async def _has_newer(self, tokens: Tokens, version: str, *, took_over: bool) -> bool:
        """Return whether another process has stored newer tokens than those that were refused.

        If a lease was taken over, by us or from us, the two processes may have sent the same
        refresh token, and the one whose request succeeded has a lease's time to store its tokens.
        """
        end = anyio.current_time() + self._lease
        while (held := await self._load()) is not None and held.session is not None:
            if held.session.tokens.access_token.text != tokens.access_token.text:
                return True
            if not took_over and held.version == version:
                return False
            if anyio.current_time() >= end:
                return False
            await anyio.sleep(0.05)
        return False

    async def _give_back(self, session: StoredSession, version: str) -> None:
        """End the lease early. If that fails, the lease runs out by itself."""
        try:
            await self._save(replace(session, leased_until=0.0), expected=version)
        except AuthFlowError as error:
            _log.info("A lease was not given back: %s", error.name)

    async def _load(self) -> _Held | None:
        try:
            entry = await self._store.load(self._key)
        except SealBroken:
            return _Held(None, None)
        return _Held(StoredSession.of(entry.value), entry.version) if entry else None

    async def _replace(self, held: _Held | None, session: StoredSession) -> None:
        if held is not None and held.version is None:
            await self._store.delete(self._key)
            held = None
        await self._save(session, expected=held.version if held else None)

    async def _save(self, session: StoredSession, *, expected: str | None) -> str:
        ttl = max(1.0, session.expires_at - self._clock())
        return await self._store.save(self._key, session.to_text(), expected=expected, ttl=ttl)


def _issued_at(session: StoredSession) -> float:
    return session.tokens.access_token.claims.issued_at or 0
