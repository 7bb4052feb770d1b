"""Lists come in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from auth_flow.embedded._models import Passkey
from tests.embedded.test_devices import confirmed_device
from tests.embedded.test_login_settings import OIDC
from tests.embedded.wire import Refused, Wire, settings

pytestmark = pytest.mark.anyio

Make = Callable[[Wire, int], Awaitable[dict[str, Any]]]
"""Makes so many of what is listed, and returns the members of the request."""


async def users(wire: Wire, count: int) -> dict[str, Any]:
    for number in range(count - 1):  # besides ada
        wire.pool.create_user(f"user-{number}")
    return {"UserPoolId": wire.pool.id}


async def pools(wire: Wire, count: int) -> dict[str, Any]:
    for _ in range(count - 1):
        wire.service.create_pool(key=wire.pool.key)
    return {}


async def clients(wire: Wire, count: int) -> dict[str, Any]:
    for number in range(count - 1):
        wire.pool.create_client(name=f"app-{number}")
    return {"UserPoolId": wire.pool.id}


async def groups(wire: Wire, count: int) -> dict[str, Any]:
    pool = {"UserPoolId": wire.pool.id}
    for number in range(count):
        await wire.call("CreateGroup", **pool, GroupName=f"group-{number:02}")
    return pool


async def members(wire: Wire, count: int) -> dict[str, Any]:
    pool = await users(wire, count)
    await wire.call("CreateGroup", **pool, GroupName="all")
    for user in wire.pool.users:
        await wire.call("AdminAddUserToGroup", **pool, GroupName="all", Username=user.username)
    return {**pool, "GroupName": "all"}


async def memberships(wire: Wire, count: int) -> dict[str, Any]:
    ada = {**await groups(wire, count), "Username": "ada"}
    for number in range(count):
        await wire.call("AdminAddUserToGroup", **ada, GroupName=f"group-{number:02}")
    return ada


async def providers(wire: Wire, count: int) -> dict[str, Any]:
    pool = {"UserPoolId": wire.pool.id}
    for number in range(count):
        named = {**pool, "ProviderName": f"provider-{number}", "ProviderType": "OIDC"}
        await wire.call("CreateIdentityProvider", **named, ProviderDetails=OIDC)
    return pool


async def resource_servers(wire: Wire, count: int) -> dict[str, Any]:
    pool = {"UserPoolId": wire.pool.id}
    for number in range(count):
        await wire.call("CreateResourceServer", **pool, Identifier=f"api-{number}", Name="API")
    return pool


async def devices(wire: Wire, count: int) -> dict[str, Any]:
    settings(wire, device_tracking="ALWAYS")
    tokens = [(await confirmed_device(wire))[1] for _ in range(count)]
    return {"AccessToken": tokens[0]["AccessToken"]}


async def devices_of_a_user(wire: Wire, count: int) -> dict[str, Any]:
    await devices(wire, count)
    await wire.tokens()  # from a device that is not confirmed, and so not listed
    return {"UserPoolId": wire.pool.id, "Username": "ada"}


async def passkeys(wire: Wire, count: int) -> dict[str, Any]:
    ada = wire.pool.user("ada")
    assert ada is not None
    made = {
        "public_key": "",
        "sign_count": 0,
        "relying_party_id": "localhost",
        "transports": [],
        "friendly_name": "x",
        "created": 0,
    }
    ada.passkeys = [
        Passkey.model_validate({**made, "credential_id": f"{number}"}) for number in range(count)
    ]
    wire.pool.save(ada)
    return {"AccessToken": (await wire.tokens())["AccessToken"]}


@pytest.mark.parametrize(
    ("operation", "listed", "limit", "token", "make"),
    [
        ("ListUsers", "Users", "Limit", "PaginationToken", users),
        ("ListUserPools", "UserPools", "MaxResults", "NextToken", pools),
        ("ListUserPoolClients", "UserPoolClients", "MaxResults", "NextToken", clients),
        ("ListGroups", "Groups", "Limit", "NextToken", groups),
        ("ListUsersInGroup", "Users", "Limit", "NextToken", members),
        ("AdminListGroupsForUser", "Groups", "Limit", "NextToken", memberships),
        ("ListIdentityProviders", "Providers", "MaxResults", "NextToken", providers),
        ("ListResourceServers", "ResourceServers", "MaxResults", "NextToken", resource_servers),
        ("ListDevices", "Devices", "Limit", "PaginationToken", devices),
        ("AdminListDevices", "Devices", "Limit", "PaginationToken", devices_of_a_user),
        ("ListWebAuthnCredentials", "Credentials", "MaxResults", "NextToken", passkeys),
    ],
)
async def test_a_list_has_pages(
    wire: Wire, operation: str, listed: str, limit: str, token: str, make: Make
) -> None:
    named = await make(wire, 3)
    largest = {limit: 3} if operation == "ListUserPools" else {}
    whole = await wire.call(operation, **named, **largest)
    assert whole.keys() == {listed}
    assert len(whole[listed]) == 3
    first = await wire.call(operation, **named, **{limit: 2})
    rest = await wire.call(operation, **named, **{limit: 2, token: first[token]})
    assert first[listed] == whole[listed][:2]
    assert rest == {listed: whole[listed][2:]}
    with pytest.raises(Refused, match="InvalidParameterException: Invalid pagination token given"):
        await wire.call(operation, **named, **{limit: 2, token: "two"})


@pytest.mark.parametrize(
    ("operation", "listed", "make", "most"),
    [
        ("ListUsers", "Users", users, 60),
        ("ListResourceServers", "ResourceServers", resource_servers, 50),
    ],
)
async def test_a_page_has_so_many_by_default(
    wire: Wire, operation: str, listed: str, make: Make, most: int
) -> None:
    named = await make(wire, most + 1)
    first = await wire.call(operation, **named)
    rest = await wire.call(operation, **named, **{list(first)[-1]: f"{most}"})
    assert (len(first[listed]), len(rest[listed])) == (most, 1)
