"""The replies that the benchmarks sign in with. Nothing is checked."""

from __future__ import annotations

import base64
import json
from typing import Any

from auth_flow import UserPool

POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example23456789")


def token() -> str:
    """Return an unsigned token with the claims of a token from Cognito."""
    claims = {
        "sub": "11111111-2222-4333-8444-555555555555",
        "username": "ada",
        "exp": 4102444800,
        "iat": 1700000000,
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256"}, claims)
    ]
    return ".".join([*parts, "c2ln"])


TOKENS = {
    "AuthenticationResult": {
        "AccessToken": token(),
        "IdToken": token(),
        "RefreshToken": "r",
        "ExpiresIn": 3600,
    }
}
CUSTOM = {
    "ChallengeName": "CUSTOM_CHALLENGE",
    "Session": "s" * 900,
    "ChallengeParameters": {"USERNAME": "ada", "round": "1"},
}
SMS = {
    "ChallengeName": "SMS_MFA",
    "Session": "s" * 900,
    "ChallengeParameters": {"CODE_DELIVERY_DESTINATION": "+*******0100"},
}
SRP = {
    "ChallengeName": "PASSWORD_VERIFIER",
    "ChallengeParameters": {
        "USERNAME": "ada",
        "USER_ID_FOR_SRP": "ada",
        "SALT": "2b0f6c1de9a4c37f5a1b90d2c4e87f13",
        "SRP_B": "a5" * 384,
        "SECRET_BLOCK": "c2VjcmV0" * 200,
    },
}


def reply_to(request: dict[str, Any]) -> dict[str, Any]:
    """Return the challenge of SRP to its beginning, a code to the user `grace`, and else tokens."""
    parameters = request.get("AuthParameters", {})
    if "SRP_A" in parameters:
        return SRP
    return SMS if parameters.get("USERNAME") == "grace" else TOKENS


def answer(request: bytes) -> bytes:
    """Return the same in JSON."""
    return json.dumps(reply_to(json.loads(request))).encode()
