"""The calls about second factors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator

from auth_flow._cli.drive.calls import DriveCall, Typed
from auth_flow._flow import AuthFlow
from auth_flow.session import MfaSetting


class FetchMfaPreferenceCall(DriveCall):
    """`fetch_mfa_preference`: read which second factors are on."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Return the enabled factors and the preferred one."""
        return asdict(await flow.session.fetch_mfa_preference())


def _known(setting: object) -> object:
    """Ignore an unknown setting, as Amplify does: a program that was written for Amplify may rely
    on that.
    """
    return setting if setting in get_args(MfaSetting) else None


Setting = Annotated[MfaSetting | None, BeforeValidator(_known)]


class UpdateMfaPreferenceCall(DriveCall):
    """`update_mfa_preference`: turn second factors on or off, or prefer one."""

    sms: Setting = None
    totp: Setting = None
    email: Setting = None

    async def perform(self, flow: AuthFlow) -> None:
        """Change the settings that are given."""
        await flow.session.update_mfa_preference(sms=self.sms, totp=self.totp, email=self.email)


class SetUpTotpCall(DriveCall):
    """`set_up_totp`: begin to set up an authenticator app."""

    async def perform(self, flow: AuthFlow) -> dict[str, str]:
        """Return the key for the app, also as a URI."""
        return asdict(await flow.session.set_up_totp())


class VerifyTotpSetupCall(DriveCall):
    """`verify_totp_setup`: finish the set-up with a code of the app."""

    code: Typed
    friendly_device_name: str | None = None

    async def perform(self, flow: AuthFlow) -> None:
        """Send the code."""
        await flow.session.verify_totp_setup(
            self.code, friendly_device_name=self.friendly_device_name
        )
