"""Ending sessions at the service, and all the stored sessions of a user."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Unpack

from auth_flow._config import AuthConfig, AuthOptions, configured
from auth_flow._user_pool import UserPool
from auth_flow.errors import AuthFlowError
from auth_flow.session._listed_sessions import linked
from auth_flow.session._storage import SessionStorage
from auth_flow.session._user_sessions import UserSessions
from auth_flow.states._base import in_clear
from auth_flow.states._requests import present
from auth_flow.states._tokens import Tokens
from auth_flow.transports._base import Transport


@dataclass(frozen=True, slots=True)
class SignOutResult:
    """The result of a sign-out. Local tokens are always discarded.

    `revoked` is True if the service has invalidated them too. `error` is the name of the error that
    kept it from doing so. `logout_url` ends the session of the hosted pages, if the browser visits
    it; sessions at identity providers are not ended by it.
    """

    revoked: bool
    error: str | None = None
    logout_url: str | None = None


async def revoke(
    pool: UserPool, transport: Transport, tokens: Tokens, *, associated: bool = False
) -> bool:
    """Invalidate a refresh token, by RevokeToken. Return False if the tokens cannot be revoked.

    That is the case without a refresh token, and for an app client without revocation, whose tokens
    have no `origin_jti`. With `associated`, the sessions that are linked to this one end as well.
    Raises the errors of the transport.
    """
    if tokens.refresh_token is None or tokens.access_token.claims.origin_jti is None:
        return False
    secret = pool.client_secret
    members = {
        "ClientId": pool.client_id,
        "ClientSecret": secret,
        "Token": tokens.refresh_token,
        "RevokeAssociatedSessions": linked(associated),
    }
    await transport.call("RevokeToken", in_clear(present(members)))
    return True


async def try_to_revoke(pool: UserPool, transport: Transport, tokens: Tokens) -> SignOutResult:
    """Invalidate a refresh token, and report an error instead of raising it."""
    try:
        return SignOutResult(revoked=await revoke(pool, transport, tokens))
    except AuthFlowError as error:
        return SignOutResult(revoked=False, error=error.name)


async def sign_out_everywhere(
    pool: UserPool,
    username: str,
    *,
    config: AuthConfig | None = None,
    **options: Unpack[AuthOptions],
) -> dict[str, SignOutResult]:
    """End all the sessions of a user that are in the store. Return the result of each, by its id.

    `username` is the name in the pool. A store and a transport are needed. Each session is deleted
    from the store and its refresh token revoked; a process that still holds one learns of it at its
    next request to the pool. Sessions of other programs are left alone: `sign_out(global_=True)` of
    any session ends those as well.

    Raises `StoreError` if the store does not work, and `ValueError` without store or transport.
    """
    return await end_sessions(pool, username, configured(config, options))


async def end_sessions(
    pool: UserPool, username: str, config: AuthConfig, *, spare: Collection[str] = ()
) -> dict[str, SignOutResult]:
    """End the stored sessions of a user, except those whose ids are in `spare`."""
    if config.store is None or config.transport is None:
        raise ValueError("Ending the sessions of a user needs store=… and transport=….")
    results: dict[str, SignOutResult] = {}
    listed = UserSessions(config.store, pool, username, config.clock)
    for session_id in await listed.read():
        if session_id in spare:
            continue
        tokens = await SessionStorage(pool, session_id, config).take_away()
        results[session_id] = (
            await try_to_revoke(pool, config.transport, tokens)
            if tokens
            else SignOutResult(revoked=False)
        )
    await listed.remove(*results)
    return results
