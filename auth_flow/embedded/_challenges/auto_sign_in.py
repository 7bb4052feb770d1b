"""Sign in right after a sign-up: the session of ConfirmSignUp stands for the first factor."""

from __future__ import annotations

from auth_flow.embedded._challenges.attempt import Attempt, SignInRequest
from auth_flow.embedded._challenges.progress import first_factor_passed
from auth_flow.embedded._fault import invalid_session
from auth_flow.embedded._models import Client, PendingSignIn, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_secret_hash
from auth_flow.embedded._sessions import open_session

SIGN_UP = "SIGN_UP"
"""The session of a sign-up that waits for its confirmation."""

SIGNED_UP = "SIGNED_UP"
"""The session of a confirmed user, valid for one USER_AUTH without another factor."""


def sign_up_session(
    pool: EmbeddedUserPool, client: Client, user: User, *, confirmed: bool
) -> Reply:
    """Return the Session member of SignUp and ConfirmSignUp, if the client has ALLOW_USER_AUTH."""
    if "ALLOW_USER_AUTH" not in client.settings.explicit_auth_flows:
        return {}
    session = PendingSignIn(
        client_id=client.id, username=user.username, challenge=SIGNED_UP if confirmed else SIGN_UP
    )
    return {"Session": Attempt(pool, client, session, user).put_away()}


async def continue_sign_up(request: SignInRequest, token: str) -> Reply:
    """Sign in after a confirmed sign-up. A second factor may still be asked for."""
    pool, client = request.pool, request.client
    check_secret_hash(client, request.parameters.get("SECRET_HASH"), request.username)
    with open_session(pool, client, token) as session:
        user = pool.user(session.username)
        if (
            session.challenge != SIGNED_UP
            or user is None
            or pool.user(request.username) is not user
        ):
            raise invalid_session()
        return await first_factor_passed(Attempt(pool, client, session, user))
