"""Lambda triggers as Python callables: they take the event that Cognito's documentation shows, and
fill in its response.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._turns import out_of_turn

if TYPE_CHECKING:
    from auth_flow.embedded._models import User
    from auth_flow.embedded._pool import EmbeddedUserPool

Event = dict[str, Any]

NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
"""The client id in events that no app client led to."""
Trigger = Callable[[Event], Event | Awaitable[Event | None] | None]
"""Takes the event and returns it, or returns nothing after changing its `response` in place. May be
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


@dataclass(kw_only=True)
class Triggers:
    """The triggers of a pool, each optional. What one raises becomes UserLambdaValidationException
    with its text.
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

    def get(self, name: TriggerName) -> Trigger | None:
        """The trigger of this name, if there is one."""
        attribute = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
        return cast("Trigger | None", getattr(self, attribute))


async def fire(
    pool: EmbeddedUserPool,
    name: TriggerName,
    source: str,
    *,
    client_id: str,
    username: str,
    user: User | None = None,
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Run a trigger and return its response; None where the pool has no such trigger.

    `source` is the second half of the trigger source, `response` the fields that the trigger is
    meant to fill in.
    """
    trigger = pool.triggers.get(name)
    if trigger is None:
        return None
    event: Event = {
        "version": "1",
        "region": pool.region,
        "userPoolId": pool.id,
        "userName": username,
        "callerContext": {"awsSdkVersion": "auth-flow", "clientId": client_id},
        "triggerSource": f"{name}_{source}",
        "request": {"userAttributes": _attributes(user), **(request or {})},
        "response": dict(response or {}),
    }
    try:
        async with out_of_turn():
            result = trigger(event)
            if inspect.isawaitable(result):
                result = await result
    except Exception as error:
        raise Fault(
            "UserLambdaValidationException", f"{name} failed with error {error}."
        ) from error
    try:
        return _Output.model_validate(event if result is None else result).response
    except ValidationError:
        raise invalid_output() from None


class _Output(BaseModel):
    """What a trigger returns, as far as it is looked at."""

    model_config = ConfigDict(strict=True)

    response: dict[str, Any]


_TEXTS = TypeAdapter(dict[str, str], config=ConfigDict(strict=True))


def texts(response: Mapping[str, Any], name: str) -> dict[str, str]:
    """A member of a trigger's response that maps names to texts; an absent one is empty."""
    try:
        return _TEXTS.validate_python(response.get(name) or {})
    except ValidationError:
        raise invalid_output() from None


def invalid_output() -> Fault:
    """What a trigger returned is not what Cognito takes."""
    return Fault("InvalidLambdaResponseException", "Unrecognizable lambda output")


def _attributes(user: User | None) -> dict[str, str]:
    return {**user.all_attributes, "cognito:user_status": user.status} if user else {}
