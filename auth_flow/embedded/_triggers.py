"""Lambda triggers as Python callables.

A callable takes the event that Cognito's documentation shows and fills in its `response`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._turns import out_of_turn

if TYPE_CHECKING:
    from auth_flow.embedded._context import Context
    from auth_flow.embedded._models import User

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

_SOURCE_PREFIX = {"PreTokenGeneration": "TokenGeneration"}
"""The first half of `triggerSource`, if it is not the trigger's name."""

ResponseT = TypeVar("ResponseT", bound=BaseModel)


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


async def fire(
    context: Context,
    name: TriggerName,
    source: str,
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Run a trigger and return its response, or None if the pool does not have the trigger.

    `source` is the second half of `triggerSource`, `request` the members beside `userAttributes`,
    and `response` the members that the trigger is expected to fill in.
    """
    pool = context.pool
    trigger = pool.triggers.get(name)
    if trigger is None:
        return None
    version = pool.triggers.pre_token_generation_version
    event: Event = {
        "version": version[1] if name == "PreTokenGeneration" else "1",
        "region": pool.region,
        "userPoolId": pool.id,
        "userName": context.username,
        "callerContext": {"awsSdkVersion": "auth-flow", "clientId": context.client_id},
        "triggerSource": f"{_SOURCE_PREFIX.get(name, name)}_{source}",
        "request": {"userAttributes": _attributes(context.user), **(request or {})},
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
    return checked(_Output, event if result is None else result).response


class _Output(BaseModel):
    """The event that a trigger returns, as far as it is used."""

    model_config = ConfigDict(strict=True)

    response: dict[str, Any]


_TEXTS = TypeAdapter(dict[str, str], config=ConfigDict(strict=True))


def checked(model: type[ResponseT], output: object) -> ResponseT:
    """Return a trigger's output as a model; InvalidLambdaResponseException if it does not fit."""
    try:
        return model.model_validate(output)
    except ValidationError:
        raise invalid_output() from None


def texts(response: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a member that maps names to texts; an absent one is empty."""
    try:
        return _TEXTS.validate_python(response.get(name) or {})
    except ValidationError:
        raise invalid_output() from None


def invalid_output() -> Fault:
    """Return the error for output that Cognito does not accept from a trigger."""
    return Fault("InvalidLambdaResponseException", "Unrecognizable lambda output")


def _attributes(user: User | None) -> dict[str, str]:
    return {**user.all_attributes, "cognito:user_status": user.status} if user else {}
