"""Running a trigger, and reading what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from auth_flow.embedded._context import Context
from auth_flow.embedded._fault import Fault
from auth_flow.embedded._models import User
from auth_flow.embedded._triggers import Event, TriggerName
from auth_flow.embedded._turns import out_of_turn

_SOURCE_PREFIX = {"PreTokenGeneration": "TokenGeneration"}
"""The first half of `triggerSource`, if it is not the trigger's name."""

ResponseT = TypeVar("ResponseT", bound=BaseModel)


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


async def pre_sign_up(
    context: Context, source: str, validation_data: Mapping[str, str] | None = None
) -> bool:
    """Run the PreSignUp trigger, which may refuse the user, or verify an address or phone number.

    Return whether it confirms the user.
    """
    response = await fire(
        context,
        "PreSignUp",
        source,
        {"validationData": dict(validation_data or {}), **context.metadata_member},
        {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    )
    attributes = context.existing_user.attributes
    for flag, name in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if response and response.get(flag) and name in attributes:
            attributes[f"{name}_verified"] = "true"
    return bool(response and response.get("autoConfirmUser"))


class _Output(BaseModel):
    """The event that a trigger returns, as far as it is used."""

    model_config = ConfigDict(strict=True)

    response: dict[str, Any]


_TEXTS = TypeAdapter(dict[str, str], config=ConfigDict(strict=True))


def checked(model: type[ResponseT], output: object) -> ResponseT:
    """Return a trigger's output as a model; InvalidLambdaResponseException if it does not fit."""
    try:
        return model.model_validate(output)
    except ValidationError as error:
        raise invalid_output() from error


def texts(response: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a member that maps names to texts; an absent one is empty."""
    try:
        return _TEXTS.validate_python(response.get(name) or {})
    except ValidationError as error:
        raise invalid_output() from error


def invalid_output() -> Fault:
    """Return the error for output that Cognito does not accept from a trigger."""
    return Fault("InvalidLambdaResponseException", "Unrecognizable lambda output")


def _attributes(user: User | None) -> dict[str, str]:
    return {**user.all_attributes, "cognito:user_status": user.status} if user else {}
