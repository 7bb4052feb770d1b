"""Everything that a session has in a store: its own entry, and its place in the user's list."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Self

from auth_flow._config import AuthConfig
from auth_flow._user_pool import UserPool
from auth_flow.errors import NoSession, StoreError
from auth_flow.session._shared_tokens import SharedTokens
from auth_flow.session._stored import StoredSession, session_key
from auth_flow.session._user_sessions import UserSessions
from auth_flow.states._devices import NewDevice
from auth_flow.states._tokens import Tokens


def new_session_id() -> str:
    """Return a session id that cannot be guessed: 128 random bits as URL-safe text."""
    return secrets.token_urlsafe(16)


class SessionStorage:
    """Stores one session. `config` contains the store; the methods raise `StoreError`."""

    def __init__(self, pool: UserPool, session_id: str, config: AuthConfig) -> None:
        if config.store is None:
            raise ValueError("A stored session needs a store: pass store=….")
        self._pool = pool
        self._session_id = session_id
        self._config = config
        self._store = config.store
        self._tokens = SharedTokens(
            config.store,
            session_key(pool, session_id),
            config.clock,
            grace=config.refresh_grace,
            lease=config.refresh_lease,
            ttl=config.session_ttl,
        )
        self._session: StoredSession | None = None

    @classmethod
    async def find(
        cls, pool: UserPool, username: str | None, session_id: str | None, config: AuthConfig
    ) -> tuple[Self, str, StoredSession]:
        """Find a session by its id, or the latest one of a user. Return its id and its contents.

        Raises `NoSession`, also if the entry cannot be read.
        """
        if session_id is not None:
            ids = [session_id]
        elif username is not None and config.store is not None:
            ids = await UserSessions(config.store, pool, username, config.clock).read()
        else:
            raise ValueError("Loading a session needs store=… and a session id or a username.")
        for name in reversed(ids):
            storage = cls(pool, name, config)
            session = storage._session = await storage._tokens.load()
            if session is not None and username in (None, session.username):
                return storage, name, session
        raise NoSession("The store has no such session that can be read. Sign in again.")

    async def put(
        self,
        tokens: Tokens,
        *,
        username: str,
        login_id: str | None,
        new_device: NewDevice | None = None,
    ) -> None:
        """Store a new session. The list comes first, so that it lacks no session."""
        session = self._session = StoredSession(
            tokens,
            username,
            self._tokens.expiry(tokens),
            login_id,
            self._config.installation_id,
            new_device=new_device,
        )
        await self._list_of(session).add(self._session_id, session.expires_at)
        await self._tokens.put(session)

    async def step_up(
        self, tokens: Tokens, before: Tokens, *, username: str, new_device: NewDevice | None
    ) -> Tokens | None:
        """Store the tokens of a step-up, and return those that they replace: `before`, or newer
        ones that another process has stored.

        Return None if the session has ended in another process, or if another sign-in has its
        place.
        """
        expires_at = self._tokens.expiry(tokens)

        def stepped_up(session: StoredSession) -> StoredSession:
            if not session.continues(before):
                return session
            replaced = session.tokens.access_token.claims.origin_jti
            return replace(
                session,
                tokens=tokens,
                expires_at=expires_at,
                leased_until=0.0,
                new_device=new_device,
                earlier=(*session.earlier, *([replaced] if replaced else [])),
            )

        ours = self._session or StoredSession(before, username, expires_at)
        await self._list_of(ours).add(self._session_id, expires_at)
        found = await self._tokens.update(stepped_up, unreadable=ours)
        if found is None or not found.continues(before):
            return None
        self._session = stepped_up(found)
        return found.tokens

    async def successor(self, tokens: Tokens) -> Tokens | None:
        """Return the tokens by which another process has replaced `tokens` in a step-up, if any."""
        session = await self._tokens.load()
        origin = tokens.access_token.claims.origin_jti
        return session.tokens if session and origin in session.earlier else None

    async def renew(
        self, stale: Tokens, renew: Callable[[Tokens], Awaitable[Tokens]], *, username: str
    ) -> Tokens | None:
        """Return newer tokens than `stale`, as `SharedTokens.renew` does."""
        before = self._session or StoredSession(stale, username, self._tokens.expiry(stale))
        session = await self._tokens.renew(replace(before, tokens=stale), renew)
        if session is None:
            return None
        self._session = session
        with suppress(StoreError):  # the tokens are stored, which is what matters
            await self._list_of(session).add(self._session_id, session.expires_at)
        return session.tokens

    async def confirm_device(self) -> None:
        """Keep that no new device is left to confirm."""
        if self._session is not None and self._session.new_device is not None:
            self._session = replace(self._session, new_device=None)
            await self._tokens.update(lambda session: replace(session, new_device=None))

    async def clear(self, tokens: Tokens, *, username: str) -> None:
        """Delete a session that is over. An entry of another sign-in stays."""
        await self._tokens.clear(tokens)
        if await self._tokens.load() is None:
            await UserSessions(self._store, self._pool, username, self._config.clock).remove(
                self._session_id
            )

    async def take_away(self) -> Tokens | None:
        """Delete the session, whatever it contains, and return its tokens if they can be read."""
        session = await self._tokens.load()
        await self._store.delete(session_key(self._pool, self._session_id))
        return session.tokens if session else None

    def _list_of(self, session: StoredSession) -> UserSessions:
        return UserSessions(self._store, self._pool, session.username, self._config.clock)
