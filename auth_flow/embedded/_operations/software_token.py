"""Associating and verifying software tokens, by the session of a sign-in or by access token."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field

from auth_flow.embedded import _totp as totp
from auth_flow.embedded._challenges.attempt import Attempt
from auth_flow.embedded._fault import Fault, invalid_parameter, invalid_session
from auth_flow.embedded._models import Totp
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
    with _set_up(service, request.session) as attempt:
        attempt.session.totp, attempt.session.totp_verified = token, False
        return {"SecretCode": token.secret, "Session": attempt.put_away()}


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
    with _set_up(service, request.session) as attempt:
        user, session = attempt.known_user, attempt.session
        if session.totp is None:
            raise Fault("SoftwareTokenMFANotFoundException", "No software token was associated.")
        _check_code(attempt.pool, session.totp, request.user_code)
        user.totp, session.totp, session.totp_verified = session.totp, None, True
        user.turn_on("SOFTWARE_TOKEN_MFA")
        attempt.pool.save(user)
        return {"Status": "SUCCESS", "Session": attempt.put_away()}


@contextmanager
def _set_up(service: CognitoService, token: str | None) -> Generator[Attempt]:
    """Open the session of a sign-in that sets a software token up."""
    if token is None:
        raise invalid_parameter("Either an access token or a session is required.")
    pool = next((pool for pool in service.pools.values() if pool.sessions.get(token)), None)
    if pool is None:
        raise invalid_session()
    with open_session(pool, None, token) as session:
        client = pool.clients.get(session.client_id)
        offered = session.challenge == "MFA_SETUP" and "SOFTWARE_TOKEN_MFA" in session.choices
        if client is None or not offered:
            raise invalid_session()
        yield Attempt(pool, client, session, pool.user(session.username))


def _check_code(pool: EmbeddedUserPool, token: Totp, given: str) -> None:
    step = totp.matching_step(token.secret, given, pool.clock())
    if step is None:
        raise Fault(
            "EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA"
        )
    token.last_step = step
