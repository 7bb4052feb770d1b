"""A session in a store: the names of its entries, and what they contain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ConfigDict, SecretStr, ValidationError

from auth_flow._user_pool import UserPool
from auth_flow.errors import MalformedResponse
from auth_flow.states._devices import NewDevice
from auth_flow.states._replies import Reply
from auth_flow.states._tokens import Tokens


def session_key(pool: UserPool, session_id: str) -> str:
    """Return the name of a session's entry. Pools and app clients can share a store."""
    return f"session/{pool.user_pool_id}/{pool.client_id}/{session_id}"


def user_key(pool: UserPool, username: str) -> str:
    """Return the name of the entry that lists the sessions of a user."""
    return f"user/{pool.user_pool_id}/{pool.client_id}/{username}"


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is stored. Times are seconds since the epoch.

    `earlier` has the `origin_jti` of each sign-in whose tokens a step-up has replaced.
    `expires_at` is the end of the entry: the time to live, counted from the last refresh token that
    the service issued. `leased_until` is the end of the lease of a process that refreshes the
    tokens, 0 if there is none. `new_device` is a device that the service has not confirmed yet.
    """

    tokens: Tokens
    username: str
    expires_at: float
    login_id: str | None = None
    installation_id: str | None = None
    leased_until: float = 0.0
    new_device: NewDevice | None = None
    earlier: tuple[str, ...] = ()

    def continues(self, tokens: Tokens) -> bool:
        """Return whether this is the session of `tokens`: they belong to the same sign-in or to one
        that a step-up followed, or to the same user if the service does not name the sign-in.
        """
        here, there = self.tokens.access_token.claims, tokens.access_token.claims
        if here.origin_jti and there.origin_jti:
            return there.origin_jti in (here.origin_jti, *self.earlier)
        return here.subject == there.subject

    def to_text(self) -> str:
        """Return the value of the entry. It contains the tokens, unencrypted."""
        return json.dumps(
            {
                "tokens": self.tokens.to_json(),
                "username": self.username,
                "expires_at": self.expires_at,
                "login_id": self.login_id,
                "installation_id": self.installation_id,
                "leased_until": self.leased_until,
                "earlier": self.earlier,
                "new_device": self.new_device and self.new_device.model_dump(),
            }
        )

    @classmethod
    def of(cls, text: str) -> StoredSession | None:
        """Read the value of an entry. Return None if it is damaged."""
        try:
            entry = _Entry.model_validate_json(text)
            tokens = Tokens.read(**entry.tokens.model_dump())
        except (ValidationError, MalformedResponse):
            return None
        return cls(
            tokens,
            entry.username,
            entry.expires_at,
            entry.login_id,
            entry.installation_id,
            entry.leased_until,
            entry.new_device,
            tuple(entry.earlier),
        )


class _Texts(Reply):
    access_token: SecretStr
    id_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    hosted: bool = False


class _Entry(Reply):
    model_config = ConfigDict(allow_inf_nan=False)

    tokens: _Texts
    username: str
    expires_at: float
    login_id: str | None = None
    installation_id: str | None = None
    leased_until: float
    earlier: list[str]
    new_device: NewDevice | None = None


def read_index(text: str) -> dict[str, float]:
    """Read the entry that lists the sessions of a user: their ids, and when each expires.

    Return an empty dictionary if the entry is damaged.
    """
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {
        str(session_id): float(expires_at)
        for session_id, expires_at in cast("dict[str, object]", values).items()
        if isinstance(expires_at, int | float)
    }
