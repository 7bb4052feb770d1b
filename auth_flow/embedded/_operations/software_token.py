"""Associating and verifying software tokens, by the session of a sign-in or by access token."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded import _totp as totp
from auth_flow.embedded._challenges.attempt import Attempt
from auth_flow.embedded._fault import Fault, invalid_parameter, invalid_session
from auth_flow.embedded._models import PendingSignIn, Totp
from auth_flow.embedded._operations.shapes import AccessToken, SessionToken
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._sessions import open_session


class AssociateSoftwareTokenRequest(Request):
    access_token: AccessToken | None = None
    session: SessionToken | None = None


class VerifySoftwareTokenRequest(Request):
    user_code: Annotated[str, Field(min_length=6, max_length=6, pattern=r"^[0-9]+$")]
    access_token: AccessToken | None = None
    session: SessionToken | None = None
    friendly_device_name: str | None = None


@operation(AssociateSoftwareTokenRequest)
async def associate_software_token(
    service: CognitoService, request: AssociateSoftwareTokenRequest
) -> Reply:
    """Make a secret. VerifySoftwareToken registers it with a code."""
    token = Totp(secret=totp.new_secret())
    if request.access_token is not None:
        caller = service.caller(request.access_token)
        caller.user.pending_totp = token
        caller.pool.save(caller.user)
        return {"SecretCode": token.secret}
    pool = _pool_of(service, request.session)
    with open_session(pool, None, request.session) as session:
        _check_set_up(session)
        session.totp, session.totp_verified = token, False
        return {"SecretCode": token.secret, "Session": _put_away(pool, session)}


@operation(VerifySoftwareTokenRequest)
async def verify_software_token(
    service: CognitoService, request: VerifySoftwareTokenRequest
) -> Reply:
    """Register the associated token with one of its codes.

    By session, later sign-ins ask for it at once. By access token, it has to be turned on with
    SetUserMFAPreference, and is discarded after too many wrong codes.
    """
    if request.access_token is not None:
        caller = service.caller(request.access_token)
        user = caller.user
        if user.pending_totp is None:
            raise Fault("SoftwareTokenMFANotFoundException", "No software token was associated.")
        try:
            _check_code(caller.pool, user.pending_totp, request.user_code)
        except Fault:
            user.pending_totp.wrong += 1
            if user.pending_totp.wrong >= caller.pool.settings.limits.wrong_codes:
                user.pending_totp = None
            caller.pool.save(user)
            raise
        user.totp, user.pending_totp = user.pending_totp, None
        caller.pool.save(user)
        return {"Status": "SUCCESS"}
    pool = _pool_of(service, request.session)
    with open_session(pool, None, request.session) as session:
        _check_set_up(session)
        if session.totp is None:
            raise Fault("SoftwareTokenMFANotFoundException", "No software token was associated.")
        owner = pool.user(session.username)
        if owner is None:
            raise invalid_session()
        _check_code(pool, session.totp, request.user_code)
        owner.totp, session.totp, session.totp_verified = session.totp, None, True
        owner.turn_on("SOFTWARE_TOKEN_MFA")
        pool.save(owner)
        return {"Status": "SUCCESS", "Session": _put_away(pool, session)}


def _pool_of(service: CognitoService, token: str | None) -> EmbeddedUserPool:
    if token is None:
        raise invalid_parameter("Either an access token or a session is required.")
    for pool in service.pools.values():
        if pool.sessions.get(token):
            return pool
    raise invalid_session()


def _check_set_up(session: PendingSignIn) -> None:
    if session.challenge != "MFA_SETUP" or "SOFTWARE_TOKEN_MFA" not in session.choices:
        raise invalid_session()


def _check_code(pool: EmbeddedUserPool, token: Totp, given: str) -> None:
    step = totp.matching_step(token.secret, given, pool.clock())
    if step is None:
        raise Fault(
            "EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA"
        )
    token.last_step = step


def _put_away(pool: EmbeddedUserPool, session: PendingSignIn) -> str:
    client = pool.clients.get(session.client_id)
    if client is None:
        raise invalid_session()
    return Attempt(pool, client, session, pool.user(session.username)).put_away()
