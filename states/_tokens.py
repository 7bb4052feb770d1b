"""Tokens as values: opaque text, the claims one can read in it, and until when they are good by
this machine's clock.
"""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from auth_flow.errors import MalformedResponse
from auth_flow.states._base import Secret, reveal
from auth_flow.states._replies import AuthenticationResult

LEEWAY = 5.0
"""Seconds before its end from which a token counts as expired: a request needs time to arrive."""


class Claims(BaseModel):
    """What Cognito states in an access or id token. Further claims are kept as they are
    (`claims.model_extra`).

    Times are seconds since the epoch. Reading is not verifying: the signature proves nothing until
    it is checked against the pool's keys (`auth_flow.verification._verifier`).
    """

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True, populate_by_name=True)

    subject: str = Field(alias="sub")
    username: str | None = None
    cognito_username: str | None = Field(None, alias="cognito:username")
    issuer: str | None = Field(None, alias="iss")
    issued_at: int | None = Field(None, alias="iat")
    expires_at: int | None = Field(None, alias="exp")
    token_use: str | None = None
    scope: str = ""
    origin_jti: str | None = None

    @classmethod
    def of(cls, token: SecretStr, operation: str) -> Claims:
        """Read the claims of a JWT. Raises `MalformedResponse` where it is none, without showing
        it.
        """
        with contextlib.suppress(IndexError, ValueError):
            payload = token.get_secret_value().split(".")[1]
            return cls.model_validate_json(
                base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
            )
        raise MalformedResponse("a token is no JWT with a subject", operation=operation)


@dataclass(frozen=True, slots=True)
class Token:
    """An access or id token: its text, which is a secret, and its claims, which may hold personal
    data.
    """

    text: SecretStr
    claims: Claims = field(repr=False)

    @classmethod
    def of(cls, text: SecretStr, operation: str) -> Self:
        """Read a token. `operation` is what brought it, for the `MalformedResponse` that is raised
        where it is none.
        """
        return cls(text, Claims.of(text, operation))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in or a refresh gave. Id and refresh token may be absent.

    `clock_drift` is how many seconds the service's clock is ahead of this machine's: it was read
    off the access token when that had just been issued, so that a wrong clock here neither keeps a
    token too long nor refreshes it all the time.
    """

    access_token: Token
    id_token: Token | None = None
    refresh_token: SecretStr | None = None
    clock_drift: float = 0.0

    @classmethod
    def issued(
        cls,
        result: AuthenticationResult,
        operation: str,
        *,
        now: float,
        before: Tokens | None = None,
    ) -> Self:
        """Tokens that were issued just now. A refresh that brings no new refresh token leaves the
        one `before` in force.
        """
        access = Token.of(result.access_token, operation)
        issued_at = access.claims.issued_at
        return cls(
            access,
            Token.of(result.id_token, operation) if result.id_token else None,
            result.refresh_token or (before.refresh_token if before else None),
            issued_at - now if issued_at is not None else 0.0,
        )

    @classmethod
    def read(
        cls,
        access_token: Secret,
        id_token: Secret | None = None,
        refresh_token: Secret | None = None,
        clock_drift: float = 0.0,
    ) -> Self:
        """Tokens that were obtained elsewhere, or earlier. Raises `MalformedResponse` where one is
        no token.
        """
        access, identity, refresh = (
            SecretStr(reveal(text)) if text else None
            for text in (access_token, id_token, refresh_token)
        )
        return cls(
            Token.of(access or SecretStr(""), "restore_session"),
            Token.of(identity, "restore_session") if identity else None,
            refresh,
            clock_drift,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the arguments of `read` as JSON values, in clear: for a store that keeps
        secrets.
        """
        return {
            "access_token": self.access_token.text.get_secret_value(),
            "id_token": self.id_token.text.get_secret_value() if self.id_token else None,
            "refresh_token": self.refresh_token.get_secret_value() if self.refresh_token else None,
            "clock_drift": self.clock_drift,
        }

    @property
    def username(self) -> str | None:
        """The user's name in the pool."""
        named = self.id_token.claims.cognito_username if self.id_token else None
        return named or self.access_token.claims.username

    @property
    def expires_at(self) -> float | None:
        """When the access token ends, in seconds since the epoch by this machine's clock. None
        where it does not say.
        """
        return _end(self.access_token, self.clock_drift)

    def fresh_at(self, now: float) -> bool:
        """Whether both tokens are still good at `now`. A token that does not say when it ends is
        not.
        """
        ends = [
            _end(token, self.clock_drift) for token in (self.access_token, self.id_token) if token
        ]
        return all(end is not None and now + LEEWAY <= end for end in ends)


def _end(token: Token, clock_drift: float) -> float | None:
    expires_at = token.claims.expires_at
    return None if expires_at is None else expires_at - clock_drift
