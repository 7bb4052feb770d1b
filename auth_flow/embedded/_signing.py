"""A pool's RS256 key, which signs tokens and verifies them, and the claims of any token."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from auth_flow.embedded._fault import not_authorized
from auth_flow.errors import MissingExtra

try:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey
except ImportError:
    raise MissingExtra("The embedded user pool", "embedded") from None


class SigningKey:
    """An RSA key of 2048 bits.

    Making a key takes a good part of a second, so tests may give one key to many pools.
    """

    def __init__(self, key: RSAKey | None = None) -> None:
        self._key = key or RSAKey.generate_key(2048, auto_kid=True)

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a JWT with these claims."""
        header = {"alg": "RS256", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, default_type=None)

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of a token, which may have expired.

        Raises NotAuthorizedException if this key did not sign it.
        """
        try:
            return dict(jwt.decode(token, self._key, algorithms=["RS256"]).claims)
        except (JoseError, ValueError):
            raise not_authorized("Invalid Access Token") from None

    @property
    def public(self) -> dict[str, Any]:
        """The public half as a JSON Web Key."""
        return {**self._key.as_dict(private=False), "alg": "RS256", "use": "sig"}

    def dump(self) -> dict[str, Any]:
        """Return the whole key, with its private half, for `load`."""
        return dict(self._key.as_dict(private=True))

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> SigningKey:
        """Return a key that was dumped."""
        return cls(RSAKey.import_key(dumped))


def claims_in(token: str) -> dict[str, Any]:
    """Return the claims of a token without verifying them; none if it cannot be read."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))  # more than enough
    except (IndexError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", claims) if isinstance(claims, dict) else {}


def pool_id_in(claims: dict[str, Any]) -> str:
    """Return the id of the pool that a token names as its issuer."""
    return str(claims.get("iss", "")).rpartition("/")[2]
