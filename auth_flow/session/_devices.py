"""Devices that the pool remembers, among them this program."""

from __future__ import annotations

from pydantic import Field

from auth_flow.errors import GuardRejected
from auth_flow.session._base import Attributes, Instant, UserCalls
from auth_flow.session._own_device import OwnDevice
from auth_flow.states._devices import RememberedDevice
from auth_flow.states._replies import Reply

PAGE = 60
"""Devices in one reply: the most that ListDevices returns."""


class UserDevice(Reply):
    """A device of the user, as the pool has it."""

    device_key: str = Field("", alias="DeviceKey")
    attributes: Attributes = Field(default_factory=dict[str, str], alias="DeviceAttributes")
    created_at: Instant | None = Field(None, alias="DeviceCreateDate")
    last_modified_at: Instant | None = Field(None, alias="DeviceLastModifiedDate")
    last_authenticated_at: Instant | None = Field(None, alias="DeviceLastAuthenticatedDate")

    @property
    def name(self) -> str | None:
        """The name that the device was confirmed with."""
        return self.attributes.get("device_name")

    @property
    def remembered(self) -> bool | None:
        """Whether the device spares its user the second factor. None if the service does not say
        so.
        """
        status = self.attributes.get("dev:device_remembered_status")
        return None if status is None else status == "remembered"


class _DevicesReply(Reply):
    devices: list[UserDevice] = Field(default_factory=list[UserDevice], alias="Devices")
    next_page: str | None = Field(None, alias="PaginationToken")


class _DeviceReply(Reply):
    device: UserDevice = Field(alias="Device")


class DeviceCalls(UserCalls):
    """Operations on the user's devices, or on this program if no `device_key` is given."""

    _own_device: OwnDevice

    @property
    def device(self) -> RememberedDevice | None:
        """The secrets of this program as a device. None if the pool does not track it, or if it is
        not confirmed yet.
        """
        return self._own_device.device

    async def fetch_devices(self) -> list[UserDevice]:
        """Return all devices, by ListDevices."""
        reply = await self._read(_DevicesReply, "ListDevices", Limit=PAGE)
        devices = reply.devices
        while reply.next_page:
            reply = await self._read(
                _DevicesReply, "ListDevices", Limit=PAGE, PaginationToken=reply.next_page
            )
            devices += reply.devices
        return devices

    async def get_device(self, device_key: str | None = None) -> UserDevice:
        """Return one device, by GetDevice."""
        key = self._named(device_key, "get_device")
        return (await self._read(_DeviceReply, "GetDevice", DeviceKey=key)).device

    async def remember_device(self, device_key: str | None = None) -> None:
        """Ask for no second factor on this device any more, by UpdateDeviceStatus."""
        await self._set_status(self._named(device_key, "remember_device"), "remembered")

    async def stop_remembering_device(self, device_key: str | None = None) -> None:
        """Ask for the second factor again, by UpdateDeviceStatus. The device is still tracked."""
        key = self._named(device_key, "stop_remembering_device")
        await self._set_status(key, "not_remembered")

    async def forget_device(self, device_key: str | None = None) -> None:
        """Stop tracking a device, by ForgetDevice.

        Its tokens are not refreshed any more, so its sessions end. If it is this one, its secrets
        are deleted here too, and the next sign-in makes a new device. Raises `StoreError` if they
        cannot be deleted.
        """
        key = self._named(device_key, "forget_device")
        await self.call("ForgetDevice", DeviceKey=key)
        await self._own_device.forget(key)

    async def _set_status(self, device_key: str, status: str) -> None:
        await self.call("UpdateDeviceStatus", DeviceKey=device_key, DeviceRememberedStatus=status)
        await self._own_device.decided(device_key)

    def _named(self, device_key: str | None, call: str) -> str:
        if device_key is not None:
            return device_key
        if self.device is None:
            raise GuardRejected(
                "DONE",
                call,
                "device_is_remembered",
                "This program is not a device that the pool tracks. Pass device_key=…, or sign in"
                " again to make it one.",
            )
        return self.device.key
