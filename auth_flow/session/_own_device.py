"""The device that a session's tokens were issued to."""

from __future__ import annotations

import logging
from contextlib import suppress

from auth_flow._config import AuthConfig
from auth_flow._device_records import DeviceRecords
from auth_flow._observers import DeviceNotConfirmed
from auth_flow.errors import AuthFlowError, DeviceKeyExistsException, StoreError
from auth_flow.session._base import CurrentUser
from auth_flow.session._new_device import PendingDevice, Request
from auth_flow.session._single_flight import SingleFlight
from auth_flow.states._devices import NewDevice, RememberedDevice
from auth_flow.states._tokens import Tokens
from auth_flow.states.steps import CurrentDevice

PAUSE = 60.0
"""Seconds after which a confirmation that has failed is tried again."""

_log = logging.getLogger(__name__)


class OwnDevice:
    """The device that a session's tokens were issued to: remembered, new, or none."""

    def __init__(
        self,
        records: DeviceRecords,
        user: CurrentUser,
        config: AuthConfig,
        *,
        device: RememberedDevice | None = None,
        new_device: NewDevice | None = None,
    ) -> None:
        self.records = records
        self.device = device
        self._user = user
        self._config = config
        self._pending = PendingDevice(new_device, config.device_name) if new_device else None
        self._confirming = SingleFlight[bool]()
        self._try_at = 0.0
        self._error: str | None = None
        self._forgotten: set[str] = set()

    @property
    def new_device(self) -> NewDevice | None:
        """The device that has yet to be confirmed."""
        return self._pending.device if self._pending else None

    @property
    def current(self) -> CurrentDevice | None:
        """The device as DONE shows it."""
        if self._pending is not None:
            return CurrentDevice(key=self._pending.device.key, error=self._error)
        known = CurrentDevice.of(self.device)
        return known and known.model_copy(update={"error": self._error})

    def key_for(self, tokens: Tokens) -> str | None:
        """Return the key that a refresh of these tokens has to name.

        The access token names the device that it was issued to, if the service puts that in. A
        device that is not confirmed is none that the service could know.
        """
        if self._pending is not None:
            return None
        key = tokens.access_token.claims.device_key or (self.device.key if self.device else None)
        return None if key in self._forgotten else key

    def become(self, device: RememberedDevice | None, new_device: NewDevice | None) -> None:
        """Be the device that tokens of a later sign-in were issued to."""
        name = self._config.device_name
        self._pending = PendingDevice(new_device, name) if new_device else None
        self.device = device or self.device

    def is_due(self, now: float) -> bool:
        """Return whether it is time to try again to confirm the device.

        That needs an access token that has not expired, and tokens of a device that is not
        confirmed cannot be refreshed. So it cannot wait for the next refresh.
        """
        return self._pending is not None and now >= self._try_at

    async def confirm(self, request: Request) -> bool:
        """Have the service confirm a new device, and remember it if the configuration asks for it.

        `request` makes a request with the session's access token. A failure is reported to the
        observers and kept for DONE, and never raised: the sign-in is complete without it. Return
        True if nothing is left to confirm.
        """
        return await self._confirming.run(lambda: self._confirm(request))

    async def _confirm(self, request: Request) -> bool:
        if self._pending is None:
            return True
        new = self._pending.device
        try:
            self.device = await self._pending.confirm(request)
        except DeviceKeyExistsException as error:
            self._pending = None
            with suppress(StoreError):
                self.device = await self._kept(new.key)  # another process was faster
            if self.device is None:  # its secret is lost
                await self._report(new.key, error)
            return True
        except AuthFlowError as error:
            self._try_at = self._config.clock() + PAUSE
            await self._report(new.key, error)
            return False
        self._pending = self._error = None
        await self._remember(request)
        await self._save()
        if new.replaces is not None:
            with suppress(AuthFlowError):  # it stays in the list, where the user can forget it
                await request("ForgetDevice", {"DeviceKey": new.replaces})
        return True

    async def recognise(self, request: Request) -> None:
        """Find a known device again by the name in the pool and the one that was typed this time,
        and remember it if the configuration asks for it.
        """
        if self.device is not None:
            await self._remember(request)
            await self._save()

    async def decided(self, key: str) -> None:
        """Keep that the user has decided whether a device is remembered, if it is this one."""
        if self.device is not None and self.device.key == key:
            self.device = self.device.model_copy(update={"user_decides": False})
            await self.records.save(self._user.username, self.device)

    async def forget(self, key: str) -> None:
        """Name a device no more, and forget its secrets if it is this one."""
        self._forgotten.add(key)
        if self.device is not None and self.device.key == key:
            self.device = None
        if await self._kept(key) is not None:
            await self.records.drop(self._user.username)

    async def _kept(self, key: str) -> RememberedDevice | None:
        """Return the device of this key if its secrets are in the records."""
        known = (await self.records.load()).find(self._user.username)
        return known if known is not None and known.key == key else None

    async def _remember(self, request: Request) -> None:
        device = self.device
        assert device is not None
        if not device.user_decides or not self._config.remember_device:
            return
        members = {"DeviceKey": device.key, "DeviceRememberedStatus": "remembered"}
        try:
            await request("UpdateDeviceStatus", members)
        except AuthFlowError as error:
            await self._report(device.key, error)
        else:
            self.device = device.model_copy(update={"user_decides": False})

    async def _save(self) -> None:
        assert self.device is not None
        try:
            await self.records.save(self._user.username, self.device, alias=self._user.login_id)
        except StoreError as error:
            await self._report(self.device.key, error)

    async def _report(self, key: str, error: AuthFlowError) -> None:
        _log.warning("A device was not confirmed, remembered or stored: %s", error.name)
        self._error = error.name
        await self._config.observers.tell(
            DeviceNotConfirmed(self._user.username, self._user.user_id, key, error)
        )
