"""The operations of a signed-in user on attributes."""

from __future__ import annotations

from auth_flow.embedded._aliases import claim_aliases, verify_attribute
from auth_flow.embedded._context import Context
from auth_flow.embedded._delivery import MEDIUM_OF, check_code, check_may_send, send_code
from auth_flow.embedded._fault import invalid_parameter
from auth_flow.embedded._operations.shapes import (
    AccessToken,
    Attribute,
    AttributeName,
    ClientMetadata,
    ConfirmationCode,
    as_dict,
)
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._schema import check_attributes, check_mutable, check_writable
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
    """Set attributes, and send a code to a changed address or phone number that the pool verifies.

    All is checked, the limit of messages too, before anything changes.
    """
    caller = service.caller(request.access_token)
    pool, user, given = caller.pool, caller.user, as_dict(request.user_attributes)
    check_attributes(pool.settings, given, client=caller.client.settings)
    check_mutable(pool.settings, given)
    contacts = [
        name for name in given if name in MEDIUM_OF and given[name] != user.attributes.get(name)
    ]
    waiting: dict[str, str] = {
        name: given[name] for name in contacts if name in pool.settings.verify_before_update
    }
    written = {name: value for name, value in given.items() if name not in waiting}
    changed = user.model_copy(deep=True)
    changed.write(written)
    claim_aliases(pool, changed)
    to_verify = [
        name
        for name in contacts
        if name in waiting or name in pool.settings.auto_verified_attributes
    ]
    check_may_send(pool, user, len(to_verify))
    user.write(written)
    for name in given:
        user.unverified.pop(name, None)
    user.unverified |= waiting
    pool.save(user)
    deliveries = [
        await _send(caller, name, "UpdateUserAttribute", request.client_metadata)
        for name in to_verify
    ]
    return {"CodeDeliveryDetailsList": deliveries}


@operation(DeleteUserAttributesRequest)
async def delete_user_attributes(
    service: CognitoService, request: DeleteUserAttributesRequest
) -> Reply:
    """Delete attributes that the pool does not require."""
    caller = service.caller(request.access_token)
    settings, names = caller.pool.settings, request.user_attribute_names
    check_writable(settings, names, client=caller.client.settings)
    check_mutable(settings, names)
    for name in names:
        if name in settings.required_attributes:
            raise invalid_parameter(f"Cannot delete required attribute {name}")
    for name in names:
        caller.user.attributes.pop(name, None)
        caller.user.attributes.pop(f"{name}_verified", None)
    caller.pool.save(caller.user)
    return {}


@operation(GetUserAttributeVerificationCodeRequest)
async def get_user_attribute_verification_code(
    service: CognitoService, request: GetUserAttributeVerificationCodeRequest
) -> Reply:
    """Send a code to the `email` or `phone_number`, or to the new value that waits for its code."""
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
    code = check_code(pool, user, name, request.code)
    verify_attribute(pool, user, name, code.destination)
    del user.codes[name]
    pool.save(user)
    return {}


async def _send(
    caller: Caller, name: str, purpose: str, metadata: dict[str, str] | None
) -> dict[str, str]:
    context = Context.about(
        caller.pool, caller.user, client_id=caller.client.id, client_metadata=metadata
    )
    return await send_code(context, MEDIUM_OF[name], kept_as=name, purpose=purpose)
