"""The user's answer to a security notice of Cognito's threat protection."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from auth_flow._user_pool import UserPool
from auth_flow.states._base import hidden, in_clear
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
    """Report whether a suspicious sign-in was the user's own, by UpdateAuthEventFeedback.

    `event_id` and `feedback_token` come from the link in the message. No session is needed.
    """
    feedback_token = hidden(feedback_token)
    body: dict[str, Any] = {
        "UserPoolId": pool.user_pool_id,
        "Username": username,
        "EventId": event_id,
        "FeedbackToken": feedback_token,
        "FeedbackValue": "Valid" if mine else "Invalid",
    }
    await transport.call("UpdateAuthEventFeedback", in_clear(body))
