"""Which attributes a user may have, who may write them, and what they look like, wherever
attributes come in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio

TEMPORARY = "Temporary-Horse-1"

Attributes = dict[str, str]
Write = Callable[[Wire, Attributes], Awaitable[object]]


def pairs(attributes: Attributes) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


async def sign_up(wire: Wire, given: Attributes) -> None:
    await wire.call(
        "SignUp",
        ClientId=wire.client.id,
        Username="bob",
        Password=PASSWORD,
        UserAttributes=pairs(given),
    )


async def update(wire: Wire, given: Attributes) -> None:
    wire.pool.create_user("bob", PASSWORD)
    access = (await wire.tokens("bob"))["AccessToken"]
    await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=pairs(given))


async def new_password(wire: Wire, given: Attributes) -> None:
    wire.pool.create_user("bob", TEMPORARY, status="FORCE_CHANGE_PASSWORD")
    responses = {f"userAttributes.{name}": value for name, value in given.items()}
    await wire.respond(
        await wire.sign_in("bob", TEMPORARY), USERNAME="bob", NEW_PASSWORD=PASSWORD, **responses
    )


async def admin_create(wire: Wire, given: Attributes) -> None:
    await wire.call(
        "AdminCreateUser", UserPoolId=wire.pool.id, Username="bob", UserAttributes=pairs(given)
    )


async def admin_update(wire: Wire, given: Attributes) -> None:
    wire.pool.create_user("bob", PASSWORD)
    await wire.call(
        "AdminUpdateUserAttributes",
        UserPoolId=wire.pool.id,
        Username="bob",
        UserAttributes=pairs(given),
    )


BY_USERS: list[Write] = [sign_up, update, new_password]
BY_ADMINISTRATORS: list[Write] = [admin_create, admin_update]


def held(wire: Wire) -> Attributes:
    user = wire.pool.user("bob")
    return user.attributes if user else {}


@pytest.mark.parametrize("write", BY_USERS + BY_ADMINISTRATORS)
@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (
            {"nonsense": "x"},
            (
                "Attributes did not conform to the schema: nonsense: Attribute does not exist in "
                "the schema."
            ),
        ),
        (
            {"custom:cat": "Tom"},
            (
                "Attributes did not conform to the schema: custom:cat: Attribute does not exist "
                "in the schema."
            ),
        ),
        (
            {"pet": "Rex"},
            (
                "Attributes did not conform to the schema: pet: Attribute does not exist in the "
                "schema."
            ),
        ),
        ({"email": "noat"}, "Invalid email address format."),
        ({"email": "a b@example.org"}, "Invalid email address format."),
        ({"email": "two@at@example.org"}, "Invalid email address format."),
        ({"phone_number": "12"}, "Invalid phone number format."),
        ({"phone_number": "+0155555309"}, "Invalid phone number format."),
        ({"phone_number": "+1 555 555 309"}, "Invalid phone number format."),
        ({"phone_number": "+1234567890123456"}, "Invalid phone number format."),
        ({"birthdate": "10 Dec 1815"}, "Attributes did not conform to the schema: birthdate: "),
        ({"updated_at": "yesterday"}, "Attributes did not conform to the schema: updated_at: "),
    ],
)
async def test_what_does_not_fit_the_schema(
    wire: Wire, write: Write, given: Attributes, refusal: str
) -> None:
    settings(wire, custom_attributes=("pet",))
    with pytest.raises(Refused) as refused:
        await write(wire, {"nickname": "Bobby", **given})
    assert str(refused.value).startswith(f"InvalidParameterException: {refusal}")
    assert held(wire) == {}


@pytest.mark.parametrize("write", BY_USERS + BY_ADMINISTRATORS)
async def test_what_fits_the_schema(wire: Wire, write: Write) -> None:
    settings(wire, custom_attributes=("pet",))
    given = {
        "email": "o'bob+horse@mail.example.org",
        "phone_number": "+15555550123",
        "birthdate": "1815-12-10",
        "updated_at": "1700000000",
        "custom:pet": "Rex",
        "nickname": "ボブ" * 1024,
    }
    await write(wire, given)
    assert held(wire).items() >= given.items()


@pytest.mark.parametrize("write", BY_USERS + BY_ADMINISTRATORS)
async def test_a_value_that_is_too_long(wire: Wire, write: Write) -> None:
    with pytest.raises(Refused, match="InvalidParameterException"):
        await write(wire, {"nickname": "x" * 2049})
    assert held(wire) == {}


@pytest.mark.parametrize("write", BY_USERS)
@pytest.mark.parametrize("name", ["sub", "email_verified", "phone_number_verified"])
async def test_what_users_may_not_write(wire: Wire, write: Write, name: str) -> None:
    with pytest.raises(
        Refused, match="NotAuthorizedException: A client attempted to write unauthorized attribute"
    ):
        await write(wire, {"email": "bob@example.org", name: "true"})
    assert held(wire) == {}


@pytest.mark.parametrize("write", BY_ADMINISTRATORS)
async def test_what_administrators_may_write(wire: Wire, write: Write) -> None:
    given = {"email": "bob@example.org", "email_verified": "true", "phone_number_verified": "false"}
    await write(wire, given)
    assert held(wire) == given


@pytest.mark.parametrize("write", BY_ADMINISTRATORS)
async def test_what_administrators_may_not_write(wire: Wire, write: Write) -> None:
    with pytest.raises(
        Refused, match="InvalidParameterException: Cannot modify the non-mutable attribute sub"
    ):
        await write(wire, {"sub": "00000000-0000-0000-0000-000000000000"})
    with pytest.raises(Refused, match=r"InvalidParameterException: .*email_verified"):
        await write(wire, {"email": "bob@example.org", "email_verified": "yes"})
    assert held(wire) == {}


async def test_only_what_is_in_the_schema_is_deleted(wire: Wire) -> None:
    access = (await wire.tokens())["AccessToken"]
    for name, refusal in (
        ("nonsense", "InvalidParameterException"),
        ("email_verified", "NotAuthorizedException"),
    ):
        with pytest.raises(Refused, match=refusal):
            await wire.call(
                "DeleteUserAttributes", AccessToken=access, UserAttributeNames=["email", name]
            )
    ada = wire.pool.user("ada")
    assert ada is not None
    assert ada.verified("email") == "ada@example.org"


async def test_an_address_changed_with_the_temporary_password_is_not_verified(wire: Wire) -> None:
    verified = {"email": "bob@example.org", "email_verified": "true"}
    wire.pool.create_user("bob", TEMPORARY, attributes=verified, status="FORCE_CHANGE_PASSWORD")
    asked = await wire.sign_in("bob", TEMPORARY)
    changed = {"userAttributes.email": "ada@example.org"}
    assert "AuthenticationResult" in await wire.respond(
        asked, USERNAME="bob", NEW_PASSWORD=PASSWORD, **changed
    )
    assert held(wire) == {"email": "ada@example.org", "email_verified": "false"}


async def test_an_address_set_up_for_a_second_factor(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    wire.pool.create_user("bob", PASSWORD)
    asked = await wire.sign_in("bob")
    with pytest.raises(Refused, match="InvalidParameterException: Invalid email address format"):
        await wire.respond(asked, USERNAME="bob", EMAIL="noat")
    assert (await wire.respond(asked, USERNAME="bob", EMAIL="bob@example.org"))[
        "ChallengeName"
    ] == "EMAIL_OTP"


async def test_addresses_as_usernames_are_held_to_the_format(wire: Wire) -> None:
    settings(wire, username_attributes=("email",))
    with pytest.raises(Refused, match="InvalidParameterException: Invalid email address format"):
        await wire.call("SignUp", ClientId=wire.client.id, Username="bob@", Password=PASSWORD)


async def test_the_schema_of_a_pool_made_over_the_wire(wire: Wire) -> None:
    schema = [
        {"Name": "sub", "AttributeDataType": "String", "Required": True, "Mutable": False},
        {"Name": "name", "AttributeDataType": "String", "Required": True},
        {"Name": "pet", "AttributeDataType": "String"},
    ]
    shown = (await wire.call("CreateUserPool", PoolName="people", Schema=schema))["UserPool"]
    attributes = {
        attribute["Name"]: attribute["Required"] for attribute in shown["SchemaAttributes"]
    }
    assert {name for name, required in attributes.items() if required} == {"sub", "name"}
    assert {"custom:pet", "email", "email_verified"} <= attributes.keys()
    pool = wire.service.pools[shown["Id"]]
    bob = {"ClientId": pool.create_client().id, "Username": "bob", "Password": PASSWORD}
    with pytest.raises(
        Refused, match="Attributes did not conform to the schema: name: The attribute is required"
    ):
        await wire.call("SignUp", **bob, UserAttributes=pairs({"custom:pet": "Rex"}))
    await wire.call("SignUp", **bob, UserAttributes=pairs({"name": "Bob", "custom:pet": "Rex"}))


@pytest.mark.parametrize(
    "attribute",
    [
        {"Name": "pet", "Required": True},
        {"Name": "a-name-of-21-letters-"},
        {"Name": "email_verified", "Required": True},
    ],
)
async def test_custom_attributes_that_cannot_be(wire: Wire, attribute: dict[str, object]) -> None:
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.call(
            "CreateUserPool",
            PoolName="people",
            Schema=[{"AttributeDataType": "String", **attribute}],
        )
