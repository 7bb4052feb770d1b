"""Operations on user pools."""

from __future__ import annotations

from typing import Annotated, Literal

import anyio.to_thread
from pydantic import Field

from auth_flow.embedded._fault import invalid_parameter
from auth_flow.embedded._operations.mfa_config import allows_passkeys
from auth_flow.embedded._operations.pool_shapes import (
    PoolMembers,
    UsernameConfiguration,
    describe,
    with_attributes,
)
from auth_flow.embedded._operations.shapes import UserPoolId
from auth_flow.embedded._paging import page
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import AttributeDeclaration, ContactAttribute, PoolSettings
from auth_flow.embedded._signing import SigningKey

PoolName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w\s+=,.@-]+$")]


class CreateUserPoolRequest(PoolMembers):
    pool_name: PoolName
    alias_attributes: tuple[Literal["email", "phone_number", "preferred_username"], ...] = ()
    username_attributes: tuple[ContactAttribute, ...] = ()
    schema_: Annotated[tuple[AttributeDeclaration, ...], Field(alias="Schema")] = ()
    username_configuration: UsernameConfiguration = UsernameConfiguration(case_sensitive=True)


class UpdateUserPoolRequest(PoolMembers):
    user_pool_id: UserPoolId
    pool_name: PoolName | None = None


class AddCustomAttributesRequest(Request):
    user_pool_id: UserPoolId
    custom_attributes: Annotated[
        tuple[AttributeDeclaration, ...], Field(min_length=1, max_length=25)
    ]


class DescribeUserPoolRequest(Request):
    user_pool_id: UserPoolId


class DeleteUserPoolRequest(Request):
    user_pool_id: UserPoolId


class ListUserPoolsRequest(Request):
    max_results: Annotated[int, Field(ge=1, le=60)]
    next_token: str | None = None


@operation(CreateUserPoolRequest)
async def create_user_pool(service: CognitoService, request: CreateUserPoolRequest) -> Reply:
    """Make a pool.

    As with the service, SetUserPoolMfaConfig turns on MFA factors other than SMS.
    """
    fixed = PoolSettings(
        name=request.pool_name,
        mfa_factors=("SMS_MFA",),
        alias_attributes=request.alias_attributes,
        username_attributes=request.username_attributes,
        case_sensitive_usernames=request.username_configuration.case_sensitive,
    )
    settings = with_attributes(request.apply(fixed), request.schema_)
    _check_passkeys(settings)
    key = await anyio.to_thread.run_sync(SigningKey)
    return {"UserPool": describe(service.create_pool(settings, key=key))}


@operation(UpdateUserPoolRequest)
async def update_user_pool(service: CognitoService, request: UpdateUserPoolRequest) -> Reply:
    """Replace the pool's settings. Members that are left out get their defaults."""
    pool = service.pool(request.user_pool_id)
    settings = request.apply(pool.settings)
    if request.pool_name is not None:
        settings = settings.model_copy(update={"name": request.pool_name})
    _check_passkeys(settings)
    pool.settings = settings
    return {}


@operation(AddCustomAttributesRequest)
async def add_custom_attributes(
    service: CognitoService, request: AddCustomAttributesRequest
) -> Reply:
    """Declare further attributes of the pool's users."""
    pool = service.pool(request.user_pool_id)
    for attribute in request.custom_attributes:
        if attribute.name in pool.settings.custom_attributes:
            raise invalid_parameter(f"custom:{attribute.name}: Existing attribute already has name")
    pool.settings = with_attributes(pool.settings, request.custom_attributes)
    return {}


@operation(DescribeUserPoolRequest)
async def describe_user_pool(service: CognitoService, request: DescribeUserPoolRequest) -> Reply:
    """Return the pool's settings."""
    return {"UserPool": describe(service.pool(request.user_pool_id))}


@operation(DeleteUserPoolRequest)
async def delete_user_pool(service: CognitoService, request: DeleteUserPoolRequest) -> Reply:
    """Delete the pool, unless it is protected."""
    pool = service.pool(request.user_pool_id)
    if pool.settings.deletion_protection:
        raise invalid_parameter(
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )
    service.delete_pool(pool)
    return {}


@operation(ListUserPoolsRequest)
async def list_user_pools(service: CognitoService, request: ListUserPoolsRequest) -> Reply:
    """Return a page of pools."""
    pools, token = page(list(service.pools.values()), request.max_results, request.next_token)
    shown = [
        {
            "Id": pool.id,
            "Name": pool.settings.name,
            "LambdaConfig": pool.settings.described.get("LambdaConfig", {}),
            "CreationDate": pool.created,
            "LastModifiedDate": pool.modified,
        }
        for pool in pools
    ]
    return {"UserPools": shown} | ({"NextToken": token} if token else {})


def _check_passkeys(settings: PoolSettings) -> None:
    if not allows_passkeys(settings):
        raise invalid_parameter(
            "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for "
            "MFA."
        )
