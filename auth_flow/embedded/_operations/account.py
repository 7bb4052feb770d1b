"""The operations of a signed-in user on the account as a whole."""

from __future__ import annotations

from auth_flow.embedded._challenges.choice import available_challenges, challenge_of
from auth_flow.embedded._fault import invalid_parameter, not_authorized
from auth_flow.embedded._grants import revoke_all
from auth_flow.embedded._models import User
from auth_flow.embedded._operations.shapes import AccessToken, Password, as_list
from auth_flow.embedded._passwords import check_password, set_password
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService


class GetUserRequest(Request):
    access_token: AccessToken


class GetUserAuthFactorsRequest(Request):
    access_token: AccessToken


class ChangePasswordRequest(Request):
    access_token: AccessToken
    proposed_password: Password
    previous_password: Password | None = None


class DeleteUserRequest(Request):
    access_token: AccessToken


class GlobalSignOutRequest(Request):
    access_token: AccessToken


@operation(GetUserRequest)
async def get_user(service: CognitoService, request: GetUserRequest) -> Reply:
    """Return the user with MFA settings, and with the attributes that the client may read."""
    caller = service.caller(request.access_token)
    user, may_read = caller.user, caller.client.settings.may_read
    shown = {name: value for name, value in user.all_attributes.items() if may_read(name)}
    return {
        "Username": user.username,
        "UserAttributes": as_list(shown),
        **mfa_members(user),
    }


@operation(GetUserAuthFactorsRequest)
async def get_user_auth_factors(
    service: CognitoService, request: GetUserAuthFactorsRequest
) -> Reply:
    """Return the factors that the user can sign in with."""
    caller = service.caller(request.access_token)
    return auth_factors(caller.pool, caller.user)


@operation(ChangePasswordRequest)
async def change_password(service: CognitoService, request: ChangePasswordRequest) -> Reply:
    """Replace the password. A user without a password sends no previous one."""
    caller = service.caller(request.access_token)
    pool, user = caller.pool, caller.user
    if user.password is not None:
        if request.previous_password is None:
            raise invalid_parameter("Previous password is required.")
        await check_password(pool, user, user.username, request.previous_password)
    elif request.previous_password is not None:
        raise not_authorized()
    await set_password(pool, user, request.proposed_password)
    pool.save(user)
    return {}


@operation(DeleteUserRequest)
async def delete_user(service: CognitoService, request: DeleteUserRequest) -> Reply:
    """Delete the user."""
    caller = service.caller(request.access_token)
    caller.pool.delete(caller.user)
    return {}


@operation(GlobalSignOutRequest)
async def global_sign_out(service: CognitoService, request: GlobalSignOutRequest) -> Reply:
    """Revoke all of the user's tokens."""
    caller = service.caller(request.access_token)
    revoke_all(caller.pool, caller.user)
    return {}


def mfa_members(user: User) -> Reply:
    """Return the members about MFA that several replies have; those not set are absent."""
    members: Reply = {}
    if user.mfa:
        members["UserMFASettingList"] = list(user.mfa)
    if user.preferred_mfa:
        members["PreferredMfaSetting"] = user.preferred_mfa
    return members


def auth_factors(pool: EmbeddedUserPool, user: User) -> Reply:
    """Return the members of GetUserAuthFactors."""
    offered = available_challenges(pool, user)
    factors = [factor for factor in pool.settings.first_factors if challenge_of(factor) in offered]
    return {"Username": user.username, "ConfiguredUserAuthFactors": factors, **mfa_members(user)}
