"""The calls about devices."""

from __future__ import annotations

from typing import Any

from auth_flow._cli.drive.calls import DriveCall
from auth_flow._flow import AuthFlow


class FetchDevicesCall(DriveCall):
    """`fetch_devices`: list the user's devices."""

    async def perform(self, flow: AuthFlow) -> list[dict[str, Any]]:
        """Return the devices of all pages."""
        return [
            {**device.model_dump(mode="json"), "name": device.name}
            for device in await flow.session.fetch_devices()
        ]


class RememberDeviceCall(DriveCall):
    """`remember_device`: mark this device as remembered."""

    async def perform(self, flow: AuthFlow) -> None:
        """Update the device's status."""
        await flow.session.remember_device()


class ForgetDeviceCall(DriveCall):
    """`forget_device`: delete a device, or this one if none is named."""

    device_key: str | None = None

    async def perform(self, flow: AuthFlow) -> None:
        """Delete the device."""
        await flow.session.forget_device(self.device_key)
