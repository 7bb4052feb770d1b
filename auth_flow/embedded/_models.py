"""What the service remembers: users with their devices and passkeys, clients, half-finished
sign-ins, and sessions of tokens.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from auth_flow.embedded._settings import ClientSettings, MfaFactor
from auth_flow.embedded._srp import Exchange, Verifier

UserStatus = Literal[
    "UNCONFIRMED", "CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"
]


class Row(BaseModel):
    """Something that is remembered. Rows hold secrets, so a repr shows none of their fields."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return []


class Code(Row):
    """A code that was sent, and how often a wrong one was given instead."""

    text: str
    attribute: str
    """`email` or `phone_number`: what the code proves to be the user's."""
    expires_at: float
    wrong: int = 0


class Totp(Row):
    """A software token: its secret in base 32, and the last time step that was used, which is not
    accepted again.
    """

    secret: str
    last_step: int = 0


class Device(Row):
    """A device a user signed in on. Until ConfirmDevice gives it a verifier it only has its
    keys.
    """

    key: str
    group_key: str
    verifier: Verifier | None = None
    name: str = ""
    remembered: bool = False
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
    transports: list[str] = Field(default_factory=list)
    attachment: str | None = None
    created: float


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


class User(Row):
    """A user. `username` is fixed for ever, for the password's verifier is made with it."""

    username: str
    sub: str
    status: UserStatus = "CONFIRMED"
    enabled: bool = True
    attributes: dict[str, str] = Field(default_factory=dict)
    unverified: dict[str, str] = Field(default_factory=dict)
    """New values that wait for their code, where the pool verifies before it updates."""
    password: Verifier | None = None
    temporary_password_expires: float | None = None
    wrong_passwords: int = 0
    locked_until: float = 0
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
    passkey_challenge: str | None = None
    created: float
    modified: float

    def verified(self, attribute: str) -> str | None:
        """The value of `email` or `phone_number`, if it is verified."""
        return (
            self.attributes.get(attribute)
            if self.attributes.get(f"{attribute}_verified") == "true"
            else None
        )

    def write(self, attributes: Mapping[str, str]) -> None:
        """Set attributes. A changed address or telephone number is no longer verified, unless
        `attributes` say that it is.
        """
        for name in ("email", "phone_number"):
            if name in attributes and attributes[name] != self.attributes.get(name):
                self.attributes[f"{name}_verified"] = "false"
        self.attributes |= attributes

    def turn_on(self, factor: MfaFactor) -> None:
        """Have the factor asked for from now on."""
        if factor not in self.mfa:
            self.mfa.append(factor)

    @property
    def all_attributes(self) -> dict[str, str]:
        """The attributes with `sub`, as the service lists them."""
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
    """A sign-in that waits for an answer. Callers know it as the opaque text `Session`."""

    client_id: str
    username: str
    """The user's, or for a user who does not exist the one that was typed."""
    simulated: bool = False
    """There is no such user, and the client must not learn it."""
    challenge: str
    expires_at: float = 0
    wrong_answers: int = 0
    custom: bool = False
    """The sign-in is led by the DefineAuthChallenge trigger."""
    passwordless: bool = False
    choices: list[str] = Field(default_factory=list)
    """What SELECT_CHALLENGE, SELECT_MFA_TYPE and MFA_SETUP offered."""
    srp: Exchange | None = None
    code: str | None = None
    totp: Totp | None = None
    totp_verified: bool = False
    new_email: str | None = None
    passkey_challenge: str | None = None
    device_key: str | None = None
    device_proven: bool = False
    rounds: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    """Past challenges as the triggers see them: `challengeName`, `challengeResult`,
    `challengeMetadata`.
    """
    private_parameters: dict[str, str] = Field(default_factory=dict)


class Grant(Row):
    """What one sign-in led to: a family of tokens with one `origin_jti`, which live and die
    together.
    """

    origin_jti: str
    session_id: str = Field(default_factory=lambda: _session_id())
    """The name of this family in the list of a user's sessions."""
    client_id: str
    username: str
    auth_time: int
    last_active: float | None = None
    """When the tokens were renewed last."""
    expires_at: float
    event_id: str
    device_key: str | None = None
    revoked: bool = False
    refresh_tokens: dict[str, float | None] = Field(default_factory=dict)
    """SHA-256 of each refresh token, with the time until which it still works after it was rotated
    out (None: not rotated).
    """


def _session_id() -> str:
    letters = string.ascii_lowercase + string.digits
    return "tkn" + "".join(secrets.choice(letters) for _ in range(25))
