"""The checks that OpenID Connect Core (3.1.3.7) asks of an id token from the token endpoint.

joserfc verifies the signature. It comes with the extra `jwt`, and is imported when it is needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from auth_flow.errors import InvalidToken, MissingExtra
from auth_flow.states._base import Secret, reveal
from auth_flow.states._claims import numeric_date

ALGORITHMS = ("RS256",)
"""The algorithm of Cognito's signatures."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The claims that an id token must have. `leeway` and `max_age` are in seconds.

    `nonce` is the one of the authorize request. `max_age` bounds `auth_time` if the caller asked
    for it. `leeway` is how far the clocks may differ.
    """

    issuers: Collection[str]
    client_id: str
    nonce: str | None = None
    max_age: int | None = None
    leeway: float = 60.0


def require_joserfc() -> None:
    """Raise `MissingExtra` if signatures cannot be verified here: before anybody is sent away."""
    try:
        importlib.import_module("joserfc")
    except ImportError:
        raise MissingExtra("Sign-in with a provider", "jwt") from None


def key_id(token: str) -> str | None:
    """Return the `kid` of a JWT's header, None if it has none that is text."""
    return _text(_part(token, 0).get("kid"))


def key_ids(document: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the ids of the keys in a JWK set; an unreadable set has none."""
    keys = (document or {}).get("keys")
    found = cast("list[object]", keys) if isinstance(keys, list) else []
    named = [cast("dict[str, object]", key).get("kid") for key in found if isinstance(key, dict)]
    return frozenset(name for name in named if isinstance(name, str))


def check_id_token(
    token: Secret,
    access_token: Secret,
    expected: Expected,
    *,
    now: float,
    jwks: Mapping[str, Any] | None,
) -> None:
    """Check an id token. Raises `InvalidToken` saying which of its statements is wrong.

    `jwks` is the issuer's key set. None leaves the signature out, which OpenID Connect allows for
    a token that came straight from the token endpoint over TLS.
    """
    claims = _part(reveal(token), 1) if jwks is None else _verified(token, jwks)
    if _text(claims.get("iss")) not in expected.issuers:
        raise InvalidToken("The id token is of another issuer.")
    audience = claims.get("aud")
    if expected.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidToken("The id token is for another client.")
    if claims.get("token_use") not in (None, "id"):
        raise InvalidToken("The token endpoint sent another token as id token.")
    if _seconds(claims, "exp") + expected.leeway <= now:
        raise InvalidToken("The id token has expired; is the clock of this machine right?")
    if expected.nonce is not None and not _same(claims.get("nonce"), expected.nonce):
        raise InvalidToken("The id token does not carry the nonce of this sign-in.")
    at_hash = claims.get("at_hash")
    if at_hash is not None and not _same(at_hash, _hash_of(reveal(access_token))):
        raise InvalidToken("The id token belongs to another access token.")
    if expected.max_age is not None:
        signed_in_at = _seconds(claims, "auth_time")
        if signed_in_at + expected.max_age + expected.leeway < now:
            raise InvalidToken("The person signed in longer ago than max_age allows.")


def _verified(token: Secret, jwks: Mapping[str, Any]) -> dict[str, Any]:
    require_joserfc()
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        keys = KeySet.import_key_set(cast("Any", dict(jwks)))
        return jwt.decode(reveal(token), keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise InvalidToken("The id token is not signed by the user pool.") from None


def _part(token: str, index: int) -> dict[str, Any]:
    try:
        text = token.split(".")[index]
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (IndexError, ValueError, RecursionError):
        raise InvalidToken("The id token is not a JWT.") from None
    if not isinstance(value, dict):
        raise InvalidToken("The id token is not a JWT.")
    return cast("dict[str, Any]", value)


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    seconds = numeric_date(claims.get(name))
    if seconds is None:
        raise InvalidToken(f"The id token has no {name}.")
    return seconds


def _hash_of(access_token: str) -> str:
    """`at_hash` (OpenID Connect Core 3.1.3.6): the left half of the SHA-256 digest."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).decode().rstrip("=")


def _same(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(
        value.encode("utf-8", "replace"), expected.encode()
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
