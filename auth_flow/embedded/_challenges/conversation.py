"""The course of a sign-in: it begins with a flow, and each answer leads to the next session."""

from __future__ import annotations

from auth_flow.embedded._challenges.attempt import ANSWERED, FLOWS, Attempt, SignInRequest
from auth_flow.embedded._fault import (
    code_mismatch,
    invalid_parameter,
    invalid_session,
)
from auth_flow.embedded._firing import fire
from auth_flow.embedded._models import PendingSignIn
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_secret_hash
from auth_flow.embedded._sessions import open_session


async def begin(request: SignInRequest) -> Reply:
    """Start a sign-in, and return the first challenge or the tokens."""
    pool, client, username = request.pool, request.client, request.username
    user = pool.user(username)
    check_secret_hash(client, request.parameters.get("SECRET_HASH"), username)
    session = PendingSignIn(
        client_id=client.id,
        username=user.username if user else username,
        simulated=user is None,
        challenge=request.name,
        target_levels=list(request.target_levels),
        methods=list(request.methods),
    )
    attempt = Attempt(pool, client, session, user, validation_data=request.client_metadata)
    await fire(
        attempt.context,
        "PreAuthentication",
        "Authentication",
        {"validationData": attempt.validation_data, "userNotFound": user is None},
    )
    attempt.note_device(request.parameters)
    return await FLOWS[request.name](attempt, request.parameters)


async def go_on(request: SignInRequest, token: str) -> Reply:
    """Check the answer to a challenge, and return the next challenge or the tokens."""
    pool, client, responses = request.pool, request.client, request.parameters
    username, challenge = request.username, request.name
    judge = ANSWERED.get(challenge)
    if judge is None:
        raise invalid_parameter(f"{challenge} cannot be answered.")
    check_secret_hash(client, responses.get("SECRET_HASH"), username)
    with open_session(pool, client, token) as session:
        if not _takes(session, challenge):
            raise code_mismatch("Invalid code or auth state for the user.")
        user = None if session.simulated else pool.user(session.username)
        if pool.user(username) is not user or (user is None and not session.simulated):
            raise invalid_session()
        attempt = Attempt(pool, client, session, user, request.client_metadata)
        attempt.note_device(responses)
        return await judge(attempt, responses)


def _takes(session: PendingSignIn, challenge: str) -> bool:
    """Return whether the session takes the answer. Another factor may replace a passkey."""
    return session.challenge == challenge or (
        session.challenge == "WEB_AUTHN" and challenge == "SELECT_CHALLENGE"
    )
