"""Tokens as values: their texts, their claims, and how long this machine can use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import SecretStr

from auth_flow.states._base import Secret, reveal
from auth_flow.states._claims import LAST_DATE, Claims
from auth_flow.states._replies import AuthenticationResult

LEEWAY = 5.0
"""Seconds before its end from which a token counts as expired: a request needs time to arrive."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access or id token: its text, which is a secret, and its claims, which may be personal
    data.
    """

    text: SecretStr
    claims: Claims = field(repr=False)

    @classmethod
    def of(cls, text: Secret, operation: str) -> Self:
        """Read a token. Raises `MalformedResponse`, which names `operation`, if it is not a JWT."""
        return cls(SecretStr(reveal(text)), Claims.of(text, operation))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The result of a sign-in or a refresh. The id token and the refresh token may be absent.

    `clock_drift` is the number of seconds that the service's clock is ahead of this machine's. It
    is measured each time tokens are issued, so that a wrong clock here neither keeps a token too
    long nor refreshes it all the time. It is true for this machine only, so it is never stored.
    """

    access_token: Token
    id_token: Token | None = None
    refresh_token: SecretStr | None = None
    clock_drift: float = field(default=0.0, compare=False)
    hosted: bool = False
    """True if they come from the token endpoint of the pool's domain, and are refreshed there."""

    @classmethod
    def issued(
        cls,
        result: AuthenticationResult,
        operation: str,
        *,
        now: float,
        before: Tokens | None = None,
        hosted: bool = False,
    ) -> Self:
        """Read tokens that the service issued just now.

        `now` is this machine's time, in seconds since the epoch. If a refresh brings no new refresh
        token, the one in `before` stays in force. Raises `MalformedResponse`.
        """
        access = Token.of(result.access_token, operation)
        issued_at = access.claims.issued_at
        if issued_at is not None and 0 < issued_at < LAST_DATE:
            clock_drift = issued_at - now
        else:
            clock_drift = before.clock_drift if before else 0.0
        return cls(
            access,
            Token.of(result.id_token, operation) if result.id_token else None,
            result.refresh_token or (before.refresh_token if before else None),
            clock_drift,
            hosted or (before is not None and before.hosted),
        )

    @classmethod
    def read(
        cls,
        access_token: Secret,
        id_token: Secret | None = None,
        refresh_token: Secret | None = None,
        clock_drift: float = 0.0,
        hosted: bool = False,
    ) -> Self:
        """Read tokens that were obtained elsewhere, or earlier. Raises `MalformedResponse`."""
        return cls(
            Token.of(access_token, "restore_session"),
            Token.of(id_token, "restore_session") if id_token else None,
            SecretStr(reveal(refresh_token)) if refresh_token else None,
            clock_drift,
            hosted,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the texts of the tokens, unencrypted, as keyword arguments for `read`."""
        return {
            "access_token": self.access_token.text.get_secret_value(),
            "id_token": self.id_token.text.get_secret_value() if self.id_token else None,
            "refresh_token": self.refresh_token.get_secret_value() if self.refresh_token else None,
            **({"hosted": True} if self.hosted else {}),
        }

    @property
    def bearer(self) -> str:
        """The value of an `Authorization` header (RFC 6750). It is a secret."""
        return f"Bearer {self.access_token.text.get_secret_value()}"

    @property
    def username(self) -> str | None:
        """The user's name in the pool."""
        named = self.id_token.claims.cognito_username if self.id_token else None
        return named or self.access_token.claims.username

    @property
    def expires_at(self) -> float | None:
        """When the access token expires, in seconds since the epoch by this machine's clock.

        None if the token does not contain it.
        """
        return _end(self.access_token, self.clock_drift)

    def fresh_at(self, now: float) -> bool:
        """Return whether access token and id token can still be used at `now`.

        A token without an expiry cannot.
        """
        ends = [
            _end(token, self.clock_drift) for token in (self.access_token, self.id_token) if token
        ]
        return all(end is not None and now + LEEWAY <= end for end in ends)


def _end(token: Token, clock_drift: float) -> float | None:
    expires_at = token.claims.expires_at
    return None if expires_at is None else min(max(expires_at - clock_drift, 0.0), LAST_DATE)
