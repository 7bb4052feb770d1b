"""Lambda triggers as Python callables.

A callable takes the event that Cognito's documentation shows and fills in its `response`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

Event = dict[str, Any]

Trigger = Callable[[Event], Event | Awaitable[Event | None] | None]
"""Takes the event and returns it, or returns None after changing its `response` in place. It may be
asynchronous.
"""

TriggerName = Literal[
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
    "CustomMessage",
    "PreTokenGeneration",
]

TokenTriggerVersion = Literal["V1_0", "V2_0", "V3_0"]
"""The event that PreTokenGeneration gets: V1_0 changes ID tokens only, the others access tokens
too.
"""


@dataclass(kw_only=True)
class Triggers:
    """The triggers of a pool, each optional.

    An exception that a trigger raises becomes UserLambdaValidationException with its text.
    """

    pre_sign_up: Trigger | None = None
    post_confirmation: Trigger | None = None
    pre_authentication: Trigger | None = None
    post_authentication: Trigger | None = None
    define_auth_challenge: Trigger | None = None
    create_auth_challenge: Trigger | None = None
    verify_auth_challenge_response: Trigger | None = None
    user_migration: Trigger | None = None
    custom_message: Trigger | None = None
    pre_token_generation: Trigger | None = None
    pre_token_generation_version: TokenTriggerVersion = "V1_0"  # noqa: S105 - not a secret

    def get(self, name: TriggerName) -> Trigger | None:
        """Return the trigger of this name, if the pool has it."""
        attribute = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
        return cast("Trigger | None", getattr(self, attribute))
