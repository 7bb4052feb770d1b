"""Second factors: which are enabled, which is preferred, and how an authenticator app is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import Field, SecretStr

from auth_flow._user_pool import UserPool
from auth_flow.session._attributes import AttributeCalls
from auth_flow.states._base import hidden
from auth_flow.states._events import MfaType
from auth_flow.states._replies import Reply, SoftwareTokenReply, VerificationReply
from auth_flow.states.steps._mfa import MFA_TYPES, setup_uri

MfaSetting: TypeAlias = Literal["ENABLED", "DISABLED", "PREFERRED", "NOT_PREFERRED"]
"""`ENABLED` keeps the preference as it is; `NOT_PREFERRED` enables the factor and removes the
preference.
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
    """The second factors that are enabled, and the one that Cognito asks for.

    Kinds that this version does not know are left out.
    """

    preferred: MfaType | None
    enabled: tuple[MfaType, ...]


@dataclass(frozen=True, slots=True)
class TotpRegistration:
    """The secret (base32) for an authenticator app, and its `otpauth` URI for a QR code."""

    shared_secret: str = field(repr=False)
    setup_uri: str = field(repr=False)


class AuthFactors(Reply):
    """The reply of GetUserAuthFactors. `configured` lists the first factors, such as `PASSWORD` or
    `WEB_AUTHN`.
    """

    username: str = Field(alias="Username")
    configured: list[str] = Field(default_factory=list[str], alias="ConfiguredUserAuthFactors")
    preferred_mfa: str | None = Field(None, alias="PreferredMfaSetting")
    mfa: list[str] = Field(default_factory=list[str], alias="UserMFASettingList")


class MfaCalls(AttributeCalls):
    """Operations on the user's second factors."""

    pool: UserPool

    async def fetch_mfa_preference(self) -> MfaPreference:
        """Return the user's second factors, by GetUser."""
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
        """Change the second factors that are given, by SetUserMFAPreference.

        `passkey` allows passkeys as a second factor. Cognito may drop the present preference if a
        request does not repeat it. With `keep_preferred` it is read first, and repeated if the
        request prefers no other factor and does not disable this one.
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
        """Begin to register an authenticator app, by AssociateSoftwareToken.

        `verify_totp_setup` completes the registration. The app shows `issuer`, by default the
        pool's, and `account`, by default the user name.
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
        """Complete the registration with a code of the app, by VerifySoftwareToken.

        The preference stays as it is. Raises `EnableSoftwareTokenMFAException` if the code is
        wrong, even if the service reports that with HTTP 200.
        """
        code = hidden(code)
        operation = "VerifySoftwareToken"
        members: dict[str, Any] = {
            "UserCode": code,
            "FriendlyDeviceName": friendly_device_name,
        }
        (await self._read(VerificationReply, operation, **members)).check()

    async def fetch_auth_factors(self) -> AuthFactors:
        """Return the ways in which the user can sign in, by GetUserAuthFactors."""
        return await self._read(AuthFactors, "GetUserAuthFactors")

    async def set_user_settings(self, mfa_options: dict[str, str]) -> None:
        """Set the delivery medium of attributes, such as `{"phone_number": "SMS"}`, by
        SetUserSettings.

        SetUserMFAPreference has replaced this operation.
        """
        options = [
            {"DeliveryMedium": medium, "AttributeName": name}
            for name, medium in mfa_options.items()
        ]
        await self.call("SetUserSettings", MFAOptions=options)
