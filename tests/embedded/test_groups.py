"""Groups, their members, and the claims that they lead to."""

from __future__ import annotations

from typing import Any

import pytest

from auth_flow.embedded import TurnableClock
from tests.embedded.wire import Refused, Wire

pytestmark = pytest.mark.anyio

READER = "arn:aws:iam::123456789012:role/reader"
WRITER = "arn:aws:iam::123456789012:role/writer"


async def create(wire: Wire, name: str, **members: Any) -> dict[str, Any]:
    reply = await wire.call("CreateGroup", UserPoolId=wire.pool.id, GroupName=name, **members)
    return reply["Group"]


async def add(wire: Wire, name: str, username: str = "ada") -> None:
    await wire.call(
        "AdminAddUserToGroup", UserPoolId=wire.pool.id, GroupName=name, Username=username
    )


async def claims(wire: Wire) -> tuple[dict[str, Any], dict[str, Any]]:
    """The claims of a new access token and ID token."""
    tokens = await wire.tokens()
    return wire.pool.key.read(tokens["AccessToken"]), wire.pool.key.read(tokens["IdToken"])


async def test_a_group_is_made_changed_and_deleted(wire: Wire, clock: TurnableClock) -> None:
    group = await create(wire, "editors", Description="They edit.", Precedence=5, RoleArn=WRITER)
    named, began = {"UserPoolId": wire.pool.id, "GroupName": "editors"}, clock()
    shown = {
        **named,
        "Description": "They edit.",
        "Precedence": 5,
        "RoleArn": WRITER,
        "CreationDate": began,
        "LastModifiedDate": began,
    }
    assert group == shown
    with pytest.raises(Refused, match="GroupExistsException"):
        await create(wire, "editors")
    clock.turn(minutes=1)
    for member, value in (("Precedence", 0), ("Description", "All."), ("RoleArn", READER)):
        shown |= {member: value, "LastModifiedDate": clock()}
        changed = await wire.call("UpdateGroup", **named, **{member: value})
        assert changed == {"Group": shown}
    assert await wire.call("GetGroup", **named) == changed
    assert (await create(wire, "others")).keys() == {
        *("GroupName", "UserPoolId", "CreationDate", "LastModifiedDate")
    }
    await wire.call("DeleteGroup", **named)
    for operation in ("GetGroup", "UpdateGroup", "DeleteGroup", "ListUsersInGroup"):
        with pytest.raises(Refused, match="ResourceNotFoundException"):
            await wire.call(operation, **named)


async def test_a_user_is_in_a_group_once_or_not_at_all(wire: Wire) -> None:
    pool = {"UserPoolId": wire.pool.id}
    wire.pool.create_user("bob")
    made = [await create(wire, name) for name in ("a", "b")]
    for name, username in (("a", "ada"), ("b", "ada"), ("a", "bob"), ("a", "bob")):
        await add(wire, name, username)

    async def members(name: str) -> list[str]:
        users = (await wire.call("ListUsersInGroup", **pool, GroupName=name))["Users"]
        for user in users:
            named = {**pool, "Username": user["Username"]}
            whole = await wire.call("AdminGetUser", **named)
            assert user == {
                **{name: value for name, value in whole.items() if name in user},
                "Attributes": whole["UserAttributes"],
            }
        return [user["Username"] for user in users]

    assert (await members("a"), await members("b")) == (["ada", "bob"], ["ada"])
    assert await wire.call("ListGroups", **pool) == {"Groups": made}
    bob = {**pool, "Username": "bob"}
    assert await wire.call("AdminListGroupsForUser", **bob) == {"Groups": made[:1]}
    for _ in range(2):
        await wire.call("AdminRemoveUserFromGroup", **bob, GroupName="a")
        assert await wire.call("AdminListGroupsForUser", **bob) == {"Groups": []}
    assert await members("a") == ["ada"]


async def test_only_users_and_groups_that_exist(wire: Wire) -> None:
    await create(wire, "editors")
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await add(wire, "nobody-made-it")
    with pytest.raises(Refused, match="UserNotFoundException"):
        await add(wire, "editors", "eve")
    named = {"UserPoolId": wire.pool.id, "GroupName": "nobody-made-it", "Username": "ada"}
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("AdminRemoveUserFromGroup", **named)


async def test_groups_are_in_both_tokens_and_roles_in_the_id_token(wire: Wire) -> None:
    access, identity = await claims(wire)
    assert not [name for name in (*access, *identity) if name.startswith("cognito:g")]
    await create(wire, "readers", RoleArn=READER, Precedence=10)
    await create(wire, "writers", RoleArn=WRITER, Precedence=1)
    await create(wire, "others")
    for name in ("others", "readers", "writers"):
        await add(wire, name)
    access, identity = await claims(wire)
    assert access["cognito:groups"] == ["writers", "readers", "others"]
    assert identity["cognito:groups"] == access["cognito:groups"]
    assert identity["cognito:roles"] == [WRITER, READER]
    assert identity["cognito:preferred_role"] == WRITER
    assert "cognito:roles" not in access


async def test_groups_are_in_order_and_each_role_is_named_once(wire: Wire) -> None:
    await create(wire, "z-first", Precedence=0)
    await create(wire, "b", RoleArn=READER, Precedence=7)
    await create(wire, "a", RoleArn=READER, Precedence=7)
    await create(wire, "last", RoleArn=WRITER)
    for name in ("last", "b", "a", "z-first"):
        await add(wire, name)
    access, identity = await claims(wire)
    assert access["cognito:groups"] == ["z-first", "a", "b", "last"]
    assert identity["cognito:roles"] == [READER, WRITER]
    assert identity["cognito:preferred_role"] == READER


@pytest.mark.parametrize(("other", "preferred"), [(READER, None), (WRITER, WRITER)])
async def test_groups_of_one_precedence_prefer_a_role_only_if_they_share_it(
    wire: Wire, other: str, preferred: str | None
) -> None:
    await create(wire, "one", RoleArn=WRITER, Precedence=1)
    await create(wire, "two", RoleArn=other, Precedence=1)
    await add(wire, "one")
    await add(wire, "two")
    _, identity = await claims(wire)
    assert identity.get("cognito:preferred_role") == preferred


async def test_who_leaves_a_group_or_loses_it_has_no_claim_left(wire: Wire) -> None:
    named = {"UserPoolId": wire.pool.id}
    for name in ("left", "deleted"):
        await create(wire, name)
        await add(wire, name)
    await wire.call("AdminRemoveUserFromGroup", **named, GroupName="left", Username="ada")
    await wire.call("DeleteGroup", **named, GroupName="deleted")
    await create(wire, "deleted")
    access, _ = await claims(wire)
    assert "cognito:groups" not in access
