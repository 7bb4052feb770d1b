"""What an administrator does with user pools: the service's shapes, and the settings they stand
for.
"""

from __future__ import annotations

from typing import Annotated, Literal

import anyio.to_thread
from pydantic import Field

from auth_flow.embedded._fault import invalid_parameter
from auth_flow.embedded._operations.shapes import UserPoolId
from auth_flow.embedded._paging import page
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._schema import STANDARD, known_attributes
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import (
    ContactAttribute,
    FirstFactor,
    MfaFactor,
    PasswordPolicy,
    PoolSettings,
    Shape,
)
from auth_flow.embedded._signing import SigningKey

MfaConfiguration = Literal["OFF", "ON", "OPTIONAL"]


class SignInPolicy(Shape):
    """SignInPolicyType of the service model, and so on below."""

    allowed_first_auth_factors: tuple[FirstFactor, ...] = ("PASSWORD",)


class Policies(Shape):
    """UserPoolPolicyType."""

    password_policy: PasswordPolicy = PasswordPolicy()
    sign_in_policy: SignInPolicy = SignInPolicy()


class VerificationMessageTemplate(Shape):
    """VerificationMessageTemplateType."""

    default_email_option: Literal["CONFIRM_WITH_CODE", "CONFIRM_WITH_LINK"] = "CONFIRM_WITH_CODE"


class DeviceConfiguration(Shape):
    """DeviceConfigurationType."""

    challenge_required_on_new_device: bool = False
    device_only_remembered_on_user_prompt: bool = False


class SchemaAttribute(Shape):
    """SchemaAttributeType."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    required: bool = False

    @property
    def custom(self) -> bool:
        """Whether it is neither a standard attribute nor the `sub` that every pool has."""
        return self.name not in {*STANDARD, "sub"}


class AdminCreateUserConfig(Shape):
    """AdminCreateUserConfigType."""

    allow_admin_create_user_only: bool = False


class UsernameConfiguration(Shape):
    """UsernameConfigurationType."""

    case_sensitive: bool


class UserAttributeUpdateSettings(Shape):
    """UserAttributeUpdateSettingsType."""

    attributes_require_verification_before_update: tuple[ContactAttribute, ...] = ()


class SoftwareTokenMfaConfiguration(Shape):
    """SoftwareTokenMfaConfigType."""

    enabled: bool = False


class WebAuthnConfiguration(Shape):
    """WebAuthnConfigurationType."""

    relying_party_id: str | None = None
    user_verification: Literal["required", "preferred"] = "preferred"


class CreateUserPoolRequest(Request):
    pool_name: Annotated[str, Field(min_length=1, max_length=128)]
    policies: Policies = Policies()
    auto_verified_attributes: tuple[ContactAttribute, ...] = ()
    alias_attributes: tuple[Literal["email", "phone_number", "preferred_username"], ...] = ()
    username_attributes: tuple[ContactAttribute, ...] = ()
    verification_message_template: VerificationMessageTemplate = VerificationMessageTemplate()
    mfa_configuration: MfaConfiguration = "OFF"
    user_attribute_update_settings: UserAttributeUpdateSettings = UserAttributeUpdateSettings()
    device_configuration: DeviceConfiguration | None = None
    admin_create_user_config: AdminCreateUserConfig = AdminCreateUserConfig()
    schema_: Annotated[tuple[SchemaAttribute, ...], Field(alias="Schema")] = ()
    username_configuration: UsernameConfiguration = UsernameConfiguration(case_sensitive=True)


class DescribeUserPoolRequest(Request):
    user_pool_id: UserPoolId


class DeleteUserPoolRequest(Request):
    user_pool_id: UserPoolId


class ListUserPoolsRequest(Request):
    max_results: Annotated[int, Field(ge=1, le=60)]
    next_token: str | None = None


class SetUserPoolMfaConfigRequest(Request):
    user_pool_id: UserPoolId
    mfa_configuration: MfaConfiguration | None = None
    sms_mfa_configuration: dict[str, object] | None = None
    software_token_mfa_configuration: SoftwareTokenMfaConfiguration | None = None
    email_mfa_configuration: dict[str, object] | None = None
    web_authn_configuration: WebAuthnConfiguration | None = None


class GetUserPoolMfaConfigRequest(Request):
    user_pool_id: UserPoolId


@operation(CreateUserPoolRequest)
async def create_user_pool(service: CognitoService, request: CreateUserPoolRequest) -> Reply:
    """Make a pool; as with the service, MFA factors are turned on by SetUserPoolMfaConfig.

    Of the schema, the names and what is required are kept; data types, constraints and mutability
    are not.
    """
    if any(attribute.required and attribute.custom for attribute in request.schema_):
        raise invalid_parameter("Required custom attributes are not supported currently.")
    devices = request.device_configuration
    prompted = devices is not None and devices.device_only_remembered_on_user_prompt
    settings = PoolSettings(
        name=request.pool_name,
        mfa_configuration=request.mfa_configuration,
        mfa_factors=("SMS_MFA",),
        first_factors=request.policies.sign_in_policy.allowed_first_auth_factors,
        password_policy=request.policies.password_policy,
        required_attributes=tuple(
            attribute.name
            for attribute in request.schema_
            if attribute.required and attribute.name != "sub"
        ),
        custom_attributes=tuple(
            attribute.name for attribute in request.schema_ if attribute.custom
        ),
        alias_attributes=request.alias_attributes,
        username_attributes=request.username_attributes,
        auto_verified_attributes=request.auto_verified_attributes,
        verify_before_update=request.user_attribute_update_settings.attributes_require_verification_before_update,
        email_confirmation=request.verification_message_template.default_email_option,
        admin_create_only=request.admin_create_user_config.allow_admin_create_user_only,
        case_sensitive_usernames=request.username_configuration.case_sensitive,
        device_tracking="OFF" if devices is None else "USER_OPT_IN" if prompted else "ALWAYS",
        trusted_devices_skip_mfa=devices is not None and devices.challenge_required_on_new_device,
    )
    key = await anyio.to_thread.run_sync(SigningKey)
    return {"UserPool": _shown(service.create_pool(settings, key=key))}


@operation(DescribeUserPoolRequest)
async def describe_user_pool(service: CognitoService, request: DescribeUserPoolRequest) -> Reply:
    """The pool's settings."""
    return {"UserPool": _shown(service.pool(request.user_pool_id))}


@operation(DeleteUserPoolRequest)
async def delete_user_pool(service: CognitoService, request: DeleteUserPoolRequest) -> Reply:
    """Forget the pool."""
    service.delete_pool(service.pool(request.user_pool_id))
    return {}


@operation(ListUserPoolsRequest)
async def list_user_pools(service: CognitoService, request: ListUserPoolsRequest) -> Reply:
    """A page of pools."""
    pools, token = page(list(service.pools.values()), request.max_results, request.next_token)
    shown = [
        {"Id": pool.id, "Name": pool.settings.name, "CreationDate": pool.created} for pool in pools
    ]
    return {"UserPools": shown} | ({"NextToken": token} if token else {})


@operation(SetUserPoolMfaConfigRequest)
async def set_user_pool_mfa_config(
    service: CognitoService, request: SetUserPoolMfaConfigRequest
) -> Reply:
    """Say which second factors the pool has, and whether one is needed."""
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
    pool.settings = pool.settings.model_copy(update=changes)
    return _mfa_config(pool)


@operation(GetUserPoolMfaConfigRequest)
async def get_user_pool_mfa_config(
    service: CognitoService, request: GetUserPoolMfaConfigRequest
) -> Reply:
    """Which second factors the pool has, and whether one is needed."""
    return _mfa_config(service.pool(request.user_pool_id))


def _mfa_config(pool: EmbeddedUserPool) -> Reply:
    settings = pool.settings
    return {
        "MfaConfiguration": settings.mfa_configuration,
        "SoftwareTokenMfaConfiguration": {"Enabled": "SOFTWARE_TOKEN_MFA" in settings.mfa_factors},
        "WebAuthnConfiguration": {
            "RelyingPartyId": settings.relying_party_id,
            "UserVerification": settings.user_verification,
        },
        **({"SmsMfaConfiguration": {}} if "SMS_MFA" in settings.mfa_factors else {}),
        **({"EmailMfaConfiguration": {}} if "EMAIL_OTP" in settings.mfa_factors else {}),
    }


def _shown(pool: EmbeddedUserPool) -> Reply:
    settings = pool.settings
    devices = DeviceConfiguration(
        challenge_required_on_new_device=settings.trusted_devices_skip_mfa,
        device_only_remembered_on_user_prompt=settings.device_tracking == "USER_OPT_IN",
    )
    return {
        "Id": pool.id,
        "Name": settings.name,
        "Arn": f"arn:aws:cognito-idp:{pool.region}:123456789012:userpool/{pool.id}",
        "CreationDate": pool.created,
        "LastModifiedDate": pool.created,
        "Policies": {
            "PasswordPolicy": settings.password_policy.model_dump(by_alias=True),
            "SignInPolicy": {"AllowedFirstAuthFactors": settings.first_factors},
        },
        "SchemaAttributes": [
            {"Name": name, "Required": name in ("sub", *settings.required_attributes)}
            for name in sorted(known_attributes(settings))
        ],
        "AutoVerifiedAttributes": settings.auto_verified_attributes,
        "AliasAttributes": settings.alias_attributes,
        "UsernameAttributes": settings.username_attributes,
        "VerificationMessageTemplate": {"DefaultEmailOption": settings.email_confirmation},
        "MfaConfiguration": settings.mfa_configuration,
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": settings.admin_create_only},
        "UsernameConfiguration": {"CaseSensitive": settings.case_sensitive_usernames},
        "EstimatedNumberOfUsers": len(pool.users),
        **(
            {}
            if settings.device_tracking == "OFF"
            else {"DeviceConfiguration": devices.model_dump(by_alias=True)}
        ),
    }
