"""The multi-factor settings of a user pool."""

from __future__ import annotations

from typing import Any, Literal

from auth_flow.embedded._fault import invalid_parameter
from auth_flow.embedded._operations.pool_shapes import MfaConfiguration
from auth_flow.embedded._operations.shapes import UserPoolId
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import MfaFactor, PasskeyFactor, PoolSettings, Shape


class SoftwareTokenMfaConfiguration(Shape):
    """SoftwareTokenMfaConfigType."""

    enabled: bool = False


class WebAuthnConfiguration(Shape):
    """WebAuthnConfigurationType."""

    relying_party_id: str | None = None
    user_verification: Literal["required", "preferred"] = "preferred"
    factor_configuration: PasskeyFactor = "SINGLE_FACTOR"


class SetUserPoolMfaConfigRequest(Request):
    user_pool_id: UserPoolId
    mfa_configuration: MfaConfiguration | None = None
    sms_mfa_configuration: dict[str, Any] | None = None
    software_token_mfa_configuration: SoftwareTokenMfaConfiguration | None = None
    email_mfa_configuration: dict[str, Any] | None = None
    web_authn_configuration: WebAuthnConfiguration | None = None


class GetUserPoolMfaConfigRequest(Request):
    user_pool_id: UserPoolId


@operation(SetUserPoolMfaConfigRequest)
async def set_user_pool_mfa_config(
    service: CognitoService, request: SetUserPoolMfaConfigRequest
) -> Reply:
    """Set which second factors the pool has, and if one is required."""
    pool = service.pool(request.user_pool_id)
    token, passkeys = request.software_token_mfa_configuration, request.web_authn_configuration
    wanted: dict[MfaFactor, bool] = {
        "SMS_MFA": request.sms_mfa_configuration is not None,
        "SOFTWARE_TOKEN_MFA": token is not None and token.enabled,
        "EMAIL_OTP": request.email_mfa_configuration is not None,
    }
    changes: dict[str, object] = {
        "mfa_factors": tuple(factor for factor, on in wanted.items() if on)
    }
    if request.mfa_configuration is not None:
        changes["mfa_configuration"] = request.mfa_configuration
    if passkeys is not None:
        changes["user_verification"] = passkeys.user_verification
        changes["relying_party_id"] = passkeys.relying_party_id or pool.settings.relying_party_id
        changes["passkey_factor"] = passkeys.factor_configuration
    settings = pool.settings.model_copy(update=changes)
    if not allows_passkeys(settings):
        raise invalid_parameter(
            "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and "
            "WebAuthn is an allowed first auth factor"
        )
    pool.settings = settings
    return _mfa_config(pool)


@operation(GetUserPoolMfaConfigRequest)
async def get_user_pool_mfa_config(
    service: CognitoService, request: GetUserPoolMfaConfigRequest
) -> Reply:
    """Return which second factors the pool has, and if one is required."""
    return _mfa_config(service.pool(request.user_pool_id))


def allows_passkeys(settings: PoolSettings) -> bool:
    """Return whether passkeys as a first factor go together with the pool's MFA.

    If MFA is required, a passkey has to satisfy it, because no second factor follows it.
    """
    return (
        settings.mfa_configuration != "ON"
        or "WEB_AUTHN" not in settings.first_factors
        or settings.passkey_factor == "MULTI_FACTOR_WITH_USER_VERIFICATION"
    )


def _mfa_config(pool: EmbeddedUserPool) -> Reply:
    settings = pool.settings
    return {
        "MfaConfiguration": settings.mfa_configuration,
        "SoftwareTokenMfaConfiguration": {"Enabled": "SOFTWARE_TOKEN_MFA" in settings.mfa_factors},
        "WebAuthnConfiguration": {
            "RelyingPartyId": settings.relying_party_id,
            "UserVerification": settings.user_verification,
            "FactorConfiguration": settings.passkey_factor,
        },
        **({"SmsMfaConfiguration": {}} if "SMS_MFA" in settings.mfa_factors else {}),
        **({"EmailMfaConfiguration": {}} if "EMAIL_OTP" in settings.mfa_factors else {}),
    }
