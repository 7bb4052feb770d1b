"""The confirmation of a device that is new to the pool."""

from __future__ import annotations

import platform
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from pydantic import Field

from auth_flow._threads import compute
from auth_flow.errors import DeviceKeyExistsException, ServiceError
from auth_flow.states._devices import NewDevice, RememberedDevice
from auth_flow.states._replies import Reply
from auth_flow.states._srp import DeviceSecret, device_verifier

Request: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Makes a request with an access token: the operation, and the members besides the token."""

LONGEST_NAME = 1024
SERVER_ERROR = 500


class _ConfirmationReply(Reply):
    user_decides: bool = Field(False, alias="UserConfirmationNecessary")


class PendingDevice:
    """A device that the service has made up for a sign-in, until it is confirmed.

    `name` is the name to confirm the device with; by default, that of the operating system.
    """

    def __init__(self, device: NewDevice, name: str | None = None) -> None:
        self.device = device
        self._name = (name or f"auth-flow on {platform.system() or 'Python'}")[:LONGEST_NAME]
        self._secret: DeviceSecret | None = None
        self._may_be_confirmed = False

    async def confirm(self, request: Request) -> RememberedDevice:
        """Have the service confirm the device, by ConfirmDevice, and return its secrets.

        `request` makes a request with the access token that the device was made up for. If the
        reply to an earlier attempt was lost, the service may have confirmed the device with that
        attempt's secret, so this one uses the same. Raises the errors of the transport.
        """
        if self._secret is None:
            work = partial(device_verifier, self.device.group_key, self.device.key)
            self._secret = await compute(work)
        user_decides = False
        try:
            user_decides = await self._confirm(request, self._secret)
        except DeviceKeyExistsException:
            if not self._may_be_confirmed:
                raise
        except BaseException as error:
            if not isinstance(error, ServiceError) or error.status >= SERVER_ERROR:
                self._may_be_confirmed = True  # also if the task is cancelled
            raise
        return RememberedDevice(
            key=self.device.key,
            group_key=self.device.group_key,
            password=self._secret.password,
            user_decides=user_decides,
        )

    async def _confirm(self, request: Request, secret: DeviceSecret) -> bool:
        members = {
            "DeviceKey": self.device.key,
            "DeviceName": self._name,
            "DeviceSecretVerifierConfig": {
                "PasswordVerifier": secret.verifier,
                "Salt": secret.salt,
            },
        }
        reply = await request("ConfirmDevice", members)
        return _ConfirmationReply.read("ConfirmDevice", reply).user_decides
