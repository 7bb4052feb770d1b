"""An answer to a security notice that Cognito's threat protection has sent to a user."""

from __future__ import annotations

from pydantic import SecretStr

from auth_flow._user_pool import UserPool
from auth_flow.states._base import reveal
from auth_flow.transports._base import Transport


async def report_sign_in(
    pool: UserPool,
    transport: Transport,
    *,
    username: str,
    event_id: str,
    feedback_token: SecretStr | str,
    mine: bool,
) -> None:
    """UpdateAuthEventFeedback: say whether a sign-in that Cognito found suspicious was the user's
    own.

    Event id and token are those of the link in the message; nobody has to be signed in.
    """
    body = {
        "UserPoolId": pool.user_pool_id,
        "Username": username,
        "EventId": event_id,
        "FeedbackToken": reveal(feedback_token),
        "FeedbackValue": "Valid" if mine else "Invalid",
    }
    await transport.call("UpdateAuthEventFeedback", body)
