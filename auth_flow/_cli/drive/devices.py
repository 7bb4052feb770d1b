"""Calls: devices and passkeys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from auth_flow._cli.drive.calls import DriveCall
from auth_flow._flow import AuthFlow


class FetchDevicesCall(DriveCall):
    """The user's devices."""

    async def perform(self, flow: AuthFlow) -> list[dict[str, Any]]:
        """List them, all pages."""
        return [
            {**device.model_dump(mode="json"), "name": device.name}
            for device in await flow.session.fetch_devices()
        ]


class RememberDeviceCall(DriveCall):
    """The device that this program is, to be remembered."""

    async def perform(self, flow: AuthFlow) -> None:
        """Have it remembered."""
        await flow.session.remember_device()


class ForgetDeviceCall(DriveCall):
    """A device to be forgotten: the one that this program is, where none is named."""

    device_key: str | None = None

    async def perform(self, flow: AuthFlow) -> None:
        """Forget it."""
        await flow.session.forget_device(self.device_key)


class StartPasskeyRegistrationCall(DriveCall):
    """A passkey to be registered."""

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """Begin, and return the creation options."""
        return await flow.session.start_passkey_registration()


class CompletePasskeyRegistrationCall(DriveCall):
    """The credential that the ceremony gave."""

    credential: dict[str, Any]

    async def perform(self, flow: AuthFlow) -> None:
        """Register it."""
        await flow.session.complete_passkey_registration(self.credential)


class ListPasskeysCall(DriveCall):
    """The user's passkeys, a page at a time."""

    page_size: Annotated[int, Field(ge=0, le=20)] | None = None
    next_token: str | None = None

    async def perform(self, flow: AuthFlow) -> dict[str, Any]:
        """List them."""
        page = await flow.session.list_passkeys(
            page_size=self.page_size, next_token=self.next_token
        )
        return page.model_dump(mode="json")


class DeletePasskeyCall(DriveCall):
    """A passkey to be removed."""

    credential_id: str

    async def perform(self, flow: AuthFlow) -> None:
        """Remove it."""
        await flow.session.delete_passkey(self.credential_id)
