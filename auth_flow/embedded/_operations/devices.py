"""The devices of a signed-in user."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from auth_flow.embedded._fault import Fault, invalid_parameter, not_found
from auth_flow.embedded._models import Device, User
from auth_flow.embedded._operations.shapes import AccessToken, DeviceKey, as_list
from auth_flow.embedded._paging import page
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._srp import Verifier

RememberedStatus = Literal["remembered", "not_remembered"]


class DeviceSecretVerifierConfig(BaseModel):
    """DeviceSecretVerifierConfigType. Both values are Base64 of a big-endian number."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, strict=True)

    password_verifier: str
    salt: str


class ConfirmDeviceRequest(Request):
    access_token: AccessToken
    device_key: DeviceKey
    device_secret_verifier_config: DeviceSecretVerifierConfig | None = None
    device_name: Annotated[str, Field(min_length=1, max_length=1024)] | None = None


class GetDeviceRequest(Request):
    device_key: DeviceKey
    access_token: AccessToken


class ListDevicesRequest(Request):
    access_token: AccessToken
    limit: Annotated[int, Field(ge=0, le=60)] | None = None
    pagination_token: str | None = None


class UpdateDeviceStatusRequest(Request):
    access_token: AccessToken
    device_key: DeviceKey
    device_remembered_status: RememberedStatus


class ForgetDeviceRequest(Request):
    device_key: DeviceKey
    access_token: AccessToken


@operation(ConfirmDeviceRequest)
async def confirm_device(service: CognitoService, request: ConfirmDeviceRequest) -> Reply:
    """Keep the device's verifier.

    The device is remembered at once, unless the pool leaves the choice to the user. Only the
    device that the access token was issued to can be confirmed.
    """
    caller = service.caller(request.access_token)
    config = request.device_secret_verifier_config
    if config is None:
        raise invalid_parameter("Device secret verifier config is required.")
    device = caller.user.devices.get(request.device_key)
    if device is None or device.key != caller.grant.device_key:
        raise invalid_parameter("Invalid device key given.")
    if device.verifier is not None:
        raise Fault("DeviceKeyExistsException", "The device is confirmed already.")
    device.verifier = Verifier(
        salt=_hexadecimal(config.salt), v=_hexadecimal(config.password_verifier)
    )
    device.name = request.device_name or ""
    device.remembered = caller.pool.settings.device_tracking == "ALWAYS"
    device.modified = service.clock()
    caller.pool.save(caller.user)
    return {"UserConfirmationNecessary": not device.remembered}


@operation(GetDeviceRequest)
async def get_device(service: CognitoService, request: GetDeviceRequest) -> Reply:
    """Return a device."""
    return {
        "Device": show_device(
            device_of(service.caller(request.access_token).user, request.device_key)
        )
    }


@operation(ListDevicesRequest)
async def list_devices(service: CognitoService, request: ListDevicesRequest) -> Reply:
    """Return a page of confirmed devices, remembered or not."""
    user = service.caller(request.access_token).user
    return list_confirmed(user, request.limit, request.pagination_token)


@operation(UpdateDeviceStatusRequest)
async def update_device_status(
    service: CognitoService, request: UpdateDeviceStatusRequest
) -> Reply:
    """Set whether a device is remembered."""
    caller = service.caller(request.access_token)
    remember(caller.pool, caller.user, request.device_key, request.device_remembered_status)
    return {}


@operation(ForgetDeviceRequest)
async def forget_device(service: CognitoService, request: ForgetDeviceRequest) -> Reply:
    """Delete a device."""
    caller = service.caller(request.access_token)
    forget(caller.pool, caller.user, request.device_key)
    return {}


def device_of(user: User, key: str) -> Device:
    """Return a device of the user, or raise ResourceNotFoundException."""
    device = user.devices.get(key)
    if device is None:
        raise not_found("Device does not exist.")
    return device


def list_confirmed(user: User, limit: int | None, pagination_token: str | None) -> Reply:
    """Return a page of the user's confirmed devices."""
    confirmed = [device for device in user.devices.values() if device.verifier]
    devices, token = page(confirmed, limit, pagination_token)
    return {"Devices": [show_device(device) for device in devices]} | (
        {"PaginationToken": token} if token else {}
    )


def remember(pool: EmbeddedUserPool, user: User, key: str, status: RememberedStatus | None) -> None:
    """Set if the device is remembered; without a status it is not."""
    device = device_of(user, key)
    device.remembered = status == "remembered"
    device.modified = pool.clock()
    pool.save(user)


def forget(pool: EmbeddedUserPool, user: User, key: str) -> None:
    """Remove a device from the user."""
    del user.devices[device_of(user, key).key]
    pool.save(user)


def show_device(device: Device) -> Reply:
    """Return a device as DeviceType."""
    status = "remembered" if device.remembered else "not_remembered"
    return {
        "DeviceKey": device.key,
        "DeviceAttributes": as_list(
            {
                "device_status": "valid",
                "device_name": device.name,
                "dev:device_remembered_status": status,
            }
        ),
        "DeviceCreateDate": device.created,
        "DeviceLastModifiedDate": device.modified,
        "DeviceLastAuthenticatedDate": device.last_authenticated,
    }


def _hexadecimal(encoded: str) -> str:
    try:
        return f"{int.from_bytes(base64.b64decode(encoded, validate=True), 'big'):x}"
    except ValueError as error:
        raise invalid_parameter("Invalid device secret verifier.") from error
