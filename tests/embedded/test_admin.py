from __future__ import annotations

import pytest

from auth_flow.embedded import TurnableClock
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


async def test_a_pool_made_over_the_wire(wire: Wire) -> None:
    created = await wire.call(
        "CreateUserPool",
        PoolName="people",
        Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": False}},
        AutoVerifiedAttributes=["email"],
        UsernameAttributes=["email"],
        Schema=[{"Name": "name", "Required": True, "AttributeDataType": "String"}],
        UsernameConfiguration={"CaseSensitive": False},
    )
    pool_id = created["UserPool"]["Id"]
    described = (await wire.call("DescribeUserPool", UserPoolId=pool_id))["UserPool"]
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    assert pool_id in [
        pool["Id"] for pool in (await wire.call("ListUserPools", MaxResults=10))["UserPools"]
    ]
    set_to = await wire.call(
        "SetUserPoolMfaConfig",
        UserPoolId=pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    assert await wire.call("GetUserPoolMfaConfig", UserPoolId=pool_id) == set_to
    assert "SmsMfaConfiguration" not in set_to

    client = await wire.call(
        "CreateUserPoolClient",
        UserPoolId=pool_id,
        ClientName="web",
        GenerateSecret=True,
        AccessTokenValidity=5,
        TokenValidityUnits={"AccessToken": "minutes"},
    )
    shown = client["UserPoolClient"]
    named = {"UserPoolId": pool_id, "ClientId": shown["ClientId"]}
    assert (await wire.call("DescribeUserPoolClient", **named))["UserPoolClient"][
        "ClientSecret"
    ] == shown["ClientSecret"]
    assert shown["ExplicitAuthFlows"] == [
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_CUSTOM_AUTH",
    ]
    assert [
        c["ClientId"]
        for c in (await wire.call("ListUserPoolClients", UserPoolId=pool_id))["UserPoolClients"]
    ] == [shown["ClientId"]]
    await wire.call("DeleteUserPoolClient", **named)
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("DescribeUserPoolClient", **named)
    await wire.call("DeleteUserPool", UserPoolId=pool_id)
    with pytest.raises(Refused, match=r"ResourceNotFoundException: User pool .* does not exist"):
        await wire.call("DescribeUserPool", UserPoolId=pool_id)


async def test_a_user_made_by_an_administrator(wire: Wire) -> None:
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    email = [{"Name": "email", "Value": "bob@example.org"}]
    made = await wire.call(
        "AdminCreateUser", **bob, UserAttributes=email, DesiredDeliveryMediums=["EMAIL"]
    )
    assert made["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    with pytest.raises(Refused, match="UsernameExistsException: User account already exists"):
        await wire.call("AdminCreateUser", **bob)
    asked = await wire.srp_sign_in("bob", wire.code("bob"))
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    await wire.call("AdminSetUserPassword", **bob, Password=PASSWORD, Permanent=True)
    access = (await wire.tokens("bob"))["AccessToken"]
    await wire.call(
        "AdminUpdateUserAttributes",
        **bob,
        UserAttributes=[{"Name": "email_verified", "Value": "true"}],
    )
    user = await wire.call("AdminGetUser", **bob)
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    await wire.call("AdminDeleteUserAttributes", **bob, UserAttributeNames=["email"])
    await wire.call("AdminUserGlobalSignOut", **bob)
    with pytest.raises(Refused, match="Access Token has been revoked"):
        await wire.call("GetUser", AccessToken=access)
    await wire.call("AdminDisableUser", **bob)
    with pytest.raises(Refused, match="NotAuthorizedException: User is disabled"):
        await wire.sign_in("bob")
    await wire.call("AdminEnableUser", **bob)
    assert await wire.tokens("bob")
    await wire.call("AdminDeleteUser", **bob)
    with pytest.raises(Refused, match="UserNotFoundException: User does not exist"):
        await wire.call("AdminGetUser", **bob)


async def test_an_administrator_confirms_and_signs_in(wire: Wire) -> None:
    await wire.call("SignUp", ClientId=wire.client.id, Username="bob", Password=PASSWORD)
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    await wire.call("AdminConfirmSignUp", **bob)
    with pytest.raises(
        Refused,
        match=r"NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED",
    ):
        await wire.call("AdminConfirmSignUp", **bob)
    asked = {
        "UserPoolId": wire.pool.id,
        "ClientId": wire.client.id,
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
    }
    signed_in = await wire.call(
        "AdminInitiateAuth", **asked, AuthParameters={"USERNAME": "bob", "PASSWORD": PASSWORD}
    )
    assert "AuthenticationResult" in signed_in
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.initiate("ADMIN_USER_PASSWORD_AUTH", USERNAME="bob", PASSWORD=PASSWORD)


def pairs(**attributes: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


async def test_a_user_is_shown_to_administrators(wire: Wire, clock: TurnableClock) -> None:
    pool, began = {"UserPoolId": wire.pool.id}, clock()
    bob = {**pool, "Username": "bob"}
    email = pairs(email="bob@example.org", email_verified="True")
    made = (await wire.call("AdminCreateUser", **bob, UserAttributes=email))["User"]
    ((sub_name, sub), *others) = ((one["Name"], one["Value"]) for one in made["Attributes"])
    assert sub_name == "sub"
    assert others == [("email", "bob@example.org"), ("email_verified", "true")]
    shown = {
        "Username": "bob",
        "UserCreateDate": began,
        "UserLastModifiedDate": began,
        "Enabled": True,
        "UserStatus": "FORCE_CHANGE_PASSWORD",
    }
    assert made == {**shown, "Attributes": made["Attributes"]}
    clock.turn(minutes=1)
    await wire.call("AdminDisableUser", **bob)
    shown |= {"Enabled": False, "UserLastModifiedDate": clock()}
    attributes = {"UserAttributes": made["Attributes"]}
    assert await wire.call("AdminGetUser", **bob) == {**shown, **attributes}
    listed = await wire.call(
        "ListUsers", **pool, Filter='username = "bob"', AttributesToGet=["email", "name"]
    )
    assert listed == {"Users": [{**shown, "Attributes": pairs(email="bob@example.org")}]}
    assert await wire.call("AdminGetUser", **pool, Username=sub) == {**shown, **attributes}


@pytest.mark.parametrize(
    ("members", "attributes", "media"),
    [
        ({}, {"email": "b@example.org", "phone_number": "+15555550199"}, ["SMS"]),
        ({}, {"email": "b@example.org"}, []),
        (
            {"DesiredDeliveryMediums": ["EMAIL", "SMS"]},
            {"email": "b@example.org", "phone_number": "+15555550199"},
            ["EMAIL", "SMS"],
        ),
        ({"DesiredDeliveryMediums": ["EMAIL", "SMS"]}, {"email": "b@example.org"}, ["EMAIL"]),
        ({"MessageAction": "SUPPRESS"}, {"phone_number": "+15555550199"}, []),
    ],
)
async def test_an_invitation_is_sent(
    wire: Wire, members: dict[str, object], attributes: dict[str, str], media: list[str]
) -> None:
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    await wire.call(
        "AdminCreateUser",
        **bob,
        **members,
        UserAttributes=pairs(**attributes),
        TemporaryPassword="Temporary-1",
    )
    destination = {"SMS": "+15555550199", "EMAIL": "b@example.org"}
    assert [
        (message.medium, message.destination, message.code, message.purpose)
        for message in wire.pool.outbox.messages
    ] == [(medium, destination[medium], "Temporary-1", "AdminCreateUser") for medium in media]
    assert (await wire.sign_in("bob", "Temporary-1"))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


async def test_an_invitation_is_sent_again(wire: Wire, clock: TurnableClock) -> None:
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    again = {**bob, "MessageAction": "RESEND"}
    with pytest.raises(Refused, match="UserNotFoundException: User does not exist"):
        await wire.call("AdminCreateUser", **again)
    phone = pairs(phone_number="+15555550199")
    made = await wire.call("AdminCreateUser", **bob, UserAttributes=phone)
    first = wire.code("bob")
    clock.turn(days=7, seconds=-1)
    assert (await wire.sign_in("bob", first))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    user = (await wire.call("AdminCreateUser", **again))["User"]
    assert user == {**made["User"], "UserLastModifiedDate": clock()}
    assert wire.code("bob") != first
    clock.turn(days=7, seconds=-1)
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.sign_in("bob", first)
    assert (await wire.sign_in("bob", wire.code("bob")))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    clock.turn(seconds=1)
    with pytest.raises(Refused, match="Temporary password has expired"):
        await wire.sign_in("bob", wire.code("bob"))


async def test_an_invitation_takes_over_an_alias_if_it_is_to(wire: Wire) -> None:
    settings(wire, alias_attributes=("email",))
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    taken = pairs(email="ada@example.org", email_verified="true")
    with pytest.raises(Refused, match="AliasExistsException"):
        await wire.call("AdminCreateUser", **bob, UserAttributes=taken)
    await wire.call("AdminCreateUser", **bob, UserAttributes=taken, ForceAliasCreation=True)
    ada = await wire.call("AdminGetUser", UserPoolId=wire.pool.id, Username="ada")
    assert pairs(email_verified="false")[0] in ada["UserAttributes"]
    named = await wire.call("AdminGetUser", UserPoolId=wire.pool.id, Username="ada@example.org")
    assert named["Username"] == "bob"
    settings(wire, alias_attributes=("preferred_username",))
    wire.pool.create_user("cyd", attributes={"preferred_username": "boss"})
    eve = {"UserPoolId": wire.pool.id, "Username": "eve", "ForceAliasCreation": True}
    with pytest.raises(Refused, match="AliasExistsException"):
        await wire.call("AdminCreateUser", **eve, UserAttributes=pairs(preferred_username="boss"))


async def test_a_name_of_an_administrator_is_an_address_if_names_are(wire: Wire) -> None:
    settings(wire, username_attributes=("email",))
    pool = {"UserPoolId": wire.pool.id}
    with pytest.raises(Refused, match="InvalidParameterException: Username should be an email"):
        await wire.call("AdminCreateUser", **pool, Username="bob")
    made = await wire.call("AdminCreateUser", **pool, Username="bob@example.org")
    attributes = {one["Name"]: one["Value"] for one in made["User"]["Attributes"]}
    assert attributes == {"sub": made["User"]["Username"], "email": "bob@example.org"}


async def test_a_password_of_an_administrator_is_temporary_unless_it_is_not(
    wire: Wire, clock: TurnableClock
) -> None:
    settings(wire, password_policy={"temporary_password_validity_days": 2})
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    with pytest.raises(Refused, match="InvalidPasswordException"):
        await wire.call("AdminSetUserPassword", **ada, Password="short")
    await wire.call("AdminSetUserPassword", **ada, Password="Temporary-1")
    assert (await wire.call("AdminGetUser", **ada))["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    clock.turn(days=2, seconds=-1)
    assert (await wire.sign_in("ada", "Temporary-1"))["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    clock.turn(seconds=1)
    with pytest.raises(Refused, match="Temporary password has expired"):
        await wire.sign_in("ada", "Temporary-1")
    await wire.call("AdminSetUserPassword", **ada, Password=PASSWORD, Permanent=True)
    assert (await wire.call("AdminGetUser", **ada))["UserStatus"] == "CONFIRMED"
    assert await wire.tokens()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"email": "a@example.org"}, ["email"]),
        ({"email": "a@example.org", "phone_number": "+15555550199"}, ["email", "phone_number"]),
        ({"email": "a@example.org", "email_verified": "true"}, []),
        ({"email": "ada@example.org", "name": "Ada"}, []),
        ({"email_verified": "false"}, []),
    ],
)
async def test_an_address_of_an_administrator_is_to_be_verified(
    wire: Wire, given: dict[str, str], sent: list[str]
) -> None:
    settings(wire, auto_verified_attributes=("email", "phone_number"))
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    await wire.call("AdminUpdateUserAttributes", **ada, UserAttributes=pairs(**given))
    shown = (await wire.call("AdminGetUser", **ada))["UserAttributes"]
    attributes = {one["Name"]: one["Value"] for one in shown}
    assert attributes.items() >= given.items()
    assert [(message.purpose, message.destination) for message in wire.pool.outbox.messages] == [
        ("UpdateUserAttribute", given[name]) for name in sent
    ]
    for name in sent:
        assert attributes[f"{name}_verified"] == "false"


async def test_an_administrator_sends_no_more_messages_than_the_limit(wire: Wire) -> None:
    settings(
        wire,
        auto_verified_attributes=("email", "phone_number"),
        limits={"messages_per_hour": 1},
    )
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    given = pairs(email="a@example.org", phone_number="+15555550199")
    before = await wire.call("AdminGetUser", **ada)
    with pytest.raises(Refused, match="LimitExceededException"):
        await wire.call("AdminUpdateUserAttributes", **ada, UserAttributes=given)
    assert await wire.call("AdminGetUser", **ada) == before
    await wire.call("AdminUpdateUserAttributes", **ada, UserAttributes=given[:1])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["ada", "bea", "bob", "cyd"]),
        ('email = "bob@example.org"', ["bob"]),
        ('email ^= "b"', ["bea", "bob"]),
        ('email ^= "ob"', []),
        (' "username"^="b" ', ["bea", "bob"]),
        ('username = "b"', []),
        ('status = "Enabled"', ["ada", "bob", "cyd"]),
        ('status = "Disabled"', ["bea"]),
        ('cognito:user_status = "CONFIRMED"', ["ada", "bea", "bob"]),
        ('"cognito:user_status" ^= "UN"', ["cyd"]),
        ('name = ""', ["ada", "bea", "bob", "cyd"]),
    ],
)
async def test_users_are_filtered(wire: Wire, text: str, names: list[str]) -> None:
    for name in ("bea", "bob"):
        wire.pool.create_user(name, attributes={"email": f"{name}@example.org"})
    wire.pool.create_user("cyd", status="UNCONFIRMED")
    pool = {"UserPoolId": wire.pool.id}
    await wire.call("AdminDisableUser", **pool, Username="bea")
    users = (await wire.call("ListUsers", **pool, Filter=text))["Users"]
    assert [user["Username"] for user in users] == names


@pytest.mark.parametrize("text", ["nonsense", 'email < "a"', "email = a", 'a = "b" or c = "d'])
async def test_a_filter_of_another_form_is_refused(wire: Wire, text: str) -> None:
    with pytest.raises(Refused, match="InvalidParameterException: Error while parsing filter"):
        await wire.call("ListUsers", UserPoolId=wire.pool.id, Filter=text)


async def test_an_administrator_sets_the_preference(wire: Wire) -> None:
    wire.pool.settings = wire.pool.settings.model_copy(update={"mfa_configuration": "OPTIONAL"})
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    await wire.call(
        "AdminSetUserMFAPreference", **ada, EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    assert (await wire.call("AdminGetUser", **ada))["PreferredMfaSetting"] == "EMAIL_OTP"
    assert (await wire.sign_in())["ChallengeName"] == "EMAIL_OTP"


async def test_an_administrator_gives_no_alias_to_a_second_user(wire: Wire) -> None:
    wire.pool.settings = wire.pool.settings.model_copy(update={"alias_attributes": ("email",)})
    bob = {"UserPoolId": wire.pool.id, "Username": wire.pool.create_user("bob").username}
    taken = [
        {"Name": "email", "Value": "ada@example.org"},
        {"Name": "email_verified", "Value": "true"},
    ]
    with pytest.raises(Refused, match="AliasExistsException"):
        await wire.call("AdminUpdateUserAttributes", **bob, UserAttributes=taken)
    assert "email" not in {
        attribute["Name"]
        for attribute in (await wire.call("AdminGetUser", **bob))["UserAttributes"]
    }


async def test_a_removed_address_is_not_called_verified(wire: Wire) -> None:
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    await wire.call("AdminDeleteUserAttributes", **ada, UserAttributeNames=["email"])
    names = {
        attribute["Name"]
        for attribute in (await wire.call("AdminGetUser", **ada))["UserAttributes"]
    }
    assert names == {"sub", "phone_number", "phone_number_verified"}
