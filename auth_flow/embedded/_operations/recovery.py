"""ForgotPassword and ConfirmForgotPassword."""

from __future__ import annotations

from auth_flow.embedded._delivery import MEDIUM_OF, check_code, send_code, simulated_details
from auth_flow.embedded._fault import (
    code_mismatch,
    invalid_parameter,
    not_authorized,
    unknown_to_client,
)
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
from auth_flow.embedded._triggers import fire


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
    """Send a code to a verified address of the user; where users are protected, appear to, whoever
    it is.
    """
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    user = pool.user(request.username) or await migrate(
        pool, client, request.username, None, "ForgotPassword"
    )
    if user is None and not client.protects_users:
        raise unknown_to_client()
    if client.protects_users and (
        user is None or not user.enabled or recovery_attribute(pool, user) is None
    ):
        return {"CodeDeliveryDetails": simulated_details(pool, request.username)}
    if user is None or not user.enabled:
        raise not_authorized("User is disabled.")
    details = await send_reset_code(pool, user, client.id, request.client_metadata)
    return {"CodeDeliveryDetails": details}


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
    metadata = {"clientMetadata": request.client_metadata or {}}
    await fire(
        pool,
        "PostConfirmation",
        "ConfirmForgotPassword",
        client_id=client.id,
        username=user.username,
        user=user,
        request=metadata,
    )
    return {}


async def send_reset_code(
    pool: EmbeddedUserPool, user: User, client_id: str, client_metadata: dict[str, str] | None
) -> dict[str, str]:
    """Send a reset code and describe where to; refused where the account has no way to recover."""
    if user.status == "FORCE_CHANGE_PASSWORD":
        raise not_authorized("User password cannot be reset in the current state.")
    attribute = recovery_attribute(pool, user)
    if attribute is None:
        raise invalid_parameter(
            "Cannot reset password for the user as there is no registered/verified email or phone_number"
        )
    return await send_code(
        pool,
        user,
        MEDIUM_OF[attribute],
        kept_as="ForgotPassword",
        purpose="ForgotPassword",
        client_id=client_id,
        client_metadata=client_metadata,
    )


def recovery_attribute(pool: EmbeddedUserPool, user: User) -> str | None:
    """The first attribute of the pool's recovery settings that the user has verified."""
    return next((name for name in pool.settings.recovery if user.verified(name)), None)
