"""The members by which user pools are configured and described, and the settings they stand for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from auth_flow.embedded._fault import Fault, invalid_parameter
from auth_flow.embedded._levels import LEVEL_NAMES, LevelNames
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request
from auth_flow.embedded._schema import BUILT_IN, STANDARD, declaration, known_attributes
from auth_flow.embedded._settings import (
    AttributeDeclaration,
    ContactAttribute,
    FirstFactor,
    PasswordPolicy,
    PoolSettings,
    Shape,
)

MfaConfiguration = Literal["OFF", "ON", "OPTIONAL"]
AcrLevelKey = Literal["Level1", "Level2", "Level3", "Level4"]
Tags = dict[
    Annotated[str, Field(min_length=1, max_length=128)], Annotated[str, Field(max_length=256)]
]


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
    sms_message: str | None = None
    email_message: str | None = None
    email_subject: str | None = None
    email_message_by_link: str | None = None
    email_subject_by_link: str | None = None


class DeviceConfiguration(Shape):
    """DeviceConfigurationType."""

    challenge_required_on_new_device: bool = False
    device_only_remembered_on_user_prompt: bool = False


class AdminCreateUserConfig(Shape):
    """AdminCreateUserConfigType."""

    allow_admin_create_user_only: bool = False
    unused_account_validity_days: int | None = None
    invite_message_template: dict[str, str] | None = None


class UsernameConfiguration(Shape):
    """UsernameConfigurationType."""

    case_sensitive: bool


class UserAttributeUpdateSettings(Shape):
    """UserAttributeUpdateSettingsType."""

    attributes_require_verification_before_update: tuple[ContactAttribute, ...] = ()


class RecoveryOption(Shape):
    """RecoveryOptionType."""

    priority: Annotated[int, Field(ge=1, le=2)]
    name: Literal["verified_email", "verified_phone_number", "admin_only"]


class AccountRecoverySetting(Shape):
    """AccountRecoverySettingType."""

    recovery_mechanisms: Annotated[tuple[RecoveryOption, ...], Field(max_length=2)] = ()

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to recover an account, as in `PoolSettings.recovery`."""
        ordered = sorted(self.recovery_mechanisms, key=lambda option: option.priority)
        return tuple(option.name.removeprefix("verified_") for option in ordered)


class IssuerConfiguration(Shape):
    """IssuerConfigurationType."""

    type: Literal["ORIGINAL", "UPDATED"] = "ORIGINAL"


class AcrLevel(Shape):
    """AcrLevelConfigType."""

    acr_value: Annotated[
        str, Field(min_length=1, max_length=64, pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")
    ]


class PoolMembers(Request):
    """The members that CreateUserPool and UpdateUserPool have in common.

    One that is left out has its default, in an update too.
    """

    policies: Policies = Policies()
    auto_verified_attributes: tuple[ContactAttribute, ...] = ()
    verification_message_template: VerificationMessageTemplate = VerificationMessageTemplate()
    mfa_configuration: MfaConfiguration = "OFF"
    user_attribute_update_settings: UserAttributeUpdateSettings = UserAttributeUpdateSettings()
    device_configuration: DeviceConfiguration | None = None
    admin_create_user_config: AdminCreateUserConfig = AdminCreateUserConfig()
    account_recovery_setting: AccountRecoverySetting | None = None
    issuer_configuration: IssuerConfiguration = IssuerConfiguration()
    acr_configuration: dict[AcrLevelKey, AcrLevel] = Field(
        default_factory=dict[AcrLevelKey, AcrLevel]
    )
    deletion_protection: Literal["ACTIVE", "INACTIVE"] = "INACTIVE"
    user_pool_tags: Tags = Field(default_factory=dict)
    # The members from here on have no effect in this pool. They are described as they were given.
    lambda_config: dict[str, Any] | None = None
    sms_verification_message: str | None = None
    email_verification_message: str | None = None
    email_verification_subject: str | None = None
    sms_authentication_message: str | None = None
    email_configuration: dict[str, Any] | None = None
    sms_configuration: dict[str, Any] | None = None
    user_pool_add_ons: dict[str, Any] | None = None
    user_pool_tier: Literal["LITE", "ESSENTIALS", "PLUS"] | None = None
    key_configuration: dict[str, Any] | None = None

    def apply(self, settings: PoolSettings) -> PoolSettings:
        """Return the settings, changed as these members ask for."""
        devices = self.device_configuration
        prompted = devices is not None and devices.device_only_remembered_on_user_prompt
        recovery = self.account_recovery_setting
        changes: dict[str, object] = {
            "mfa_configuration": self.mfa_configuration,
            "first_factors": self.policies.sign_in_policy.allowed_first_auth_factors,
            "password_policy": self.policies.password_policy,
            "auto_verified_attributes": self.auto_verified_attributes,
            "verify_before_update": (
                self.user_attribute_update_settings.attributes_require_verification_before_update
            ),
            "email_confirmation": self.verification_message_template.default_email_option,
            "admin_create_only": self.admin_create_user_config.allow_admin_create_user_only,
            "device_tracking": (
                "OFF" if devices is None else "USER_OPT_IN" if prompted else "ALWAYS"
            ),
            "trusted_devices_skip_mfa": (
                devices is not None and devices.challenge_required_on_new_device
            ),
            "recovery": (
                recovery.ways if recovery else PoolSettings.model_fields["recovery"].default
            ),
            "level_names": self._level_names(),
            "deletion_protection": self.deletion_protection == "ACTIVE",
            "tags": self.user_pool_tags,
            "described": self._without_effect(),
        }
        if settings.issuer_type != "LOCAL":  # which the service does not have and cannot change
            changes["issuer_type"] = self.issuer_configuration.type
        return settings.model_copy(update=changes)

    def _level_names(self) -> LevelNames:
        given = {key: level.acr_value for key, level in self.acr_configuration.items()}
        if given and self.user_pool_tier == "LITE":
            raise Fault(
                "FeatureUnavailableInTierException",
                "Custom names of ACR levels are not available in the LITE feature plan.",
            )
        first, second, third, fourth = LEVEL_NAMES
        names = (
            given.get("Level1", first),
            given.get("Level2", second),
            given.get("Level3", third),
            given.get("Level4", fourth),
        )
        if len(set(names)) < len(names):
            raise invalid_parameter("The names of the ACR levels must be unique.")
        return names

    def _without_effect(self) -> dict[str, Any]:
        names = {
            *("lambda_config", "email_configuration", "sms_configuration", "key_configuration"),
            *("sms_verification_message", "email_verification_message"),
            *("email_verification_subject", "sms_authentication_message"),
            *("user_pool_add_ons", "user_pool_tier", "account_recovery_setting"),
            *("verification_message_template", "admin_create_user_config"),
        }
        members = self.model_dump(mode="json", by_alias=True, include=names, exclude_none=True)
        # The older members and the template are two names of the same messages.
        template = members["VerificationMessageTemplate"]
        for older, newer in (
            ("SmsVerificationMessage", "SmsMessage"),
            ("EmailVerificationMessage", "EmailMessage"),
            ("EmailVerificationSubject", "EmailSubject"),
        ):
            message = template.get(newer) or members.get(older)
            if message is not None:
                template[newer] = members[older] = message
        return members


def with_attributes(
    settings: PoolSettings, declared: tuple[AttributeDeclaration, ...]
) -> PoolSettings:
    """Return the settings with further declarations of attributes."""
    if any(
        attribute.required and attribute.name not in {*STANDARD, "sub"} for attribute in declared
    ):
        raise invalid_parameter("Required custom attributes are not supported currently.")
    named = {attribute.name: attribute for attribute in (*settings.declarations, *declared)}
    custom = [name for name in named if name not in BUILT_IN]
    return settings.model_copy(
        update={
            "declarations": tuple(named.values()),
            "custom_attributes": tuple(dict.fromkeys((*settings.custom_attributes, *custom))),
            "required_attributes": (
                *settings.required_attributes,
                *(
                    attribute.name
                    for attribute in declared
                    if attribute.required and attribute.name != "sub"
                ),
            ),
        }
    )


def describe(pool: EmbeddedUserPool) -> Reply:
    """Return a pool as UserPoolType."""
    settings = pool.settings
    devices = DeviceConfiguration(
        challenge_required_on_new_device=settings.trusted_devices_skip_mfa,
        device_only_remembered_on_user_prompt=settings.device_tracking == "USER_OPT_IN",
    )
    update = UserAttributeUpdateSettings(
        attributes_require_verification_before_update=settings.verify_before_update
    )
    optional: Reply = {
        "AliasAttributes": settings.alias_attributes,
        "UsernameAttributes": settings.username_attributes,
        "UserPoolTags": settings.tags,
    }
    reply: Reply = {
        "Id": pool.id,
        "Name": settings.name,
        "Arn": pool.arn,
        "CreationDate": pool.created,
        "LastModifiedDate": pool.modified,
        "Policies": {
            "PasswordPolicy": settings.password_policy.model_dump(by_alias=True),
            "SignInPolicy": {"AllowedFirstAuthFactors": settings.first_factors},
        },
        "SchemaAttributes": [
            _schema(settings, name) for name in sorted(known_attributes(settings))
        ],
        "AutoVerifiedAttributes": settings.auto_verified_attributes,
        "VerificationMessageTemplate": {"DefaultEmailOption": settings.email_confirmation},
        "UserAttributeUpdateSettings": update.model_dump(by_alias=True),
        "MfaConfiguration": settings.mfa_configuration,
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": settings.admin_create_only},
        "UsernameConfiguration": {"CaseSensitive": settings.case_sensitive_usernames},
        "EstimatedNumberOfUsers": len(pool.users),
        "DeletionProtection": "ACTIVE" if settings.deletion_protection else "INACTIVE",
        **{name: value for name, value in optional.items() if value},
        **{
            "CustomDomain" if domain.certificate else "Domain": domain.name
            for domain in pool.domains
        },
        **settings.described,
    }
    if settings.issuer_type != "LOCAL":
        reply["IssuerConfiguration"] = {"Type": settings.issuer_type}
    if settings.level_names != LEVEL_NAMES:
        reply["AcrConfiguration"] = {
            f"Level{level}": {"AcrValue": name}
            for level, name in enumerate(settings.level_names, start=1)
        }
    if settings.device_tracking != "OFF":
        reply["DeviceConfiguration"] = devices.model_dump(by_alias=True)
    return reply


def _schema(settings: PoolSettings, name: str) -> Reply:
    shown = declaration(settings, name).model_dump(by_alias=True, exclude_none=True)
    return {**shown, "Name": name, "Required": name in ("sub", *settings.required_attributes)}
