"""Tokens as values: opaque text, and the claims one can read in it."""

from __future__ import annotations

import base64
import binascii

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from auth_flow.errors import MalformedResponse


class Claims(BaseModel):
    """What Cognito states in an access or id token. Further claims are kept as they are (`claims.model_extra`).

    Times are seconds since the epoch. Reading is not verifying: the signature proves nothing until it is checked against the
    pool's keys.
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
        """Read the claims of a JWT. Raises `MalformedResponse` where it is none, without showing it."""
        try:
            payload = token.get_secret_value().split(".")[1]
            return cls.model_validate_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, binascii.Error, ValidationError):
            raise MalformedResponse("a token is no JWT with a subject", operation=operation) from None
