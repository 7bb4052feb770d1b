"""An issuer for tests: keys, and id tokens signed with them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

NOW = 1_800_000_000
ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"
CLIENT_ID = "1example"

KEY = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "key-1"})
JWKS: dict[str, Any] = {"keys": [KEY.as_dict(private=False)]}


def at_hash(access_token: str) -> str:
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).decode().rstrip("=")


def sign(claims: dict[str, Any], key: RSAKey = KEY, kid: str = "key-1") -> str:
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


def access_token(**claims: Any) -> str:
    return sign(
        {
            "sub": "11111111-2222-4333-8444-555555555555",
            "iss": ISSUER,
            "client_id": CLIENT_ID,
            "token_use": "access",
            "username": "ada",
            "scope": "openid aws.cognito.signin.user.admin",
            "iat": NOW,
            "exp": NOW + 3600,
            "origin_jti": "o1",
            **claims,
        }
    )


def id_token(access: str, **claims: Any) -> str:
    """An id token that goes with an access token; a claim that is None is left out."""
    values = {
        "sub": "11111111-2222-4333-8444-555555555555",
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "token_use": "id",
        "cognito:username": "ada",
        "at_hash": at_hash(access),
        "auth_time": NOW,
        "iat": NOW,
        "exp": NOW + 3600,
        **claims,
    }
    return sign({name: value for name, value in values.items() if value is not None})
