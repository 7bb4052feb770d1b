from __future__ import annotations

import base64

import pytest

from auth_flow.embedded import ClientSettings, RefreshTokenRotation, TurnableClock
from auth_flow.embedded import _totp as totp
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


async def named(wire: Wire, access_token: str) -> dict[str, str]:
    user = await wire.call("GetUser", AccessToken=access_token)
    return {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}


async def test_access_tokens_expire_and_cannot_be_made_up(wire: Wire, clock: TurnableClock) -> None:
    tokens = await wire.tokens()
    deep = base64.urlsafe_b64encode(b"[" * 9999).decode()
    forged = tokens["AccessToken"][:-4] + "AAAA"
    for token in ("x.y.z", f"x.{deep}.z", tokens["IdToken"], forged):
        with pytest.raises(Refused, match="NotAuthorizedException: Invalid Access Token"):
            await wire.call("GetUser", AccessToken=token)
    clock.turn(hours=1)
    with pytest.raises(Refused, match="NotAuthorizedException: Access Token has expired"):
        await wire.call("GetUser", AccessToken=tokens["AccessToken"])


async def test_access_tokens_of_other_scopes_do_not_speak_for_the_user(wire: Wire) -> None:
    claims = wire.pool.key.read((await wire.tokens())["AccessToken"])
    token = wire.pool.key.sign({**claims, "scope": "openid profile"})
    with pytest.raises(
        Refused, match="NotAuthorizedException: Access Token does not have required scopes"
    ):
        await wire.call("GetUser", AccessToken=token)


async def test_refresh(wire: Wire, clock: TurnableClock) -> None:
    tokens = await wire.tokens()
    for reply in (
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"]),
        await wire.call(
            "GetTokensFromRefreshToken",
            ClientId=wire.client.id,
            RefreshToken=tokens["RefreshToken"],
        ),
    ):
        assert "RefreshToken" not in reply["AuthenticationResult"]
        assert await named(wire, reply["AuthenticationResult"]["AccessToken"])
    own, wire.client = wire.client, wire.pool.create_client()
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid Refresh Token"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    wire.client = own
    clock.turn(days=30)
    with pytest.raises(Refused, match="NotAuthorizedException: Refresh Token has expired"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid Refresh Token"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN="made up")


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("AdminResetUserPassword", "PasswordResetRequiredException"),
        ("AdminDisableUser", "NotAuthorizedException"),
        ("AdminDeleteUser", "NotAuthorizedException"),
    ],
)
async def test_tokens_are_refreshed_only_for_a_user_who_may_sign_in(
    wire: Wire, operation: str, name: str
) -> None:
    tokens = await wire.tokens()
    await wire.call(operation, UserPoolId=wire.pool.id, Username="ada")
    with pytest.raises(Refused, match=name):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])


async def test_rotation(wire: Wire, clock: TurnableClock) -> None:
    rotation = RefreshTokenRotation(feature="ENABLED", retry_grace_period_seconds=10)
    wire.client = wire.pool.create_client(ClientSettings(refresh_token_rotation=rotation))
    first = (await wire.tokens())["RefreshToken"]

    async def refresh(token: str) -> str:
        reply = await wire.call(
            "GetTokensFromRefreshToken", ClientId=wire.client.id, RefreshToken=token
        )
        return reply["AuthenticationResult"]["RefreshToken"]

    with pytest.raises(Refused, match="UnsupportedOperationException"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=first)
    second = await refresh(first)
    assert second != first
    clock.turn(seconds=9)
    await refresh(first)
    clock.turn(seconds=1)
    with pytest.raises(Refused, match="RefreshTokenReuseException"):
        await refresh(first)
    assert await refresh(second)


async def test_revocation_ends_the_access_tokens_too(wire: Wire) -> None:
    tokens, others = await wire.tokens(), await wire.tokens()
    with pytest.raises(Refused, match="UnsupportedTokenTypeException"):
        await wire.call("RevokeToken", ClientId=wire.client.id, Token=tokens["AccessToken"])
    await wire.call("RevokeToken", ClientId=wire.client.id, Token=tokens["RefreshToken"])
    with pytest.raises(Refused, match="NotAuthorizedException: Access Token has been revoked"):
        await wire.call("GetUser", AccessToken=tokens["AccessToken"])
    with pytest.raises(Refused, match="NotAuthorizedException: Refresh Token has been revoked"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    assert await named(wire, others["AccessToken"])
    await wire.call("GlobalSignOut", AccessToken=others["AccessToken"])
    with pytest.raises(Refused, match="NotAuthorizedException: Access Token has been revoked"):
        await wire.call("GetUser", AccessToken=others["AccessToken"])


async def test_change_password(wire: Wire) -> None:
    access = (await wire.tokens())["AccessToken"]
    change = {"AccessToken": access, "ProposedPassword": "Another-Horse-2"}
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.call("ChangePassword", PreviousPassword="wrong", **change)
    await wire.call("ChangePassword", PreviousPassword=PASSWORD, **change)
    assert await wire.tokens(password="Another-Horse-2")


async def test_attributes(wire: Wire) -> None:
    access = (await wire.tokens())["AccessToken"]
    given = [
        {"Name": "email", "Value": "new@example.org"},
        {"Name": "nickname", "Value": "countess"},
    ]
    reply = await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=given)
    assert [details["AttributeName"] for details in reply["CodeDeliveryDetailsList"]] == ["email"]
    assert (await named(wire, access))["email_verified"] == "false"
    with pytest.raises(Refused, match="CodeMismatchException"):
        await wire.call(
            "VerifyUserAttribute", AccessToken=access, AttributeName="email", Code="nope"
        )
    await wire.call(
        "VerifyUserAttribute", AccessToken=access, AttributeName="email", Code=wire.code()
    )
    assert (await named(wire, access))["email_verified"] == "true"
    reply = await wire.call(
        "GetUserAttributeVerificationCode", AccessToken=access, AttributeName="phone_number"
    )
    assert reply["CodeDeliveryDetails"]["DeliveryMedium"] == "SMS"
    await wire.call("DeleteUserAttributes", AccessToken=access, UserAttributeNames=["nickname"])
    assert "nickname" not in await named(wire, access)
    given = [{"Name": "email_verified", "Value": "true"}]
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.call("UpdateUserAttributes", AccessToken=access, UserAttributes=given)


async def test_a_new_address_waits_for_its_code(wire: Wire) -> None:
    settings(wire, verify_before_update=("email",))
    access = (await wire.tokens())["AccessToken"]
    await wire.call(
        "UpdateUserAttributes",
        AccessToken=access,
        UserAttributes=[{"Name": "email", "Value": "new@example.org"}],
    )
    assert (await named(wire, access))["email"] == "ada@example.org"
    await wire.call(
        "VerifyUserAttribute", AccessToken=access, AttributeName="email", Code=wire.code()
    )
    assert (await named(wire, access))["email"] == "new@example.org"


async def test_mfa_preference(wire: Wire, clock: TurnableClock) -> None:
    settings(wire, mfa_configuration="OPTIONAL")
    access = (await wire.tokens())["AccessToken"]
    with pytest.raises(
        Refused, match="InvalidParameterException: User has not verified software token mfa"
    ):
        await wire.call(
            "SetUserMFAPreference", AccessToken=access, SoftwareTokenMfaSettings={"Enabled": True}
        )
    secret = (await wire.call("AssociateSoftwareToken", AccessToken=access))["SecretCode"]
    await wire.call("VerifySoftwareToken", AccessToken=access, UserCode=totp.code(secret, clock()))
    assert "AuthenticationResult" in await wire.sign_in()
    await wire.call(
        "SetUserMFAPreference",
        AccessToken=access,
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
        SMSMfaSettings={"Enabled": True},
    )
    user = await wire.call("GetUser", AccessToken=access)
    assert set(user["UserMFASettingList"]) == {"SOFTWARE_TOKEN_MFA", "SMS_MFA"}
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert (await wire.sign_in())["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    await wire.call(
        "SetUserMFAPreference", AccessToken=access, SoftwareTokenMfaSettings={"Enabled": False}
    )
    assert (await wire.sign_in())["ChallengeName"] == "SMS_MFA"
    factors = await wire.call("GetUserAuthFactors", AccessToken=access)
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD"]
    await wire.call("SetUserSettings", AccessToken=access, MFAOptions=[])
    assert "AuthenticationResult" in await wire.sign_in()


async def test_delete_user(wire: Wire) -> None:
    access = (await wire.tokens())["AccessToken"]
    await wire.call("DeleteUser", AccessToken=access)
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.call("GetUser", AccessToken=access)
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.sign_in()
    for _ in range(2):
        wire.pool.create_user("ada", PASSWORD)  # somebody else, in place of the one before
        with pytest.raises(Refused, match="NotAuthorizedException: Access Token has been revoked"):
            await wire.call("GetUser", AccessToken=access)
        access = (await wire.tokens())["AccessToken"]
