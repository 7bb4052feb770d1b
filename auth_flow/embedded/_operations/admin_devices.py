"""The devices of a user, as an administrator sees them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._operations.admin_users import OfUser
from auth_flow.embedded._operations.devices import (
    RememberedStatus,
    device_of,
    forget,
    list_confirmed,
    remember,
    show_device,
)
from auth_flow.embedded._operations.shapes import DeviceKey
from auth_flow.embedded._registry import Reply, operation
from auth_flow.embedded._service import CognitoService


class AdminGetDeviceRequest(OfUser):
    device_key: DeviceKey


class AdminListDevicesRequest(OfUser):
    limit: Annotated[int, Field(ge=0, le=60)] | None = None
    pagination_token: str | None = None


class AdminForgetDeviceRequest(OfUser):
    device_key: DeviceKey


class AdminUpdateDeviceStatusRequest(OfUser):
    device_key: DeviceKey
    device_remembered_status: RememberedStatus | None = None


@operation(AdminGetDeviceRequest)
async def admin_get_device(service: CognitoService, request: AdminGetDeviceRequest) -> Reply:
    """Return one device."""
    _, user = service.user(request.user_pool_id, request.username)
    return {"Device": show_device(device_of(user, request.device_key))}


@operation(AdminListDevicesRequest)
async def admin_list_devices(service: CognitoService, request: AdminListDevicesRequest) -> Reply:
    """Return a page of confirmed devices."""
    _, user = service.user(request.user_pool_id, request.username)
    return list_confirmed(user, request.limit, request.pagination_token)


@operation(AdminForgetDeviceRequest)
async def admin_forget_device(service: CognitoService, request: AdminForgetDeviceRequest) -> Reply:
    """Forget a device."""
    pool, user = service.user(request.user_pool_id, request.username)
    forget(pool, user, request.device_key)
    return {}


@operation(AdminUpdateDeviceStatusRequest)
async def admin_update_device_status(
    service: CognitoService, request: AdminUpdateDeviceStatusRequest
) -> Reply:
    """Remember a device, or stop remembering it."""
    pool, user = service.user(request.user_pool_id, request.username)
    remember(pool, user, request.device_key, request.device_remembered_status)
    return {}
