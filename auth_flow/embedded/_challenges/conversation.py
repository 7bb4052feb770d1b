"""A sign-in is a conversation: it begins with a flow, goes on from session to session, and each
session is answered once.
"""

from __future__ import annotations

from auth_flow.embedded._challenges.attempt import ANSWERED, FLOWS, Attempt
from auth_flow.embedded._fault import (
    code_mismatch,
    invalid_parameter,
    invalid_session,
    missing_parameter,
)
from auth_flow.embedded._models import Client, PendingSignIn
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_secret_hash
from auth_flow.embedded._sessions import open_session
from auth_flow.embedded._triggers import fire


async def begin(
    pool: EmbeddedUserPool,
    client: Client,
    auth_flow: str,
    parameters: dict[str, str],
    client_metadata: dict[str, str] | None,
) -> Reply:
    """Start a sign-in by name and flow, and return the first challenge or the tokens."""
    username = parameters.get("USERNAME")
    if not username:
        raise missing_parameter("USERNAME")
    user = pool.user(username)
    check_secret_hash(client, parameters.get("SECRET_HASH"), username)
    session = PendingSignIn(
        client_id=client.id,
        username=user.username if user else username,
        simulated=user is None,
        challenge=auth_flow,
    )
    attempt = Attempt(pool, client, session, user, client_metadata or {})
    request = {"validationData": attempt.client_metadata, "userNotFound": user is None}
    await fire(
        pool,
        "PreAuthentication",
        "Authentication",
        client_id=client.id,
        username=attempt.identity,
        user=user,
        request=request,
    )
    attempt.note_device(parameters)
    return await FLOWS[auth_flow](attempt, parameters)


async def go_on(
    pool: EmbeddedUserPool,
    client: Client,
    challenge: str,
    token: str,
    responses: dict[str, str],
    client_metadata: dict[str, str] | None,
) -> Reply:
    """Judge the answer to a challenge, and return the next one or the tokens."""
    username = responses.get("USERNAME")
    if not username:
        raise missing_parameter("USERNAME")
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
        attempt = Attempt(pool, client, session, user, client_metadata or {})
        attempt.note_device(responses)
        return await judge(attempt, responses)


def _takes(session: PendingSignIn, challenge: str) -> bool:
    """Whether this is the challenge that was asked; who cannot present a passkey may choose another
    factor instead.
    """
    return session.challenge == challenge or (
        session.challenge == "WEB_AUTHN" and challenge == "SELECT_CHALLENGE"
    )
