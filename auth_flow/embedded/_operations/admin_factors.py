"""The factors of a user, as an administrator sees them."""

from __future__ import annotations

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._operations.account import auth_factors
from auth_flow.embedded._operations.admin_users import OfUser
from auth_flow.embedded._registry import Reply, operation
from auth_flow.embedded._service import CognitoService


class AdminGetUserAuthFactorsRequest(OfUser): ...


class AdminDeleteSoftwareTokenRequest(OfUser): ...


@operation(AdminGetUserAuthFactorsRequest)
async def admin_get_user_auth_factors(
    service: CognitoService, request: AdminGetUserAuthFactorsRequest
) -> Reply:
    """Return the factors that the user can sign in with."""
    return auth_factors(*service.user(request.user_pool_id, request.username))


@operation(AdminDeleteSoftwareTokenRequest)
async def admin_delete_software_token(
    service: CognitoService, request: AdminDeleteSoftwareTokenRequest
) -> Reply:
    """Remove the user's authenticator, so that another one can be registered."""
    pool, user = service.user(request.user_pool_id, request.username)
    if user.totp is None:
        raise Fault("ResourceNotFoundException", "The user has no software token.")
    user.totp = user.pending_totp = None
    user.mfa = [factor for factor in user.mfa if factor != "SOFTWARE_TOKEN_MFA"]
    if user.preferred_mfa == "SOFTWARE_TOKEN_MFA":
        user.preferred_mfa = None
    pool.save(user)
    return {}
