"""Calls: second factors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator

from auth_flow._cli.drive.calls import DriveCall, Typed
from auth_flow._flow import AuthFlow
from auth_flow.session import MfaSetting


class FetchMfaPreferenceCall(DriveCall):
    """The user's second factors."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Tell which are on, and which is preferred."""
        return asdict(await flow.session.fetch_mfa_preference())


def _known(setting: object) -> object:
    """Amplify sends nothing for a word that it does not know, and a program that was written for it
    may rely on that.
    """
    return setting if setting in get_args(MfaSetting) else None


Setting = Annotated[MfaSetting | None, BeforeValidator(_known)]


class UpdateMfaPreferenceCall(DriveCall):
    """Second factors to be switched on or off, or preferred. A setting of another name asks for
    nothing.
    """

    sms: Setting = None
    totp: Setting = None
    email: Setting = None

    async def perform(self, flow: AuthFlow) -> None:
        """Set them, as asked."""
        await flow.session.update_mfa_preference(sms=self.sms, totp=self.totp, email=self.email)


class SetUpTotpCall(DriveCall):
    """An authenticator app to be registered."""

    async def perform(self, flow: AuthFlow) -> dict[str, str]:
        """Begin, and tell what the app needs."""
        return asdict(await flow.session.set_up_totp())


class VerifyTotpSetupCall(DriveCall):
    """The first code of an authenticator app."""

    code: Typed
    friendly_device_name: str | None = None

    async def perform(self, flow: AuthFlow) -> None:
        """Complete the registration."""
        await flow.session.verify_totp_setup(
            self.code, friendly_device_name=self.friendly_device_name
        )
