"""The operations of an administrator on users."""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Literal

from pydantic import Field

from auth_flow.embedded._aliases import check_username, claim_aliases
from auth_flow.embedded._context import Context
from auth_flow.embedded._delivery import ATTRIBUTE_OF, MEDIUM_OF, check_may_send, send, send_code
from auth_flow.embedded._fault import Fault, invalid_parameter, not_authorized
from auth_flow.embedded._firing import pre_sign_up
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
    shown_user,
)
from auth_flow.embedded._operations.sign_up import post_confirmation
from auth_flow.embedded._outbox import Medium
from auth_flow.embedded._paging import page
from auth_flow.embedded._passwords import check_policy, set_password, temporary_password
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._schema import check_attributes, check_mutable, check_writable
from auth_flow.embedded._service import CognitoService

FILTER = re.compile(r'\s*"?(?P<name>[\w:]+)"?\s*(?P<operator>=|\^=)\s*"(?P<value>.*)"\s*')


class OfUser(Request):
    """The members that name a user to an administrator."""

    user_pool_id: UserPoolId
    username: Username


class AdminCreateUserRequest(OfUser):
    user_attributes: list[Attribute] | None = None
    validation_data: list[Attribute] | None = None
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
    client_metadata: ClientMetadata | None = None


class AdminDeleteUserAttributesRequest(OfUser):
    user_attribute_names: list[AttributeName]


class ListUsersRequest(Request):
    user_pool_id: UserPoolId
    attributes_to_get: list[AttributeName] | None = None
    limit: Annotated[int, Field(ge=0, le=60)] | None = None
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
    if user is None:
        user = _new_user(pool, request)
        context = Context.about(pool, user, client_metadata=request.client_metadata)
        await pre_sign_up(context, "AdminCreateUser", as_dict(request.validation_data))
        check_policy(pool.settings.password_policy, password)
        claim_aliases(pool, user, force=request.force_alias_creation)
    context = Context.about(pool, user, client_metadata=request.client_metadata)
    await set_password(pool, user, password)
    _make_temporary(pool, user)
    pool.save(user)
    if request.message_action != "SUPPRESS":
        for medium in request.desired_delivery_mediums:
            if destination := user.attributes.get(ATTRIBUTE_OF[medium]):
                await send(
                    context,
                    medium,
                    purpose="AdminCreateUser",
                    code=password,
                    destination=destination,
                )
    return {"User": shown_user(user, "Attributes")}


def _new_user(pool: EmbeddedUserPool, request: AdminCreateUserRequest) -> User:
    kind, now, sub = check_username(pool, request.username), pool.clock(), str(uuid.uuid4())
    attributes = {
        **as_dict(request.user_attributes),
        **({kind: request.username} if kind else {}),
    }
    check_attributes(pool.settings, attributes, client=None)
    return User(
        username=sub if kind else request.username,
        sub=sub,
        status="FORCE_CHANGE_PASSWORD",
        attributes=attributes,
        created=now,
        modified=now,
    )


def _make_temporary(pool: EmbeddedUserPool, user: User) -> None:
    user.status = "FORCE_CHANGE_PASSWORD"
    user.temporary_password_expires = (
        pool.clock() + 86400 * pool.settings.password_policy.temporary_password_validity_days
    )


@operation(AdminGetUserRequest)
async def admin_get_user(service: CognitoService, request: AdminGetUserRequest) -> Reply:
    """Return the user with attributes, status and MFA settings."""
    _, user = service.user(request.user_pool_id, request.username)
    return {**shown_user(user, "UserAttributes"), **mfa_members(user)}


@operation(AdminDeleteUserRequest)
async def admin_delete_user(service: CognitoService, request: AdminDeleteUserRequest) -> Reply:
    """Delete the user."""
    pool, user = service.user(request.user_pool_id, request.username)
    pool.delete(user)
    return {}


@operation(AdminDisableUserRequest)
async def admin_disable_user(service: CognitoService, request: AdminDisableUserRequest) -> Reply:
    """Refuse further sign-ins, and revoke all tokens."""
    pool, user = service.user(request.user_pool_id, request.username)
    user.enabled = False
    pool.save(user)
    revoke_all(pool, user)
    return {}


@operation(AdminEnableUserRequest)
async def admin_enable_user(service: CognitoService, request: AdminEnableUserRequest) -> Reply:
    """Allow sign-ins again."""
    pool, user = service.user(request.user_pool_id, request.username)
    user.enabled = True
    pool.save(user)
    return {}


@operation(AdminUserGlobalSignOutRequest)
async def admin_user_global_sign_out(
    service: CognitoService, request: AdminUserGlobalSignOutRequest
) -> Reply:
    """Revoke all of the user's tokens."""
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
    await post_confirmation(
        Context.about(pool, user, client_metadata=request.client_metadata), "ConfirmSignUp"
    )
    return {}


@operation(AdminResetUserPasswordRequest)
async def admin_reset_user_password(
    service: CognitoService, request: AdminResetUserPasswordRequest
) -> Reply:
    """Send a reset code, without which the user cannot sign in any more."""
    pool, user = service.user(request.user_pool_id, request.username)
    await send_reset_code(Context.about(pool, user, client_metadata=request.client_metadata))
    user.status = "RESET_REQUIRED"
    pool.save(user)
    return {}


@operation(AdminSetUserPasswordRequest)
async def admin_set_user_password(
    service: CognitoService, request: AdminSetUserPasswordRequest
) -> Reply:
    """Set a password, temporary unless `Permanent` is true."""
    pool, user = service.user(request.user_pool_id, request.username)
    await set_password(pool, user, request.password)
    if request.permanent:
        user.status = "CONFIRMED"
    else:
        _make_temporary(pool, user)
    pool.save(user)
    return {}


@operation(AdminUpdateUserAttributesRequest)
async def admin_update_user_attributes(
    service: CognitoService, request: AdminUpdateUserAttributesRequest
) -> Reply:
    """Set attributes, including `email_verified` and `phone_number_verified`."""
    pool, user = service.user(request.user_pool_id, request.username)
    given = as_dict(request.user_attributes)
    check_attributes(pool.settings, given, client=None)
    check_mutable(pool.settings, given)
    changed = user.model_copy(deep=True)
    changed.write(given)
    claim_aliases(pool, changed)
    to_verify = [
        name
        for name in pool.settings.auto_verified_attributes
        if given.get(name, user.attributes.get(name)) != user.attributes.get(name)
        and not changed.verified(name)
    ]
    check_may_send(pool, user, len(to_verify))
    user.write(given)
    pool.save(user)
    context = Context.about(pool, user, client_metadata=request.client_metadata)
    for name in to_verify:
        await send_code(context, MEDIUM_OF[name], kept_as=name, purpose="UpdateUserAttribute")
    return {}


@operation(AdminDeleteUserAttributesRequest)
async def admin_delete_user_attributes(
    service: CognitoService, request: AdminDeleteUserAttributesRequest
) -> Reply:
    """Remove attributes."""
    pool, user = service.user(request.user_pool_id, request.username)
    check_writable(pool.settings, request.user_attribute_names, client=None)
    check_mutable(pool.settings, request.user_attribute_names)
    for name in request.user_attribute_names:
        user.attributes.pop(name, None)
        user.attributes.pop(f"{name}_verified", None)
    pool.save(user)
    return {}


@operation(ListUsersRequest)
async def list_users(service: CognitoService, request: ListUsersRequest) -> Reply:
    """Return a page of users. The filter is `name = "value"` or `name ^= "beginning"`."""
    pool = service.pool(request.user_pool_id)
    chosen = [user for user in pool.users if not request.filter or _fits(user, request.filter)]
    users, token = page(chosen, request.limit, request.pagination_token)
    shown = [shown_user(user, "Attributes", request.attributes_to_get) for user in users]
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
