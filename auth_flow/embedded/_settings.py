"""The settings of user pools and app clients. Names and defaults are the service's."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from auth_flow.embedded._levels import LEVEL_NAMES, LevelNames
from auth_flow.embedded._members import member_name

MfaFactor = Literal["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
FirstFactor = Literal["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN"]
ContactAttribute = Literal["email", "phone_number"]
IssuerType = Literal["ORIGINAL", "UPDATED", "LOCAL"]
OAuthFlow = Literal["code", "implicit", "client_credentials"]
Url = Annotated[str, Field(min_length=1, max_length=1024)]
PasskeyFactor = Literal["SINGLE_FACTOR", "MULTI_FACTOR_WITH_USER_VERIFICATION"]
TimeUnit = Literal["seconds", "minutes", "hours", "days"]

SECONDS_IN: dict[TimeUnit, int] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}

AuthFlow = Literal[
    "ADMIN_NO_SRP_AUTH",
    "CUSTOM_AUTH_FLOW_ONLY",
    "USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
]


class Shape(BaseModel):
    """A structure that has the service's PascalCase names on the wire and Python's in Python."""

    model_config = ConfigDict(alias_generator=member_name, populate_by_name=True, frozen=True)


class PasswordPolicy(Shape):
    """The rules for passwords. Symbols are the printable ASCII characters that are neither letters
    nor digits.
    """

    minimum_length: int = Field(default=8, ge=6, le=99)
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    temporary_password_validity_days: int = Field(default=7, ge=1, le=365)
    password_history_size: int = Field(default=0, ge=0, le=24)


class StringConstraints(Shape):
    """StringAttributeConstraintsType."""

    min_length: Annotated[str, Field(pattern=r"^[0-9]+$")] | None = None
    max_length: Annotated[str, Field(pattern=r"^[0-9]+$")] | None = None


class NumberConstraints(Shape):
    """NumberAttributeConstraintsType."""

    min_value: Annotated[str, Field(pattern=r"^-?[0-9]+$")] | None = None
    max_value: Annotated[str, Field(pattern=r"^-?[0-9]+$")] | None = None


class AttributeDeclaration(Shape):
    """SchemaAttributeType: an attribute that users of a pool can have."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    attribute_data_type: Literal["String", "Number", "DateTime", "Boolean"] = "String"
    developer_only_attribute: bool = False
    mutable: bool = True
    required: bool = False
    string_attribute_constraints: StringConstraints | None = None
    number_attribute_constraints: NumberConstraints | None = None

    @classmethod
    def standard(cls, name: str) -> Self:
        """Return the service's declaration of a standard attribute."""
        if name.endswith("_verified"):
            return cls.model_construct(name=name, attribute_data_type="Boolean")
        if name == "updated_at":
            return cls(
                name=name,
                attribute_data_type="Number",
                number_attribute_constraints=NumberConstraints(min_value="0"),
            )
        shortest, longest = {"birthdate": ("10", "10"), "sub": ("1", "2048")}.get(
            name, ("0", "2048")
        )
        return cls.model_construct(
            name=name.removeprefix("custom:"),
            mutable=name != "sub",
            string_attribute_constraints=(
                None
                if name.startswith("custom:")
                else StringConstraints(min_length=shortest, max_length=longest)
            ),
        )


class Limits(BaseModel):
    """Limits on attempts and messages. The service does not publish its own figures."""

    model_config = ConfigDict(frozen=True)

    wrong_answers_per_session: int = 3
    """Wrong codes that a challenge's session survives; the next one ends it."""
    wrong_codes: int = 5
    """Wrong confirmation or reset codes before TooManyFailedAttemptsException."""
    messages_per_hour: int = 10
    """Codes sent to one user on request before LimitExceededException."""
    wrong_passwords: int = 5
    """Wrong passwords in a row before a lock-out of one second, which doubles with each further one
    up to 15 minutes.
    """


class PoolSettings(BaseModel):
    """The settings of a user pool; `EmbeddedUserPool.settings` can be replaced at any time."""

    model_config = ConfigDict(frozen=True)

    name: str = "embedded"
    mfa_configuration: Literal["OFF", "OPTIONAL", "ON"] = "OFF"
    mfa_factors: tuple[MfaFactor, ...] = ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
    first_factors: tuple[FirstFactor, ...] = ("PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")
    """AllowedFirstAuthFactors of the sign-in policy: what USER_AUTH may offer. The service's own
    default is PASSWORD alone. SOFTWARE_TOKEN is in its model, but it does not offer it yet.
    """
    password_policy: PasswordPolicy = PasswordPolicy()
    required_attributes: tuple[str, ...] = ()
    custom_attributes: tuple[str, ...] = ()
    """Names without their `custom:`. Users can have these and the standard attributes, and no
    others.
    """
    declarations: tuple[AttributeDeclaration, ...] = ()
    """Attributes as CreateUserPool and AddCustomAttributes declared them: data types, constraints
    and mutability. Their names and `required` have an effect by the two settings above.
    """
    alias_attributes: tuple[Literal["email", "phone_number", "preferred_username"], ...] = ()
    username_attributes: tuple[ContactAttribute, ...] = ()
    auto_verified_attributes: tuple[ContactAttribute, ...] = ("email",)
    verify_before_update: tuple[ContactAttribute, ...] = ()
    """AttributesRequireVerificationBeforeUpdate: the old value stays until the new one is
    verified.
    """
    recovery: tuple[Literal["email", "phone_number", "admin_only"], ...] = ("email", "phone_number")
    """Account recovery: verified attributes that a reset code may go to, the preferred one first.
    With `admin_only` a user cannot reset the password.
    """
    deletion_protection: bool = False
    """If true, DeleteUserPool is refused."""
    email_confirmation: Literal["CONFIRM_WITH_CODE", "CONFIRM_WITH_LINK"] = "CONFIRM_WITH_CODE"
    admin_create_only: bool = False
    case_sensitive_usernames: bool = False
    device_tracking: Literal["OFF", "ALWAYS", "USER_OPT_IN"] = "OFF"
    trusted_devices_skip_mfa: bool = True
    """ChallengeRequiredOnNewDevice: a remembered device proves itself instead of a second
    factor.
    """
    relying_party_id: str = "localhost"
    passkey_origins: tuple[str, ...] = ()
    """Origins that passkeys may be used on, besides `https://<relying party id>` and, for
    localhost, any port of it.
    """
    user_verification: Literal["required", "preferred"] = "preferred"
    passkey_factor: PasskeyFactor = "SINGLE_FACTOR"
    """FactorConfiguration: whether a passkey with user verification satisfies MFA."""
    level_names: LevelNames = LEVEL_NAMES
    """AcrConfiguration: the names of the authentication levels, that of level 1 first."""
    limits: Limits = Limits()
    tags: dict[str, str] = Field(default_factory=dict)
    described: dict[str, Any] = Field(default_factory=dict)
    """Members of CreateUserPool that have no effect here, as DescribeUserPool shows them."""
    issuer_type: IssuerType = "ORIGINAL"
    """IssuerConfiguration: whose name tokens carry. `LOCAL`, which the service does not have, is
    the endpoint that serves the pool, so that OpenID Connect discovery finds it.
    """


class TokenValidityUnits(Shape):
    """The units of the three token validities."""

    access_token: TimeUnit = "hours"
    id_token: TimeUnit = "hours"
    refresh_token: TimeUnit = "days"


class RefreshTokenRotation(Shape):
    """The rotation of refresh tokens: if it is enabled, each refresh issues a new one, and the old
    one works for the grace period, in seconds.
    """

    feature: Literal["ENABLED", "DISABLED"] = "DISABLED"
    retry_grace_period_seconds: int = Field(default=0, ge=0, le=60)


class ClientConfiguration(Shape):
    """The settings of an app client that can be changed."""

    explicit_auth_flows: tuple[AuthFlow, ...] = (
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_CUSTOM_AUTH",
        "ALLOW_USER_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    )
    access_token_validity: int = 1
    id_token_validity: int = 1
    refresh_token_validity: int = 30
    token_validity_units: TokenValidityUnits = TokenValidityUnits()
    auth_session_validity: int = Field(default=3, ge=3, le=15)
    """Minutes a challenge may be answered in."""
    refresh_token_rotation: RefreshTokenRotation = RefreshTokenRotation()
    enable_token_revocation: bool = True
    prevent_user_existence_errors: Literal["LEGACY", "ENABLED"] = "LEGACY"
    callback_urls: tuple[Url, ...] = Field(default=(), max_length=100)
    logout_urls: tuple[Url, ...] = Field(default=(), max_length=100)
    default_redirect_uri: Url | None = None
    allowed_oauth_flows: tuple[OAuthFlow, ...] = Field(default=(), max_length=3)
    allowed_oauth_scopes: tuple[str, ...] = Field(default=(), max_length=50)
    allowed_oauth_flows_user_pool_client: bool = False
    supported_identity_providers: tuple[str, ...] = ()
    read_attributes: tuple[str, ...] = ()
    """The attributes that the client's users may read, besides `sub`. If it is empty, all of them.
    """
    write_attributes: tuple[str, ...] = ()
    """The attributes that the client's users may write. If it is empty, all of them."""
    enable_propagate_additional_user_context_data: bool = False
    """Described, but without an effect; so is the setting below."""
    analytics_configuration: dict[str, Any] | None = None

    def may_read(self, attribute: str) -> bool:
        """Return True if the client's users may read the attribute."""
        return attribute == "sub" or not self.read_attributes or attribute in self.read_attributes

    def may_write(self, attribute: str) -> bool:
        """Return True if the client's users may write the attribute."""
        return not self.write_attributes or attribute in self.write_attributes

    @field_validator("explicit_auth_flows")
    @classmethod
    def _one_kind_of_names(cls, flows: tuple[AuthFlow, ...]) -> tuple[AuthFlow, ...]:
        if len({name.startswith("ALLOW_") for name in flows}) > 1:
            raise ValueError("The names with and without ALLOW_ cannot be combined.")
        return flows

    def allows(self, auth_flow: str) -> bool:
        """Return True if a sign-in may begin with this AuthFlow.

        The older names without `ALLOW_` add flows to the three that every client had, or leave only
        CUSTOM_AUTH.
        """
        flows = set[str](self.explicit_auth_flows)
        if not flows or any(name.startswith("ALLOW_") for name in flows):
            return f"ALLOW_{auth_flow}" in flows
        allowed = {"REFRESH_TOKEN_AUTH", "CUSTOM_AUTH"}
        if "CUSTOM_AUTH_FLOW_ONLY" not in flows:
            allowed.add("USER_SRP_AUTH")
        if "USER_PASSWORD_AUTH" in flows:
            allowed.add("USER_PASSWORD_AUTH")
        if "ADMIN_NO_SRP_AUTH" in flows:
            allowed.add("ADMIN_USER_PASSWORD_AUTH")
        return auth_flow in allowed


class ClientSettings(ClientConfiguration):
    """The settings of a new app client, shaped as in CreateUserPoolClient. By default all flows are
    allowed.
    """

    generate_secret: bool = False
