"""Tokens: handed out after a sign-in, renewed, and revoked, a family at a time."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import Any

from auth_flow.embedded._fault import Fault, not_authorized
from auth_flow.embedded._models import Client, Grant, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import ADMIN_SCOPE, check_may_sign_in
from auth_flow.embedded._settings import SECONDS_IN
from auth_flow.embedded._triggers import fire


async def open_grant(
    pool: EmbeddedUserPool, client: Client, user: User, *, device_key: str | None, source: str
) -> Reply:
    """Begin a family of tokens and return its first AuthenticationResult. `source` is for the
    PreTokenGeneration trigger.
    """
    now = pool.clock()
    settings = client.settings
    grant = Grant(
        origin_jti=str(uuid.uuid4()),
        client_id=client.id,
        username=user.username,
        auth_time=int(now),
        expires_at=now
        + settings.refresh_token_validity * SECONDS_IN[settings.token_validity_units.refresh_token],
        event_id=str(uuid.uuid4()),
        device_key=device_key,
    )
    result = await _tokens(pool, client, user, grant, source=source)
    result["RefreshToken"] = _new_refresh_token(grant)
    pool.grants.put(grant.origin_jti, grant)
    return result


async def refresh(
    pool: EmbeddedUserPool, client: Client, refresh_token: str, *, device_key: str | None
) -> Reply:
    """The AuthenticationResult for a refresh token; with rotation it holds the next refresh
    token.
    """
    grant = find_grant(pool, refresh_token)
    if (
        grant is None
        or grant.client_id != client.id
        or not _is_on_its_device(pool, grant, device_key)
    ):
        raise not_authorized("Invalid Refresh Token")
    if grant.revoked:
        raise not_authorized("Refresh Token has been revoked")
    if grant.expires_at <= pool.clock():
        raise not_authorized("Refresh Token has expired")
    user = pool.user(grant.username)
    if user is None:
        raise not_authorized("Invalid Refresh Token")
    check_may_sign_in(user)
    works_until = grant.refresh_tokens[_digest(refresh_token)]
    if works_until is not None and works_until <= pool.clock():
        raise Fault("RefreshTokenReuseException", "Refresh token has already been used.")
    result = await _tokens(pool, client, user, grant, source="RefreshTokens")
    grant.last_active = pool.clock()
    pool.grants.put(grant.origin_jti, grant)
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
    """The family of a refresh token, revoked or not."""
    grant = pool.grants.get(refresh_token.partition(".")[0])
    return grant if grant and _digest(refresh_token) in grant.refresh_tokens else None


def revoke(pool: EmbeddedUserPool, grant: Grant) -> None:
    """End a family: none of its tokens is accepted by the service any more."""
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


def _is_on_its_device(pool: EmbeddedUserPool, grant: Grant, device_key: str | None) -> bool:
    """Tokens of a device that was confirmed are renewed on that device only."""
    user = pool.user(grant.username)
    device = user.devices.get(grant.device_key or "") if user else None
    return device is None or device.verifier is None or device.key == device_key


async def _tokens(
    pool: EmbeddedUserPool, client: Client, user: User, grant: Grant, *, source: str
) -> Reply:
    now, settings = int(pool.clock()), client.settings
    access_seconds = (
        settings.access_token_validity * SECONDS_IN[settings.token_validity_units.access_token]
    )
    id_seconds = settings.id_token_validity * SECONDS_IN[settings.token_validity_units.id_token]
    common: dict[str, Any] = {
        "sub": user.sub,
        "iss": pool.issuer,
        "origin_jti": grant.origin_jti,
        "event_id": grant.event_id,
        "auth_time": grant.auth_time,
        "iat": now,
    }
    access = {
        **common,
        **({"device_key": grant.device_key} if grant.device_key else {}),
        "token_use": "access",
        "client_id": client.id,
        "username": user.username,
        "scope": ADMIN_SCOPE,
        "exp": now + access_seconds,
        "jti": str(uuid.uuid4()),
    }
    identity = {
        **common,
        **{
            name: value == "true" if name.endswith("_verified") else value
            for name, value in user.attributes.items()
        },
        "token_use": "id",
        "aud": client.id,
        "cognito:username": user.username,
        "exp": now + id_seconds,
        "jti": str(uuid.uuid4()),
    }
    response = await fire(
        pool,
        "PreTokenGeneration",
        source,
        client_id=client.id,
        username=user.username,
        user=user,
        response={"claimsOverrideDetails": None},
    )
    override: dict[str, Any] = (response or {}).get("claimsOverrideDetails") or {}
    identity |= override.get("claimsToAddOrOverride") or {}
    for name in override.get("claimsToSuppress") or ():
        identity.pop(name, None)
    return {
        "AccessToken": pool.key.sign(access),
        "IdToken": pool.key.sign(identity),
        "TokenType": "Bearer",
        "ExpiresIn": access_seconds,
    }
