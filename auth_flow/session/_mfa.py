"""Second factors: which are on, which is preferred, and an authenticator app of the user's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import Field, SecretStr

from auth_flow._user_pool import UserPool
from auth_flow.session._attributes import AttributeCalls
from auth_flow.states._base import reveal
from auth_flow.states._events import MfaType
from auth_flow.states._replies import Reply, SoftwareTokenReply, VerificationReply
from auth_flow.states.steps._mfa import MFA_TYPES, setup_uri

MfaSetting: TypeAlias = Literal["ENABLED", "DISABLED", "PREFERRED", "NOT_PREFERRED"]
"""`ENABLED` says nothing about the preference; `NOT_PREFERRED` is enabled, and not the preferred
one.
"""

_SETTINGS: dict[MfaSetting | None, dict[str, bool] | None] = {
    None: None,
    "DISABLED": {"Enabled": False},
    "ENABLED": {"Enabled": True},
    "PREFERRED": {"Enabled": True, "PreferredMfa": True},
    "NOT_PREFERRED": {"Enabled": True, "PreferredMfa": False},
}


@dataclass(frozen=True, slots=True)
class MfaPreference:
    """Which second factors are on, and which one Cognito asks for. Kinds that this version does not
    know are left out.
    """

    preferred: MfaType | None
    enabled: tuple[MfaType, ...]


@dataclass(frozen=True, slots=True)
class TotpRegistration:
    """For the person's eyes: the secret (base32) that an authenticator app takes, and the `otpauth`
    URI for a QR code.
    """

    shared_secret: str = field(repr=False)
    setup_uri: str = field(repr=False)


class AuthFactors(Reply):
    """What GetUserAuthFactors answers: `configured` holds the first factors, such as `PASSWORD`,
    `EMAIL_OTP`, `WEB_AUTHN`.
    """

    username: str = Field(alias="Username")
    configured: list[str] = Field(default_factory=list[str], alias="ConfiguredUserAuthFactors")
    preferred_mfa: str | None = Field(None, alias="PreferredMfaSetting")
    mfa: list[str] = Field(default_factory=list[str], alias="UserMFASettingList")


class MfaCalls(AttributeCalls):
    """Operations on the user's second factors."""

    pool: UserPool

    async def fetch_mfa_preference(self) -> MfaPreference:
        """GetUser: which second factors are on, and which is preferred."""
        user = await self.fetch_user()
        enabled: tuple[MfaType, ...] = tuple(
            MFA_TYPES[name] for name in user.mfa if name in MFA_TYPES
        )
        return MfaPreference(MFA_TYPES.get(user.preferred_mfa or ""), enabled)

    async def update_mfa_preference(
        self,
        *,
        sms: MfaSetting | None = None,
        totp: MfaSetting | None = None,
        email: MfaSetting | None = None,
        passkey: bool | None = None,
        keep_preferred: bool = False,
    ) -> None:
        """SetUserMFAPreference, with what is given and nothing else. `passkey` allows passkeys to
        stand for a second factor.

        Cognito may drop the present preference where a request does not repeat it. With
        `keep_preferred` it is read first, and repeated where the request prefers no other factor
        and leaves that one on.
        """
        asked: dict[MfaType, MfaSetting | None] = {"SMS": sms, "TOTP": totp, "EMAIL": email}
        if keep_preferred and "PREFERRED" not in asked.values():
            preferred = (await self.fetch_mfa_preference()).preferred
            if preferred and asked[preferred] in (None, "ENABLED"):
                asked[preferred] = "PREFERRED"
        await self.call(
            "SetUserMFAPreference",
            SMSMfaSettings=_SETTINGS[asked["SMS"]],
            SoftwareTokenMfaSettings=_SETTINGS[asked["TOTP"]],
            EmailMfaSettings=_SETTINGS[asked["EMAIL"]],
            WebAuthnMfaSettings=None if passkey is None else {"Enabled": passkey},
        )

    async def set_up_totp(
        self, *, issuer: str | None = None, account: str | None = None
    ) -> TotpRegistration:
        """AssociateSoftwareToken: begin to register an authenticator app; `verify_totp_setup`
        completes it.

        The app shows `issuer` (by default the pool's) and `account` (by default the user name).
        """
        secret = (
            await self._read(SoftwareTokenReply, "AssociateSoftwareToken")
        ).secret_code.get_secret_value()
        return TotpRegistration(
            secret,
            setup_uri(secret, issuer=issuer or self.pool.issuer, account=account or self.username),
        )

    async def verify_totp_setup(
        self, code: SecretStr | str, *, friendly_device_name: str | None = None
    ) -> None:
        """VerifySoftwareToken: complete the registration with a code that the app shows. It does
        not change the preference.

        Raises `EnableSoftwareTokenMFAException` for a wrong code, also where the service answers
        `ERROR` with HTTP 200.
        """
        operation = "VerifySoftwareToken"
        members: dict[str, Any] = {
            "UserCode": reveal(code),
            "FriendlyDeviceName": friendly_device_name,
        }
        (await self._read(VerificationReply, operation, **members)).check()

    async def fetch_auth_factors(self) -> AuthFactors:
        """GetUserAuthFactors: what the user can sign in with."""
        return await self._read(AuthFactors, "GetUserAuthFactors")

    async def set_user_settings(self, mfa_options: dict[str, str]) -> None:
        """SetUserSettings, which SetUserMFAPreference has replaced: attribute name to medium, as
        `{"phone_number": "SMS"}`.
        """
        options = [
            {"DeliveryMedium": medium, "AttributeName": name}
            for name, medium in mfa_options.items()
        ]
        await self.call("SetUserSettings", MFAOptions=options)
