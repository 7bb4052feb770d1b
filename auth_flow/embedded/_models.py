"""The rows of the service's tables: users with their devices and passkeys, groups, clients,
unfinished sign-ins, and families of tokens.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from auth_flow.embedded._levels import Method
from auth_flow.embedded._settings import ClientSettings, MfaFactor
from auth_flow.embedded._srp import Exchange, Verifier

UserStatus = Literal[
    "UNCONFIRMED", "CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"
]


class Row(BaseModel):
    """A row of a table. Rows hold secrets, so a repr shows none of their fields."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []


class Code(Row):
    """A code that was sent, and the number of wrong codes given instead."""

    text: str
    attribute: str
    """`email` or `phone_number`."""
    destination: str = ""
    """The address or phone number that the code was sent to, and so the one that it proves."""
    expires_at: float
    wrong: int = 0


class Totp(Row):
    """A software token: its secret in base 32, and the last time step that was used, which is not
    accepted again.
    """

    secret: str
    last_step: int = 0
    wrong: int = 0
    """Wrong codes given to VerifySoftwareToken."""


class Device(Row):
    """A device that a user signed in on. It has no verifier until ConfirmDevice sets one."""

    key: str
    group_key: str
    verifier: Verifier | None = None
    name: str = ""
    remembered: bool = False
    mfa_passed: bool = False
    """True once a second factor has been passed on this device, which replaces it from then on."""
    created: float
    modified: float
    last_authenticated: float


class Passkey(Row):
    """A registered WebAuthn credential; binary values as base64url without padding."""

    credential_id: str
    public_key: str
    sign_count: int
    friendly_name: str
    relying_party_id: str
    transports: list[str]
    attachment: str | None = None
    created: float

    @property
    def method(self) -> Method:
        """Its value in `amr`: a key in hardware of its own, or one in the user's device."""
        return "hwk" if self.attachment == "cross-platform" else "swk"


class Identity(Row):
    """A user of an identity provider, by the names of the `identities` attribute."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    user_id: str
    provider_name: str
    provider_type: str
    issuer: str | None = None
    primary: bool
    date_created: int
    """In milliseconds since the epoch."""


class PasskeyRegistration(Row):
    """A registration of a passkey that StartWebAuthnRegistration began."""

    challenge: str
    """Hexadecimal."""
    client_id: str
    expires_at: float


class PasswordAttempts(Row):
    """Wrong passwords in a row, and the time until which further ones are refused."""

    wrong: int = 0
    locked_until: float = 0


class Group(Row):
    """A group of users."""

    name: str
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None
    """0 is the highest precedence; None is lower than any number."""
    created: float
    modified: float


class User(Row):
    """A user. `username` never changes, because the password's verifier depends on it."""

    username: str
    sub: str
    status: UserStatus
    enabled: bool = True
    attributes: dict[str, str] = Field(default_factory=dict)
    unverified: dict[str, str] = Field(default_factory=dict)
    """New values that wait for their code, if the pool verifies before it updates."""
    password: Verifier | None = None
    password_history: list[Verifier] = Field(default_factory=list[Verifier])
    """The passwords before the present one, the latest first."""
    temporary_password_expires: float | None = None
    password_attempts: PasswordAttempts = Field(default_factory=PasswordAttempts)
    groups: list[str] = Field(default_factory=list)
    mfa: list[MfaFactor] = Field(default_factory=list[MfaFactor])
    preferred_mfa: MfaFactor | None = None
    totp: Totp | None = None
    pending_totp: Totp | None = None
    """A software token that was associated and not yet verified."""
    codes: dict[str, Code] = Field(default_factory=dict[str, Code])
    """Codes by purpose: `SignUp`, `ForgotPassword`, `email`, `phone_number`."""
    messages_sent: list[float] = Field(default_factory=list[float])
    devices: dict[str, Device] = Field(default_factory=dict[str, Device])
    identities: list[Identity] = Field(default_factory=list[Identity])
    passkeys: list[Passkey] = Field(default_factory=list[Passkey])
    passkey_registration: PasskeyRegistration | None = None
    passkey_mfa: bool = False
    """WebAuthnMfaSettings: whether a passkey is accepted in place of a second factor."""
    created: float
    modified: float

    def verified(self, attribute: str) -> str | None:
        """Return the value of `email` or `phone_number` if it is verified, else None."""
        return (
            self.attributes.get(attribute)
            if self.attributes.get(f"{attribute}_verified") == "true"
            else None
        )

    def write(self, attributes: Mapping[str, str]) -> None:
        """Set attributes. A changed address or phone number is no longer verified, unless
        `attributes` sets its verified mark too.
        """
        for name in ("email", "phone_number"):
            if name in attributes and attributes[name] != self.attributes.get(name):
                self.attributes[f"{name}_verified"] = "false"
        self.attributes |= attributes

    def turn_on(self, factor: MfaFactor) -> None:
        """Ask for the factor from now on."""
        if factor not in self.mfa:
            self.mfa.append(factor)

    @property
    def all_attributes(self) -> dict[str, str]:
        """The attributes and `sub`, as the service lists them."""
        return {"sub": self.sub, **self.attributes}


class ClientSecret(Row):
    """One of the secrets of an app client."""

    id: str
    value: str
    created: float


class Client(Row):
    """An app client."""

    id: str
    name: str
    secrets: list[ClientSecret] = Field(default_factory=list[ClientSecret])
    """Empty for a public client; two while the secret is rotated."""
    settings: ClientSettings
    created: float
    modified: float

    @property
    def secret(self) -> str | None:
        """The oldest secret, or None for a public client."""
        return self.secrets[0].value if self.secrets else None

    def add_secret(self, now: float, value: str | None = None) -> ClientSecret:
        """Add a secret: this value, or a random one."""
        secret = ClientSecret(
            id=f"{self.id}--{secrets.token_hex(8)}",
            value=value or secrets.token_hex(26),
            created=now,
        )
        self.secrets.append(secret)
        return secret

    @property
    def protects_users(self) -> bool:
        """True if no answer may reveal that a user exists or not."""
        return self.settings.prevent_user_existence_errors == "ENABLED"


class PendingSignIn(Row):
    """An unfinished sign-in. Its key is the opaque text that callers know as `Session`."""

    client_id: str
    username: str
    """The user's name, or the name that the caller gave if the user does not exist."""
    simulated: bool = False
    """The user does not exist, and the client must not learn that."""
    challenge: str
    expires_at: float = 0
    wrong_answers: int = 0
    custom: bool = False
    """The DefineAuthChallenge trigger decides about the challenges."""
    passwordless: bool = False
    password_proven: bool = False
    password_replaced: bool = False
    """NEW_PASSWORD_REQUIRED was answered."""
    mfa_passed: bool = False
    methods: list[Method] = Field(default_factory=list[Method])
    """The methods that were proven, in the order of the challenges."""
    target_levels: list[int] = Field(default_factory=list[int])
    """The authentication levels that a step-up aims at, the preferred one first; the chosen one
    alone once it is known.
    """
    choices: list[str] = Field(default_factory=list)
    """The choices that SELECT_CHALLENGE, SELECT_MFA_TYPE or MFA_SETUP offered."""
    srp: Exchange | None = None
    code: str | None = None
    code_destination: str | None = None
    totp: Totp | None = None
    totp_verified: bool = False
    new_email: str | None = None
    passkey_challenge: str | None = None
    device_key: str = ""
    device_proven: bool = False
    rounds: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    """Past challenges as the triggers see them: `challengeName`, `challengeResult`,
    `challengeMetadata`.
    """
    private_parameters: dict[str, str] = Field(default_factory=dict)

    def proved(self, method: Method) -> None:
        """Note that a method was proven."""
        if method not in self.methods:
            self.methods.append(method)


class Grant(Row):
    """The family of tokens of one sign-in. They share an `origin_jti` and are revoked together."""

    origin_jti: str
    session_id: str = Field(default_factory=lambda: _session_id())
    """The name of this family in the list of a user's sessions."""
    client_id: str
    username: str
    auth_time: int
    methods: list[Method]
    """The methods of the sign-in, if it asked for an authentication level."""
    last_active: float | None = None
    """The time of the last renewal of the tokens."""
    expires_at: float
    event_id: str
    device_key: str | None = None
    scopes: list[str] | None = None
    """The scopes of tokens that managed login issued; others have `aws.cognito.signin.user.admin`.
    """
    nonce: str | None = None
    resource: str | None = None
    """The `aud` of access tokens, if the application asked for one (RFC 8707)."""
    revoked: bool = False
    refresh_tokens: dict[str, float | None] = Field(default_factory=dict)
    """The SHA-256 of each refresh token, and the time until which it works after its rotation. None
    is for a token that has not been rotated.
    """


def _session_id() -> str:
    letters = string.ascii_lowercase + string.digits
    return "tkn" + "".join(secrets.choice(letters) for _ in range(25))
