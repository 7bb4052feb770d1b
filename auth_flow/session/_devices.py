"""Devices that the pool remembers, and the one that this program is."""

from __future__ import annotations

from collections.abc import MutableMapping

from pydantic import Field

from auth_flow.errors import GuardRejected
from auth_flow.session._base import Attributes, Instant, UserCalls
from auth_flow.states._base import Secret, Value
from auth_flow.states._replies import Reply
from auth_flow.states._srp import DeviceSecret

PAGE = 60
"""Devices asked for at a time: the most that ListDevices takes."""


class RememberedDevice(Value):
    """What this program keeps to be recognised as a device: `DeviceKey`, `DeviceGroupKey`, and the
    password it made up.
    """

    key: str
    group_key: str
    password: Secret


class UserDevice(Reply):
    """A device of the user's, as the pool knows it."""

    device_key: str = Field("", alias="DeviceKey")
    attributes: Attributes = Field(default_factory=dict[str, str], alias="DeviceAttributes")
    created_at: Instant | None = Field(None, alias="DeviceCreateDate")
    last_modified_at: Instant | None = Field(None, alias="DeviceLastModifiedDate")
    last_authenticated_at: Instant | None = Field(None, alias="DeviceLastAuthenticatedDate")

    @property
    def name(self) -> str | None:
        """The name that the device was confirmed with."""
        return self.attributes.get("device_name")


class _DevicesReply(Reply):
    devices: list[UserDevice] = Field(default_factory=list[UserDevice], alias="Devices")
    next_page: str | None = Field(None, alias="PaginationToken")


class _DeviceReply(Reply):
    device: UserDevice = Field(alias="Device")


class _ConfirmationReply(Reply):
    user_decides: bool = Field(False, alias="UserConfirmationNecessary")


class DeviceCalls(UserCalls):
    """Operations on the user's devices. Where no `device_key` is given, they are about this one."""

    _devices: MutableMapping[str, RememberedDevice]

    @property
    def device(self) -> RememberedDevice | None:
        """What this program keeps of itself as a device, where the pool tracks it."""
        return self._devices.get(self.username)

    async def fetch_devices(self) -> list[UserDevice]:
        """ListDevices, every page of it."""
        reply = await self._read(_DevicesReply, "ListDevices", Limit=PAGE)
        devices = reply.devices
        while reply.next_page:
            reply = await self._read(
                _DevicesReply, "ListDevices", Limit=PAGE, PaginationToken=reply.next_page
            )
            devices += reply.devices
        return devices

    async def get_device(self, device_key: str | None = None) -> UserDevice:
        """GetDevice."""
        return (
            await self._read(
                _DeviceReply, "GetDevice", DeviceKey=device_key or self._own("get_device")
            )
        ).device

    async def confirm_device(self, device_key: str, secret: DeviceSecret, *, name: str) -> bool:
        """ConfirmDevice: have a new device tracked. Returns whether the user is to decide that it
        is remembered.
        """
        verifier = {"PasswordVerifier": secret.verifier, "Salt": secret.salt}
        reply = await self._read(
            _ConfirmationReply,
            "ConfirmDevice",
            DeviceKey=device_key,
            DeviceName=name,
            DeviceSecretVerifierConfig=verifier,
        )
        return reply.user_decides

    async def remember_device(self, device_key: str | None = None) -> None:
        """UpdateDeviceStatus, `remembered`: no second factor is asked for on this device."""
        await self._set_status(device_key or self._own("remember_device"), "remembered")

    async def stop_remembering_device(self, device_key: str | None = None) -> None:
        """UpdateDeviceStatus, `not_remembered`: the device is still tracked."""
        await self._set_status(device_key or self._own("stop_remembering_device"), "not_remembered")

    async def forget_device(self, device_key: str | None = None) -> None:
        """ForgetDevice: the device is not even tracked. What this program keeps of it goes too."""
        key = device_key or self._own("forget_device")
        await self.call("ForgetDevice", DeviceKey=key)
        if self.device and self.device.key == key:
            del self._devices[self.username]

    async def _set_status(self, device_key: str, status: str) -> None:
        await self.call("UpdateDeviceStatus", DeviceKey=device_key, DeviceRememberedStatus=status)

    def _own(self, call: str) -> str:
        if self.device is None:
            raise GuardRejected(
                "DONE",
                call,
                "device_is_remembered",
                "No device is remembered here: give a device key.",
            )
        return self.device.key
