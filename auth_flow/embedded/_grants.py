"""Refresh tokens: issued after a sign-in, renewed, and revoked, a family at a time."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from auth_flow.embedded._claims import TokenSource, token_claims
from auth_flow.embedded._context import Context
from auth_flow.embedded._fault import Fault, not_authorized
from auth_flow.embedded._levels import Method
from auth_flow.embedded._models import Client, Grant, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_may_sign_in
from auth_flow.embedded._settings import SECONDS_IN


class Requested(NamedTuple):
    """The wishes of an application that got its tokens in exchange for a code."""

    scopes: list[str]
    auth_time: int
    nonce: str | None = None
    resource: str | None = None


async def open_grant(
    context: Context,
    client: Client,
    *,
    device_key: str | None,
    source: TokenSource,
    requested: Requested | None = None,
    methods: Iterable[Method] = (),
) -> Reply:
    """Begin a family of tokens and return its first AuthenticationResult.

    `methods` are those of a sign-in that asked for an authentication level, or of managed login.
    """
    pool, settings, now = context.pool, client.settings, context.pool.clock()
    grant = Grant(
        origin_jti=str(uuid.uuid4()),
        client_id=client.id,
        username=context.username,
        auth_time=requested.auth_time if requested else int(now),
        methods=list(methods),
        expires_at=now
        + settings.refresh_token_validity * SECONDS_IN[settings.token_validity_units.refresh_token],
        event_id=str(uuid.uuid4()),
        device_key=device_key,
        scopes=requested.scopes if requested else None,
        nonce=requested.nonce if requested else None,
        resource=requested.resource if requested else None,
    )
    result = await _tokens(context, client, grant, source)
    pool.check_exists(context.existing_user)
    result["RefreshToken"] = _new_refresh_token(grant)
    pool.grants.put(grant.origin_jti, grant)
    return result


async def refresh(
    pool: EmbeddedUserPool,
    client: Client,
    refresh_token: str,
    *,
    device_key: str | None,
    client_metadata: dict[str, str] | None = None,
) -> Reply:
    """Return the AuthenticationResult for a refresh token, with the next refresh token if the
    client rotates them.
    """
    grant = find_grant(pool, refresh_token)
    user = pool.user(grant.username) if grant else None
    if (
        grant is None
        or user is None
        or grant.client_id != client.id
        or not _is_on_its_device(pool, user, grant, device_key)
    ):
        raise not_authorized("Invalid Refresh Token")
    if grant.revoked:
        raise not_authorized("Refresh Token has been revoked")
    if grant.expires_at <= pool.clock():
        raise not_authorized("Refresh Token has expired")
    check_may_sign_in(user)
    works_until = grant.refresh_tokens[_digest(refresh_token)]
    if works_until is not None and works_until <= pool.clock():
        raise Fault("RefreshTokenReuseException", "Refresh token has already been used.")
    context = Context.about(pool, user, client_id=client.id, client_metadata=client_metadata)
    result = await _tokens(context, client, grant, "RefreshTokens")
    grant.last_active = pool.clock()
    rotation = client.settings.refresh_token_rotation
    if rotation.feature == "ENABLED":
        if works_until is None:
            grant.refresh_tokens[_digest(refresh_token)] = (
                pool.clock() + rotation.retry_grace_period_seconds
            )
        result["RefreshToken"] = _new_refresh_token(grant)
    pool.grants.put(grant.origin_jti, grant)
    return result


def find_grant(pool: EmbeddedUserPool, refresh_token: str) -> Grant | None:
    """Return the family of a refresh token, revoked or not."""
    grant = pool.grants.get(refresh_token.partition(".")[0])
    return grant if grant and _digest(refresh_token) in grant.refresh_tokens else None


def revoke(pool: EmbeddedUserPool, grant: Grant) -> None:
    """End a family: the service no longer accepts any of its tokens."""
    grant.revoked = True
    pool.grants.put(grant.origin_jti, grant)


def revoke_all(pool: EmbeddedUserPool, user: User) -> None:
    """Sign a user out everywhere."""
    for grant in pool.grants_of(user):
        revoke(pool, grant)


def _new_refresh_token(grant: Grant) -> str:
    token = f"{grant.origin_jti}.{secrets.token_urlsafe(256)}"
    grant.refresh_tokens[_digest(token)] = None
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _is_on_its_device(
    pool: EmbeddedUserPool, user: User, grant: Grant, device_key: str | None
) -> bool:
    """Return whether a refresh comes from the device that the tokens were issued to.

    The device has to be confirmed first, and the tokens end with it.
    """
    if grant.device_key is None or pool.settings.device_tracking == "OFF":
        return True
    device = user.devices.get(grant.device_key)
    return device is not None and device.verifier is not None and device.key == device_key


async def _tokens(context: Context, client: Client, grant: Grant, source: TokenSource) -> Reply:
    claims, key = await token_claims(context, client, grant, source), context.pool.key
    access = key.sign(claims.access)
    hosted = {} if grant.scopes is None else {"at_hash": _half_hash(access)}
    return {
        "AccessToken": access,
        "IdToken": key.sign({**claims.identity, **hosted}),
        "TokenType": "Bearer",
        "ExpiresIn": claims.access["exp"] - claims.access["iat"],
    }


def _half_hash(token: str) -> str:
    """Return the `at_hash` of an access token: half of its SHA-256, as OpenID Connect defines."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
