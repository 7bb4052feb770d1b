from __future__ import annotations

import base64
from typing import Any

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
    claims = wire.pool.key.read(tokens["AccessToken"])
    other_use = wire.pool.key.sign({**claims, "token_use": "id"})
    for token in ("x", "x.y.z", "x.W10.z", f"x.{deep}.z", tokens["IdToken"], other_use, forged):
        with pytest.raises(Refused, match="NotAuthorizedException: Invalid Access Token"):
            await wire.call("GetUser", AccessToken=token)
    clock.turn(hours=1)
    with pytest.raises(Refused, match="NotAuthorizedException: Access Token has expired"):
        await wire.call("GetUser", AccessToken=tokens["AccessToken"])


async def test_access_tokens_end_with_their_client(wire: Wire) -> None:
    access = (await wire.tokens())["AccessToken"]
    named = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    await wire.call("DeleteUserPoolClient", **named)
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid Access Token"):
        await wire.call("GetUser", AccessToken=access)


async def test_access_tokens_end_with_a_user_whom_the_program_disables(wire: Wire) -> None:
    access = (await wire.tokens("ada"))["AccessToken"]
    ada = wire.pool.user("ada")
    assert ada is not None
    ada.enabled = False
    wire.pool.save(ada)
    with pytest.raises(Refused, match="NotAuthorizedException: User is disabled"):
        await wire.call("GetUser", AccessToken=access)


async def test_access_tokens_of_other_scopes_do_not_speak_for_the_user(wire: Wire) -> None:
    claims = wire.pool.key.read((await wire.tokens())["AccessToken"])
    token = wire.pool.key.sign({**claims, "scope": "openid profile"})
    with pytest.raises(
        Refused, match="NotAuthorizedException: Access Token does not have required scopes"
    ):
        await wire.call("GetUser", AccessToken=token)


async def test_refresh(wire: Wire, clock: TurnableClock) -> None:
    tokens = await wire.tokens()
    before = wire.pool.key.read(tokens["AccessToken"])
    clock.turn(minutes=5)
    for reply in (
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"]),
        await wire.call(
            "GetTokensFromRefreshToken",
            ClientId=wire.client.id,
            RefreshToken=tokens["RefreshToken"],
        ),
    ):
        assert "RefreshToken" not in reply["AuthenticationResult"]
        access = reply["AuthenticationResult"]["AccessToken"]
        assert await named(wire, access)
        after = wire.pool.key.read(access)
        assert {name for name in after if after[name] != before[name]} == {"iat", "exp", "jti"}
    own, wire.client = wire.client, wire.pool.create_client()
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid Refresh Token"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    wire.client = own
    clock.turn(days=30, minutes=-5)
    with pytest.raises(Refused, match="NotAuthorizedException: Refresh Token has expired"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    family = before["origin_jti"]
    for token in ("made up", family, f"{family}.made-up", f"{tokens['RefreshToken']}."):
        with pytest.raises(Refused, match="NotAuthorizedException: Invalid Refresh Token"):
            await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)


async def test_tokens_of_a_client_with_a_secret_are_refreshed_with_a_hash(wire: Wire) -> None:
    from pycognito.aws_srp import AWSSRP

    wire.client = wire.pool.create_client(ClientSettings(generate_secret=True))

    def proof(username: str) -> str:
        return AWSSRP.get_secret_hash(username, wire.client.id, wire.client.secret)

    ada = wire.pool.user("ada")
    assert ada is not None
    token = (await wire.tokens(SECRET_HASH=proof("ada")))["RefreshToken"]
    for name in ("ada", ada.sub):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, SECRET_HASH=proof(name))
    with pytest.raises(Refused, match="Unable to verify secret hash"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, SECRET_HASH=proof("bob"))
    with pytest.raises(Refused, match="Unable to verify secret hash"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN="x", SECRET_HASH=proof("ada"))
    with pytest.raises(Refused, match="SECRET_HASH was not received"):
        await wire.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)
    by_secret = {"ClientId": wire.client.id, "RefreshToken": token}
    await wire.call("GetTokensFromRefreshToken", **by_secret, ClientSecret=wire.client.secret)
    with pytest.raises(Refused, match="Client secret is required"):
        await wire.call("GetTokensFromRefreshToken", **by_secret)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("AdminResetUserPassword", "PasswordResetRequiredException"),
        ("AdminDisableUser", "NotAuthorizedException: Refresh Token has been revoked"),
        ("AdminDeleteUser", "NotAuthorizedException: Invalid Refresh Token"),
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
    with pytest.raises(Refused, match="InvalidParameterException: Previous password is required"):
        await wire.call("ChangePassword", **change)
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.call("ChangePassword", PreviousPassword="wrong", **change)
    await wire.call("ChangePassword", PreviousPassword=PASSWORD, **change)
    assert await wire.tokens(password="Another-Horse-2")


async def test_a_user_without_a_password_sets_one(wire: Wire) -> None:
    wire.pool.create_user("bob", attributes={"email": "bob@example.org"})
    asked = await wire.initiate("USER_AUTH", USERNAME="bob", PREFERRED_CHALLENGE="EMAIL_OTP")
    reply = await wire.respond(asked, USERNAME="bob", EMAIL_OTP_CODE=wire.code("bob"))
    access = reply["AuthenticationResult"]["AccessToken"]
    change = {"AccessToken": access, "ProposedPassword": PASSWORD}
    with pytest.raises(Refused, match="NotAuthorizedException: Incorrect username or password"):
        await wire.call("ChangePassword", **change, PreviousPassword=PASSWORD)
    with pytest.raises(Refused, match="InvalidPasswordException"):
        await wire.call("ChangePassword", **{**change, "ProposedPassword": "short"})
    await wire.call("ChangePassword", **change)
    assert await wire.tokens("bob")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (
            {
                "SMSMfaSettings": {"Enabled": True, "PreferredMfa": True},
                "EmailMfaSettings": {"Enabled": True, "PreferredMfa": True},
            },
            "Only one MFA method can be preferred",
        ),
        ({"EmailMfaSettings": {"Enabled": True}}, "EMAIL_OTP is not enabled for the user pool"),
        ({"SMSMfaSettings": {"Enabled": True}}, "delivery config set to turn on SMS_MFA"),
        (
            {
                "SMSMfaSettings": {"Enabled": False},
                "SoftwareTokenMfaSettings": {"Enabled": True},
            },
            "User has not verified software token mfa",
        ),
    ],
)
async def test_a_preference_that_is_refused_changes_nothing(
    wire: Wire, given: dict[str, Any], refusal: str
) -> None:
    settings(wire, mfa_configuration="OPTIONAL")
    wire.pool.create_user("bob", PASSWORD, attributes={"email": "bob@example.org"}, mfa=["SMS_MFA"])
    access = (await wire.tokens("bob"))["AccessToken"]
    settings(wire, mfa_factors=("SMS_MFA", "SOFTWARE_TOKEN_MFA"))
    before = await wire.call("GetUser", AccessToken=access)
    with pytest.raises(Refused, match=f"InvalidParameterException: .*{refusal}"):
        await wire.call("SetUserMFAPreference", AccessToken=access, **given)
    assert await wire.call("GetUser", AccessToken=access) == before


async def test_factors_are_turned_on_off_and_preferred(wire: Wire) -> None:
    settings(wire, mfa_configuration="OPTIONAL")
    access = {"AccessToken": (await wire.tokens())["AccessToken"]}
    on, off, first = {"Enabled": True}, {}, {"Enabled": True, "PreferredMfa": True}
    both = ["EMAIL_OTP", "SMS_MFA"]
    for members, factors, preferred in (
        ({"EmailMfaSettings": on}, both[:1], None),
        ({"SMSMfaSettings": first}, both, "SMS_MFA"),
        ({"EmailMfaSettings": on, "SMSMfaSettings": first}, both, "SMS_MFA"),
        ({"EmailMfaSettings": first}, both, "EMAIL_OTP"),
        ({"EmailMfaSettings": on}, both, None),
        ({"SMSMfaSettings": {"PreferredMfa": True}}, both[:1], None),  # it is off
        ({"SMSMfaSettings": off}, both[:1], None),
        ({"EmailMfaSettings": off, "SMSMfaSettings": first}, both[1:], "SMS_MFA"),
        ({"SMSMfaSettings": off}, [], None),
    ):
        await wire.call("SetUserMFAPreference", **access, **members)
        user = await wire.call("GetUser", **access)
        assert user.get("UserMFASettingList", []) == factors
        assert user.get("PreferredMfaSetting") == preferred
        assert ("UserMFASettingList" in user) == bool(factors)
    option = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}
    for options, factors in (([option], ["SMS_MFA"]), ([], [])):
        await wire.call("SetUserSettings", **access, MFAOptions=options)
        user = await wire.call("GetUser", **access)
        assert user.get("UserMFASettingList", []) == factors


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
    gone = ["nickname", "phone_number"]
    await wire.call("DeleteUserAttributes", AccessToken=access, UserAttributeNames=gone)
    assert (await named(wire, access)).keys() == {"sub", "email", "email_verified"}
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
