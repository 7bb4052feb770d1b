"""From a sign-up straight into a sign-in: the session that ConfirmSignUp hands out stands for the
first factor.
"""

from __future__ import annotations

from auth_flow.embedded._challenges.attempt import Attempt
from auth_flow.embedded._challenges.progress import first_factor_passed
from auth_flow.embedded._fault import invalid_session, missing_parameter
from auth_flow.embedded._models import Client, PendingSignIn, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_secret_hash
from auth_flow.embedded._sessions import open_session

SIGN_UP = "SIGN_UP"
"""The session of a sign-up that waits for its confirmation."""

SIGNED_UP = "SIGNED_UP"
"""The session of a confirmed user, good for one USER_AUTH without another factor."""


def sign_up_session(pool: EmbeddedUserPool, client: Client, user: User, *, confirmed: bool) -> str:
    """A session to go on with after SignUp or ConfirmSignUp."""
    session = PendingSignIn(
        client_id=client.id, username=user.username, challenge=SIGNED_UP if confirmed else SIGN_UP
    )
    return Attempt(pool, client, session, user).put_away()


async def continue_sign_up(
    pool: EmbeddedUserPool,
    client: Client,
    token: str,
    parameters: dict[str, str],
    client_metadata: dict[str, str] | None,
) -> Reply:
    """Sign in the user who has just confirmed the sign-up; a second factor may still be asked
    for.
    """
    username = parameters.get("USERNAME")
    if not username:
        raise missing_parameter("USERNAME")
    check_secret_hash(client, parameters.get("SECRET_HASH"), username)
    with open_session(pool, client, token) as session:
        user = pool.user(session.username)
        if session.challenge != SIGNED_UP or user is None or pool.user(username) is not user:
            raise invalid_session()
        return await first_factor_passed(
            Attempt(pool, client, session, user, client_metadata or {})
        )
