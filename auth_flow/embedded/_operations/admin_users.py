"""What an administrator does with users."""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Literal

from pydantic import Field

from auth_flow.embedded._aliases import check_username, verify_attribute
from auth_flow.embedded._delivery import send
from auth_flow.embedded._fault import Fault, invalid_parameter, not_authorized
from auth_flow.embedded._grants import revoke_all
from auth_flow.embedded._models import User
from auth_flow.embedded._operations.account import mfa_members
from auth_flow.embedded._operations.recovery import send_reset_code
from auth_flow.embedded._operations.shapes import (
    Attribute,
    AttributeName,
    ClientMetadata,
    Password,
    Username,
    UserPoolId,
    as_dict,
    as_list,
)
from auth_flow.embedded._operations.sign_up import post_confirmation
from auth_flow.embedded._outbox import Medium
from auth_flow.embedded._paging import page
from auth_flow.embedded._passwords import check_policy, set_password, temporary_password
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._schema import check_attributes, check_writable
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._triggers import NO_CLIENT

FILTER = re.compile(r'\s*"?(?P<name>[\w:]+)"?\s*(?P<operator>=|\^=)\s*"(?P<value>.*)"\s*')


class OfUser(Request):
    """The members that name a user to an administrator."""

    user_pool_id: UserPoolId
    username: Username


class AdminCreateUserRequest(OfUser):
    user_attributes: list[Attribute] | None = None
    temporary_password: Password | None = None
    force_alias_creation: bool = False
    message_action: Literal["RESEND", "SUPPRESS"] | None = None
    desired_delivery_mediums: list[Medium] = Field(default_factory=lambda: list[Medium](["SMS"]))
    client_metadata: ClientMetadata | None = None


class AdminGetUserRequest(OfUser): ...


class AdminDeleteUserRequest(OfUser): ...


class AdminDisableUserRequest(OfUser): ...


class AdminEnableUserRequest(OfUser): ...


class AdminUserGlobalSignOutRequest(OfUser): ...


class AdminConfirmSignUpRequest(OfUser):
    client_metadata: ClientMetadata | None = None


class AdminResetUserPasswordRequest(OfUser):
    client_metadata: ClientMetadata | None = None


class AdminSetUserPasswordRequest(OfUser):
    password: Password
    permanent: bool = False


class AdminUpdateUserAttributesRequest(OfUser):
    user_attributes: list[Attribute]


class AdminDeleteUserAttributesRequest(OfUser):
    user_attribute_names: list[AttributeName]


class ListUsersRequest(Request):
    user_pool_id: UserPoolId
    attributes_to_get: list[AttributeName] | None = None
    limit: Annotated[int, Field(ge=0, le=60)] = 60
    pagination_token: str | None = None
    filter: str = ""


@operation(AdminCreateUserRequest)
async def admin_create_user(service: CognitoService, request: AdminCreateUserRequest) -> Reply:
    """Make a user with a temporary password, and send it unless that is suppressed."""
    pool = service.pool(request.user_pool_id)
    user = pool.user(request.username)
    if (user is not None) != (request.message_action == "RESEND"):
        raise (
            Fault("UsernameExistsException", "User account already exists")
            if user
            else Fault("UserNotFoundException", "User does not exist.")
        )
    if user is not None and user.status != "FORCE_CHANGE_PASSWORD":
        raise Fault(
            "UnsupportedUserStateException",
            "Resend not possible. User is not in FORCE_CHANGE_PASSWORD state.",
        )
    password = request.temporary_password or temporary_password(pool.settings.password_policy)
    check_policy(pool.settings.password_policy, password)  # before anything is kept
    if user is None:
        kind, now, sub = check_username(pool, request.username), pool.clock(), str(uuid.uuid4())
        attributes = {
            **as_dict(request.user_attributes),
            **({kind: request.username} if kind else {}),
        }
        check_attributes(pool.settings, attributes, by_administrator=True)
        user = User(
            username=sub if kind else request.username,
            sub=sub,
            attributes=attributes,
            created=now,
            modified=now,
        )
        for name in ("email", "phone_number"):
            if user.verified(name):
                verify_attribute(pool, user, name, force=request.force_alias_creation)
    await set_password(pool, user, password)
    user.status = "FORCE_CHANGE_PASSWORD"
    user.temporary_password_expires = (
        pool.clock() + 86400 * pool.settings.password_policy.temporary_password_validity_days
    )
    pool.save(user)
    if request.message_action != "SUPPRESS":
        for medium in request.desired_delivery_mediums:
            if ("phone_number" if medium == "SMS" else "email") in user.attributes:
                metadata = request.client_metadata
                await send(
                    pool,
                    user,
                    medium,
                    purpose="AdminCreateUser",
                    code=password,
                    client_id=NO_CLIENT,
                    client_metadata=metadata,
                )
    return {"User": _shown(user, "Attributes")}


@operation(AdminGetUserRequest)
async def admin_get_user(service: CognitoService, request: AdminGetUserRequest) -> Reply:
    """The user with attributes, status and MFA settings."""
    _, user = service.user(request.user_pool_id, request.username)
    return {**_shown(user, "UserAttributes"), **mfa_members(user)}


@operation(AdminDeleteUserRequest)
async def admin_delete_user(service: CognitoService, request: AdminDeleteUserRequest) -> Reply:
    """Forget the user."""
    pool, user = service.user(request.user_pool_id, request.username)
    pool.delete(user)
    return {}


@operation(AdminDisableUserRequest)
async def admin_disable_user(service: CognitoService, request: AdminDisableUserRequest) -> Reply:
    """Keep the user out, and end all tokens."""
    pool, user = service.user(request.user_pool_id, request.username)
    user.enabled = False
    pool.save(user)
    revoke_all(pool, user)
    return {}


@operation(AdminEnableUserRequest)
async def admin_enable_user(service: CognitoService, request: AdminEnableUserRequest) -> Reply:
    """Let the user in again."""
    pool, user = service.user(request.user_pool_id, request.username)
    user.enabled = True
    pool.save(user)
    return {}


@operation(AdminUserGlobalSignOutRequest)
async def admin_user_global_sign_out(
    service: CognitoService, request: AdminUserGlobalSignOutRequest
) -> Reply:
    """End all of the user's tokens."""
    pool, user = service.user(request.user_pool_id, request.username)
    revoke_all(pool, user)
    return {}


@operation(AdminConfirmSignUpRequest)
async def admin_confirm_sign_up(
    service: CognitoService, request: AdminConfirmSignUpRequest
) -> Reply:
    """Confirm a user without a code."""
    pool, user = service.user(request.user_pool_id, request.username)
    if user.status != "UNCONFIRMED":
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
    user.status = "CONFIRMED"
    pool.save(user)
    await post_confirmation(pool, NO_CLIENT, user, request.client_metadata)
    return {}


@operation(AdminResetUserPasswordRequest)
async def admin_reset_user_password(
    service: CognitoService, request: AdminResetUserPasswordRequest
) -> Reply:
    """Make the user set a new password with a code that is sent."""
    pool, user = service.user(request.user_pool_id, request.username)
    await send_reset_code(pool, user, NO_CLIENT, request.client_metadata)
    user.status = "RESET_REQUIRED"
    pool.save(user)
    return {}


@operation(AdminSetUserPasswordRequest)
async def admin_set_user_password(
    service: CognitoService, request: AdminSetUserPasswordRequest
) -> Reply:
    """Set a password, temporary unless it is said to be permanent."""
    pool, user = service.user(request.user_pool_id, request.username)
    await set_password(pool, user, request.password)
    user.status = "CONFIRMED" if request.permanent else "FORCE_CHANGE_PASSWORD"
    if not request.permanent:
        user.temporary_password_expires = (
            pool.clock() + 86400 * pool.settings.password_policy.temporary_password_validity_days
        )
    pool.save(user)
    return {}


@operation(AdminUpdateUserAttributesRequest)
async def admin_update_user_attributes(
    service: CognitoService, request: AdminUpdateUserAttributesRequest
) -> Reply:
    """Set attributes, `email_verified` and `phone_number_verified` among them."""
    pool, user = service.user(request.user_pool_id, request.username)
    given = as_dict(request.user_attributes)
    check_attributes(pool.settings, given, by_administrator=True)
    changed = user.model_copy(deep=True)
    changed.write(given)
    if alias := pool.clash(changed):
        raise Fault("AliasExistsException", f"An account with the {alias} already exists.")
    user.write(given)
    pool.save(user)
    return {}


@operation(AdminDeleteUserAttributesRequest)
async def admin_delete_user_attributes(
    service: CognitoService, request: AdminDeleteUserAttributesRequest
) -> Reply:
    """Remove attributes."""
    pool, user = service.user(request.user_pool_id, request.username)
    check_writable(pool.settings, request.user_attribute_names, by_administrator=True)
    for name in request.user_attribute_names:
        user.attributes.pop(name, None)
        user.attributes.pop(f"{name}_verified", None)
    pool.save(user)
    return {}


@operation(ListUsersRequest)
async def list_users(service: CognitoService, request: ListUsersRequest) -> Reply:
    """A page of users; the filter is `name = "value"` or `name ^= "beginning"`."""
    pool = service.pool(request.user_pool_id)
    chosen = [user for user in pool.users if not request.filter or _fits(user, request.filter)]
    users, token = page(chosen, request.limit, request.pagination_token)
    shown = [_shown(user, "Attributes", request.attributes_to_get) for user in users]
    return {"Users": shown} | ({"PaginationToken": token} if token else {})


def _fits(user: User, text: str) -> bool:
    match = FILTER.fullmatch(text)
    if match is None:
        raise invalid_parameter(f"Error while parsing filter: {text}")
    computed = {
        "username": user.username,
        "cognito:user_status": user.status,
        "status": "Enabled" if user.enabled else "Disabled",
    }
    held = {**user.all_attributes, **computed}.get(match["name"], "")
    return held == match["value"] if match["operator"] == "=" else held.startswith(match["value"])


def _shown(user: User, attributes_member: str, names: list[str] | None = None) -> Reply:
    attributes = {
        name: value for name, value in user.all_attributes.items() if names is None or name in names
    }
    return {
        "Username": user.username,
        attributes_member: as_list(attributes),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }
