"""The second factors that a user has turned on, and the preferred one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from auth_flow.embedded._fault import invalid_parameter
from auth_flow.embedded._models import User
from auth_flow.embedded._operations.shapes import AccessToken, AttributeName, Username, UserPoolId
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import MfaFactor


class MfaSetting(BaseModel):
    """SMSMfaSettingsType and its like."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, strict=True)

    enabled: bool = False
    preferred_mfa: bool = False


class WebAuthnMfaSetting(BaseModel):
    """WebAuthnMfaSettingsType."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, strict=True)

    enabled: bool = False


class Preference(Request):
    """The members that the user's and the administrator's operation share."""

    sms_mfa_settings: Annotated[MfaSetting | None, Field(alias="SMSMfaSettings")] = None
    software_token_mfa_settings: MfaSetting | None = None
    email_mfa_settings: MfaSetting | None = None
    web_authn_mfa_settings: WebAuthnMfaSetting | None = None


class SetUserMFAPreferenceRequest(Preference):
    access_token: AccessToken


class AdminSetUserMFAPreferenceRequest(Preference):
    user_pool_id: UserPoolId
    username: Username


class MfaOption(BaseModel):
    """MFAOptionType of the service model."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, strict=True)

    delivery_medium: Literal["SMS", "EMAIL"]
    attribute_name: AttributeName


class SetUserSettingsRequest(Request):
    access_token: AccessToken
    mfa_options: Annotated[list[MfaOption], Field(alias="MFAOptions")]


@operation(SetUserMFAPreferenceRequest)
async def set_user_mfa_preference(
    service: CognitoService, request: SetUserMFAPreferenceRequest
) -> Reply:
    """Turn factors on or off; factors that the request does not have stay as they are."""
    caller = service.caller(request.access_token)
    _apply(caller.pool, caller.user, request)
    return {}


@operation(AdminSetUserMFAPreferenceRequest)
async def admin_set_user_mfa_preference(
    service: CognitoService, request: AdminSetUserMFAPreferenceRequest
) -> Reply:
    """Do the same as SetUserMFAPreference for any user."""
    pool, user = service.user(request.user_pool_id, request.username)
    _apply(pool, user, request)
    return {}


@operation(SetUserSettingsRequest)
async def set_user_settings(service: CognitoService, request: SetUserSettingsRequest) -> Reply:
    """Turn SMS_MFA on, or off if there are no options. SetUserMFAPreference replaces it."""
    caller = service.caller(request.access_token)
    setting = MfaSetting.model_validate({"Enabled": bool(request.mfa_options)})
    _set(caller.user, "SMS_MFA", setting)
    caller.pool.save(caller.user)
    return {}


def _apply(pool: EmbeddedUserPool, user: User, request: Preference) -> None:
    settings: dict[MfaFactor, MfaSetting | None] = {
        "SMS_MFA": request.sms_mfa_settings,
        "SOFTWARE_TOKEN_MFA": request.software_token_mfa_settings,
        "EMAIL_OTP": request.email_mfa_settings,
    }
    given: dict[MfaFactor, MfaSetting] = {
        factor: setting for factor, setting in settings.items() if setting is not None
    }
    if sum(setting.preferred_mfa for setting in given.values()) > 1:
        raise invalid_parameter("Only one MFA method can be preferred.")
    for factor, setting in given.items():
        if setting.enabled and factor not in pool.settings.mfa_factors:
            raise invalid_parameter(f"{factor} is not enabled for the user pool.")
    changed = user.model_copy(deep=True)
    for factor, setting in given.items():
        _set(changed, factor, setting)
    if request.web_authn_mfa_settings is not None:
        changed.passkey_mfa = request.web_authn_mfa_settings.enabled
    if changed.passkey_mfa:
        _check_passkey_mfa(pool, changed)
    user.mfa, user.preferred_mfa = changed.mfa, changed.preferred_mfa
    user.passkey_mfa = changed.passkey_mfa
    pool.save(user)


def _check_passkey_mfa(pool: EmbeddedUserPool, user: User) -> None:
    if pool.settings.passkey_factor != "MULTI_FACTOR_WITH_USER_VERIFICATION":
        raise invalid_parameter("Passkeys do not satisfy MFA in the user pool.")
    if not user.mfa:
        raise invalid_parameter("Another MFA method must be enabled along with passkey MFA.")


def _set(user: User, factor: MfaFactor, setting: MfaSetting) -> None:
    if setting.enabled:
        _check_ready(user, factor)
        user.turn_on(factor)
    elif factor in user.mfa:
        user.mfa.remove(factor)
    if setting.enabled and setting.preferred_mfa:
        user.preferred_mfa = factor
    elif user.preferred_mfa == factor:
        user.preferred_mfa = None


def _check_ready(user: User, factor: MfaFactor) -> None:
    if factor == "SOFTWARE_TOKEN_MFA":
        if user.totp is None:
            raise invalid_parameter("User has not verified software token mfa")
    elif ("phone_number" if factor == "SMS_MFA" else "email") not in user.attributes:
        raise invalid_parameter(f"User does not have delivery config set to turn on {factor}")
