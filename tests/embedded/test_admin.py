from __future__ import annotations

import pytest

from auth_flow.embedded import TurnableClock
from tests.embedded.wire import PASSWORD, Refused, Wire

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


async def test_users_are_listed_by_page_and_filter(wire: Wire, clock: TurnableClock) -> None:
    for name in ("bea", "bob", "cyd"):
        wire.pool.create_user(name, attributes={"email": f"{name}@example.org"})

    async def names(**members: object) -> list[str]:
        return [
            user["Username"]
            for user in (await wire.call("ListUsers", UserPoolId=wire.pool.id, **members))["Users"]
        ]

    assert await names() == ["ada", "bea", "bob", "cyd"]
    assert await names(Filter='email = "bob@example.org"') == ["bob"]
    assert await names(Filter='username ^= "b"') == ["bea", "bob"]
    assert await names(Limit=3, PaginationToken="3") == ["cyd"]
    with pytest.raises(Refused, match="InvalidParameterException: Error while parsing filter"):
        await names(Filter="nonsense")


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
