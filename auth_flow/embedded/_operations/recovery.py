"""ForgotPassword and ConfirmForgotPassword."""

from __future__ import annotations

from auth_flow.embedded._context import Context
from auth_flow.embedded._delivery import MEDIUM_OF, check_code, send_code, simulated_details
from auth_flow.embedded._fault import (
    code_mismatch,
    invalid_parameter,
    not_authorized,
    unknown_to_client,
)
from auth_flow.embedded._firing import fire
from auth_flow.embedded._migration import migrate
from auth_flow.embedded._models import User
from auth_flow.embedded._operations.shapes import (
    ClientId,
    ClientMetadata,
    ConfirmationCode,
    Password,
    SecretHash,
    Username,
)
from auth_flow.embedded._passwords import set_password
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService, check_secret_hash


class ForgotPasswordRequest(Request):
    client_id: ClientId
    username: Username
    client_metadata: ClientMetadata | None = None
    secret_hash: SecretHash | None = None


class ConfirmForgotPasswordRequest(Request):
    client_id: ClientId
    username: Username
    confirmation_code: ConfirmationCode
    password: Password
    client_metadata: ClientMetadata | None = None
    secret_hash: SecretHash | None = None


@operation(ForgotPasswordRequest)
async def forgot_password(service: CognitoService, request: ForgotPasswordRequest) -> Reply:
    """Send a reset code to a verified address or phone number of the user.

    If the client protects users, the reply is simulated if no code can be sent.
    """
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    if "admin_only" in pool.settings.recovery:
        raise not_authorized("Contact administrator to reset password.")
    user = pool.user(request.username)
    if user is None:
        stranger = Context(
            pool=pool,
            username=request.username,
            user=None,
            client_id=client.id,
            client_metadata=request.client_metadata or {},
        )
        user = await migrate(stranger)
    if user is None and not client.protects_users:
        raise unknown_to_client()
    if client.protects_users and (
        user is None or not user.enabled or recovery_attribute(pool, user) is None
    ):
        return {"CodeDeliveryDetails": simulated_details(pool, request.username)}
    if user is None or not user.enabled:
        raise not_authorized("User is disabled.")
    context = Context.about(
        pool, user, client_id=client.id, client_metadata=request.client_metadata
    )
    return {"CodeDeliveryDetails": await send_reset_code(context)}


@operation(ConfirmForgotPasswordRequest)
async def confirm_forgot_password(
    service: CognitoService, request: ConfirmForgotPasswordRequest
) -> Reply:
    """Set a new password with the code."""
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    user = pool.user(request.username)
    if user is None or not user.enabled:
        if client.protects_users:
            raise code_mismatch()
        raise unknown_to_client() if user is None else not_authorized("User is disabled.")
    check_code(pool, user, "ForgotPassword", request.confirmation_code)
    await set_password(pool, user, request.password)
    del user.codes["ForgotPassword"]
    if user.status == "RESET_REQUIRED":
        user.status = "CONFIRMED"
    pool.save(user)
    context = Context.about(
        pool, user, client_id=client.id, client_metadata=request.client_metadata
    )
    await fire(context, "PostConfirmation", "ConfirmForgotPassword", context.metadata_member)
    return {}


async def send_reset_code(context: Context) -> dict[str, str]:
    """Send a reset code and return its CodeDeliveryDetails.

    Raises an error if the password cannot be reset, or if the user cannot be reached.
    """
    pool, user = context.pool, context.existing_user
    if user.status == "FORCE_CHANGE_PASSWORD":
        raise not_authorized("User password cannot be reset in the current state.")
    attribute = recovery_attribute(pool, user)
    if attribute is None:
        raise invalid_parameter(
            "Cannot reset password for the user as there is no registered/verified email or "
            "phone_number"
        )
    return await send_code(
        context, MEDIUM_OF[attribute], kept_as="ForgotPassword", purpose="ForgotPassword"
    )


def recovery_attribute(pool: EmbeddedUserPool, user: User) -> str | None:
    """Return the first attribute that the pool recovers accounts by and the user has verified."""
    by = [name for name in pool.settings.recovery if name != "admin_only"]
    # With admin_only an administrator can still send the code.
    return next((name for name in by or MEDIUM_OF if user.verified(name)), None)
