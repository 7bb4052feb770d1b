"""Which attributes the users of an app client may read and write, and the constraints of a pool's
schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
import pytest

from auth_flow.embedded import ClientSettings
from tests.embedded.test_schema import pairs
from tests.embedded.wire import PASSWORD, Refused, Wire

pytestmark = pytest.mark.anyio

UNAUTHORIZED = "NotAuthorizedException: A client attempted to write unauthorized attribute"


async def new_client(wire: Wire, **lists: list[str]) -> None:
    """Go on with an app client that was made over the wire."""
    reply = await wire.call(
        "CreateUserPoolClient",
        UserPoolId=wire.pool.id,
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        **lists,
    )
    client = wire.pool.clients.get(reply["UserPoolClient"]["ClientId"])
    assert client is not None
    wire.client = client


async def test_users_read_what_their_client_may_read(wire: Wire) -> None:
    await new_client(wire, ReadAttributes=["email", "email_verified"])
    tokens = await wire.tokens()
    user = await wire.call("GetUser", AccessToken=tokens["AccessToken"])
    shown = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
    assert shown.keys() == {"sub", "email", "email_verified"}
    identity = jwt.decode(tokens["IdToken"], options={"verify_signature": False})
    assert identity["email"] == "ada@example.org"
    assert not {"phone_number", "phone_number_verified"} & identity.keys()


async def test_users_write_what_their_client_may_write(wire: Wire) -> None:
    await new_client(wire, WriteAttributes=["email"])
    access = (await wire.tokens())["AccessToken"]
    for operation, members in (
        ("UpdateUserAttributes", {"UserAttributes": pairs({"nickname": "A"})}),
        ("DeleteUserAttributes", {"UserAttributeNames": ["phone_number"]}),
    ):
        with pytest.raises(Refused, match=UNAUTHORIZED):
            await wire.call(operation, AccessToken=access, **members)
    bob: dict[str, Any] = {"ClientId": wire.client.id, "Username": "bob", "Password": PASSWORD}
    with pytest.raises(Refused, match=UNAUTHORIZED):
        await wire.call("SignUp", **bob, UserAttributes=pairs({"nickname": "Bob"}))
    await wire.call("SignUp", **bob, UserAttributes=pairs({"email": "bob@example.org"}))
    new = pairs({"email": "countess@example.org"})
    await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=new)


async def test_administrators_are_not_limited_by_clients(wire: Wire) -> None:
    await new_client(wire, WriteAttributes=["email"])
    await wire.call(
        "AdminUpdateUserAttributes",
        UserPoolId=wire.pool.id,
        Username="ada",
        UserAttributes=pairs({"nickname": "A"}),
    )


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("ReadAttributes", "nonsense"),
        ("WriteAttributes", "custom:pet"),
        ("WriteAttributes", "email_verified"),
        ("WriteAttributes", "sub"),
    ],
)
async def test_lists_that_do_not_fit_the_schema(wire: Wire, member: str, name: str) -> None:
    kind = member.removesuffix("Attributes").lower()
    refusal = f"InvalidParameterException: Invalid {kind} attributes specified while"
    with pytest.raises(Refused, match=f"{refusal} creating a client"):
        await new_client(wire, **{member: [name]})
    with pytest.raises(Refused, match=f"{refusal} updating a client"):
        await wire.call(
            "UpdateUserPoolClient",
            UserPoolId=wire.pool.id,
            ClientId=wire.client.id,
            **{member: [name]},
        )


SCHEMA: list[dict[str, Any]] = [
    {
        "Name": "team",
        "AttributeDataType": "String",
        "Mutable": True,
        "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "4"},
    },
    {
        "Name": "level",
        "AttributeDataType": "Number",
        "Mutable": True,
        "NumberAttributeConstraints": {"MinValue": "-1", "MaxValue": "10"},
    },
    {"Name": "beta", "AttributeDataType": "Boolean", "Mutable": True},
    {"Name": "since", "AttributeDataType": "DateTime", "Mutable": True},
    {
        "Name": "nickname",
        "AttributeDataType": "String",
        "Mutable": True,
        "StringAttributeConstraints": {"MaxLength": "5"},
    },
    {"Name": "tenant", "AttributeDataType": "String", "Mutable": False},
    {"Name": "website", "AttributeDataType": "String", "Mutable": False},
]


async def pool_with_schema(wire: Wire) -> Wire:
    reply = await wire.call("CreateUserPool", PoolName="people", Schema=SCHEMA)
    pool = wire.service.pools[reply["UserPool"]["Id"]]
    pool.create_user("ada", PASSWORD, attributes={"custom:tenant": "t-1"})
    return Wire(wire.http, wire.service, pool, pool.create_client(ClientSettings()))


async def update(wire: Wire, given: Mapping[str, str]) -> None:
    access = (await wire.tokens())["AccessToken"]
    await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=pairs({**given}))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("custom:team", ("ab", "abcd"), ("a", "abcde")),
        ("custom:level", ("-1", "10", "2.5"), ("-2", "10.5", "ten", "")),
        ("custom:beta", ("true", "false"), ("yes",)),
        ("custom:since", ("today", ""), ()),
        ("nickname", ("", "Bobby"), ("Bobby!",)),
    ],
)
async def test_constraints(
    wire: Wire, name: str, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    people = await pool_with_schema(wire)
    for value in good:
        await update(people, {name: value})
    for value in bad:
        with pytest.raises(
            Refused,
            match=f"InvalidParameterException: Attributes did not conform to the schema: {name}: ",
        ):
            await update(people, {name: value})


@pytest.mark.parametrize("name", ["custom:tenant", "website"])
async def test_what_is_set_only_once(wire: Wire, name: str) -> None:
    people = await pool_with_schema(wire)
    refusal = f"InvalidParameterException: user.{name}: Attribute cannot be updated."
    with pytest.raises(Refused, match=refusal):
        await update(people, {name: "t-2"})
    with pytest.raises(Refused, match=refusal):
        await wire.call(
            "AdminDeleteUserAttributes",
            UserPoolId=people.pool.id,
            Username="ada",
            UserAttributeNames=[name],
        )
    await people.call(
        "SignUp",
        ClientId=people.client.id,
        Username="bob",
        Password=PASSWORD,
        UserAttributes=pairs({name: "t-2"}),
    )


async def test_declarations_are_described(wire: Wire) -> None:
    people = await pool_with_schema(wire)
    pool = (await wire.call("DescribeUserPool", UserPoolId=people.pool.id))["UserPool"]
    shown = {one["Name"]: one for one in pool["SchemaAttributes"]}
    assert shown["nickname"]["StringAttributeConstraints"] == {"MaxLength": "5"}
    assert shown["custom:level"]["NumberAttributeConstraints"]["MaxValue"] == "10"
    assert not shown["website"]["Mutable"]
    assert shown["website"]["StringAttributeConstraints"]["MaxLength"] == "2048"


async def test_standard_attributes_are_described(wire: Wire) -> None:
    pool = (await wire.call("DescribeUserPool", UserPoolId=wire.pool.id))["UserPool"]
    texts = (
        *("address", "birthdate", "email", "family_name", "gender", "given_name", "locale"),
        *("middle_name", "name", "nickname", "phone_number", "picture", "preferred_username"),
        *("profile", "sub", "website", "zoneinfo"),
    )
    plain = {"DeveloperOnlyAttribute": False, "Mutable": True, "Required": False}
    lengths = {"birthdate": ("10", "10"), "sub": ("1", "2048")}
    expected: dict[str, dict[str, Any]] = {}
    for name in texts:
        shortest, longest = lengths.get(name, ("0", "2048"))
        expected[name] = {
            "Name": name,
            "AttributeDataType": "String",
            **plain,
            "StringAttributeConstraints": {"MinLength": shortest, "MaxLength": longest},
        }
    expected["sub"] |= {"Mutable": False, "Required": True}
    for name in ("email_verified", "phone_number_verified"):
        expected[name] = {"Name": name, "AttributeDataType": "Boolean", **plain}
    expected["updated_at"] = {
        "Name": "updated_at",
        "AttributeDataType": "Number",
        **plain,
        "NumberAttributeConstraints": {"MinValue": "0"},
    }
    assert pool["SchemaAttributes"] == [expected[name] for name in sorted(expected)]


@pytest.mark.parametrize(
    "constraints",
    [
        {"StringAttributeConstraints": {"MinLength": "two"}},
        {"StringAttributeConstraints": {"MaxLength": "-1"}},
        {"NumberAttributeConstraints": {"MinValue": "two"}},
        {"NumberAttributeConstraints": {"MaxValue": "1.5"}},
    ],
)
async def test_constraints_are_numbers(wire: Wire, constraints: dict[str, Any]) -> None:
    declared = {"Name": "other", "AttributeDataType": "String", **constraints}
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.call(
            "AddCustomAttributes",
            UserPoolId=wire.pool.id,
            CustomAttributes=[declared],
        )
