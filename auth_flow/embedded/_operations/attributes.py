"""What signed-in users do with their attributes."""

from __future__ import annotations

from auth_flow.embedded._aliases import verify_attribute
from auth_flow.embedded._delivery import MEDIUM_OF, check_code, send_code
from auth_flow.embedded._fault import Fault, invalid_parameter
from auth_flow.embedded._operations.shapes import (
    AccessToken,
    Attribute,
    AttributeName,
    ClientMetadata,
    ConfirmationCode,
    as_dict,
)
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._schema import check_attributes, check_writable
from auth_flow.embedded._service import Caller, CognitoService


class UpdateUserAttributesRequest(Request):
    access_token: AccessToken
    user_attributes: list[Attribute]
    client_metadata: ClientMetadata | None = None


class DeleteUserAttributesRequest(Request):
    access_token: AccessToken
    user_attribute_names: list[AttributeName]


class GetUserAttributeVerificationCodeRequest(Request):
    access_token: AccessToken
    attribute_name: AttributeName
    client_metadata: ClientMetadata | None = None


class VerifyUserAttributeRequest(Request):
    access_token: AccessToken
    attribute_name: AttributeName
    code: ConfirmationCode


@operation(UpdateUserAttributesRequest)
async def update_user_attributes(
    service: CognitoService, request: UpdateUserAttributesRequest
) -> Reply:
    """Set attributes; a changed address that the pool verifies gets a code, and is unverified until
    it comes back.
    """
    caller = service.caller(request.access_token)
    pool, user, given = caller.pool, caller.user, as_dict(request.user_attributes)
    check_attributes(pool.settings, given)
    for alias in pool.settings.username_attributes:
        if alias in given and pool.owner_of(alias, given[alias]) not in (None, user):
            raise Fault("AliasExistsException", f"An account with the {alias} already exists.")
    deliveries: list[dict[str, str]] = []
    for name, value in given.items():
        if name not in MEDIUM_OF or value == user.attributes.get(name):
            user.write({name: value})
            continue
        if name in pool.settings.verify_before_update:
            user.unverified[name] = value
        else:
            user.write({name: value})
        if (
            name in pool.settings.auto_verified_attributes
            or name in pool.settings.verify_before_update
        ):
            deliveries.append(
                await _send(caller, name, "UpdateUserAttribute", request.client_metadata)
            )
    pool.save(user)
    return {"CodeDeliveryDetailsList": deliveries}


@operation(DeleteUserAttributesRequest)
async def delete_user_attributes(
    service: CognitoService, request: DeleteUserAttributesRequest
) -> Reply:
    """Remove attributes that the pool does not require."""
    caller = service.caller(request.access_token)
    check_writable(caller.pool.settings, request.user_attribute_names)
    for name in request.user_attribute_names:
        if name in caller.pool.settings.required_attributes:
            raise invalid_parameter(f"Cannot delete required attribute {name}")
    for name in request.user_attribute_names:
        caller.user.attributes.pop(name, None)
        caller.user.attributes.pop(f"{name}_verified", None)
    caller.pool.save(caller.user)
    return {}


@operation(GetUserAttributeVerificationCodeRequest)
async def get_user_attribute_verification_code(
    service: CognitoService, request: GetUserAttributeVerificationCodeRequest
) -> Reply:
    """Send a code to the present, or the waiting, value of `email` or `phone_number`."""
    caller = service.caller(request.access_token)
    name = request.attribute_name
    if name not in MEDIUM_OF or not (
        name in caller.user.attributes or name in caller.user.unverified
    ):
        raise invalid_parameter(f"Attribute {name} cannot be verified.")
    return {
        "CodeDeliveryDetails": await _send(
            caller, name, "VerifyUserAttribute", request.client_metadata
        )
    }


@operation(VerifyUserAttributeRequest)
async def verify_user_attribute(
    service: CognitoService, request: VerifyUserAttributeRequest
) -> Reply:
    """Verify the attribute with the code."""
    caller = service.caller(request.access_token)
    pool, user, name = caller.pool, caller.user, request.attribute_name
    check_code(pool, user, name, request.code)
    verify_attribute(pool, user, name)
    del user.codes[name]
    pool.save(user)
    return {}


async def _send(
    caller: Caller, name: str, purpose: str, metadata: dict[str, str] | None
) -> dict[str, str]:
    return await send_code(
        caller.pool,
        caller.user,
        MEDIUM_OF[name],
        kept_as=name,
        purpose=purpose,
        client_id=caller.client.id,
        to=caller.user.unverified.get(name),
        client_metadata=metadata,
    )
