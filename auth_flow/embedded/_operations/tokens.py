"""Renewing and revoking tokens."""

from __future__ import annotations

from typing import Literal

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._grants import find_grant, refresh, revoke
from auth_flow.embedded._operations.shapes import (
    ClientId,
    ClientMetadata,
    ClientSecret,
    DeviceKey,
    Username,
    UserPoolId,
)
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService, check_client_secret


class GetTokensFromRefreshTokenRequest(Request):
    refresh_token: str
    client_id: ClientId
    client_secret: ClientSecret | None = None
    device_key: DeviceKey | None = None
    client_metadata: ClientMetadata | None = None


class RevokeTokenRequest(Request):
    token: str
    client_id: ClientId
    client_secret: ClientSecret | None = None


class UpdateAuthEventFeedbackRequest(Request):
    user_pool_id: UserPoolId
    username: Username
    event_id: str
    feedback_token: str
    feedback_value: Literal["Valid", "Invalid"]


@operation(GetTokensFromRefreshTokenRequest)
async def get_tokens_from_refresh_token(
    service: CognitoService, request: GetTokensFromRefreshTokenRequest
) -> Reply:
    """Renew tokens. If the client rotates refresh tokens, the reply has a new one."""
    pool, client = service.client(request.client_id)
    check_client_secret(client, request.client_secret)
    return {
        "AuthenticationResult": await refresh(
            pool,
            client,
            request.refresh_token,
            device_key=request.device_key,
            client_metadata=request.client_metadata,
        )
    }


@operation(RevokeTokenRequest)
async def revoke_token(service: CognitoService, request: RevokeTokenRequest) -> Reply:
    """Revoke a refresh token and the access tokens of its family. An unknown token is accepted."""
    try:
        pool, client = service.client(request.client_id)
        check_client_secret(client, request.client_secret)
    except Fault as fault:
        # RevokeToken has neither ResourceNotFoundException nor NotAuthorizedException.
        raise Fault("UnauthorizedException", fault.message) from fault
    if not client.settings.enable_token_revocation:
        raise Fault(
            "UnsupportedOperationException", "Token revocation is not enabled for the client."
        )
    if request.token.count(".") == 2:
        raise Fault("UnsupportedTokenTypeException", "Unsupported token type")
    grant = find_grant(pool, request.token)
    if grant is None:
        return {}
    if grant.client_id != client.id:
        raise Fault("UnauthorizedException", "The token was issued to another client.")
    revoke(pool, grant)
    return {}


@operation(UpdateAuthEventFeedbackRequest)
async def update_auth_event_feedback(
    service: CognitoService, request: UpdateAuthEventFeedbackRequest
) -> Reply:
    """Raise UserPoolAddOnNotEnabledException: this service does not have threat protection."""
    service.user(request.user_pool_id, request.username)
    raise Fault(
        "UserPoolAddOnNotEnabledException", "Threat protection is not enabled for the user pool."
    )
