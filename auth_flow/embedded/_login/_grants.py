"""Tokens as the OAuth endpoints issue them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from auth_flow.embedded._context import Context
from auth_flow.embedded._grants import Requested, open_grant
from auth_flow.embedded._levels import Method
from auth_flow.embedded._login_models import AuthorizeRequest
from auth_flow.embedded._models import Client, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._settings import SECONDS_IN


async def issue(
    pool: EmbeddedUserPool,
    client: Client,
    user: User,
    request: AuthorizeRequest,
    auth_time: int,
    methods: Iterable[Method],
) -> dict[str, Any]:
    """Begin a family of tokens for a sign-in of managed login.

    They name the `methods` if the application has asked for an authentication level.
    """
    context = Context.about(pool, user, client_id=client.id)
    requested = Requested(request.scopes, auth_time, request.nonce, request.resource)
    result = await open_grant(
        context,
        client,
        device_key=None,
        source="HostedAuth",
        requested=requested,
        methods=methods if request.acr_values else (),
    )
    return as_oauth(result, request.scopes)


def as_oauth(result: Reply, scopes: list[str] | None) -> dict[str, Any]:
    """Return an AuthenticationResult by the names of OAuth. Only `openid` brings an ID token."""
    names = {
        "IdToken": "id_token",
        "AccessToken": "access_token",
        "RefreshToken": "refresh_token",
        "ExpiresIn": "expires_in",
        "TokenType": "token_type",
    }
    tokens = {names[name]: value for name, value in result.items() if name in names}
    if scopes is not None and "openid" not in scopes:
        del tokens["id_token"]
    return tokens


def machine_token(pool: EmbeddedUserPool, client: Client, scopes: list[str]) -> dict[str, Any]:
    """Return an access token for the client itself, which speaks for no user."""
    now, settings = int(pool.clock()), client.settings
    seconds = (
        settings.access_token_validity * SECONDS_IN[settings.token_validity_units.access_token]
    )
    claims = {
        "sub": client.id,
        "token_use": "access",
        "scope": " ".join(scopes),
        "auth_time": now,
        "iss": pool.issuer,
        "exp": now + seconds,
        "iat": now,
        "version": 2,
        "jti": str(uuid.uuid4()),
        "client_id": client.id,
    }
    return {"access_token": pool.key.sign(claims), "expires_in": seconds, "token_type": "Bearer"}
