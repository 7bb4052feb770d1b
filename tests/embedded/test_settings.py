"""Settings of pools and clients that are changed over the wire."""

from __future__ import annotations

import re
from typing import Any

import pytest

from auth_flow.embedded import ClientSettings, PoolSettings, TurnableClock
from tests.embedded.wire import PASSWORD, Refused, Wire

pytestmark = pytest.mark.anyio


async def described(wire: Wire) -> dict[str, Any]:
    return (await wire.call("DescribeUserPool", UserPoolId=wire.pool.id))["UserPool"]


async def test_an_update_of_a_pool_replaces_all_settings(wire: Wire) -> None:
    wire.pool.settings = PoolSettings(
        name="before",
        admin_create_only=True,
        custom_attributes=("team",),
        alias_attributes=("email",),
        mfa_configuration="ON",
    )
    await wire.call(
        "UpdateUserPool",
        UserPoolId=wire.pool.id,
        Policies={"PasswordPolicy": {"MinimumLength": 12}},
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True},
        AccountRecoverySetting={
            "RecoveryMechanisms": [
                {"Priority": 2, "Name": "verified_email"},
                {"Priority": 1, "Name": "verified_phone_number"},
            ]
        },
        IssuerConfiguration={"Type": "UPDATED"},
        UserPoolTags={"stage": "test"},
    )
    settings = wire.pool.settings
    assert settings.password_policy.minimum_length == 12
    assert (settings.mfa_configuration, settings.admin_create_only) == ("OFF", False)
    assert (settings.device_tracking, settings.trusted_devices_skip_mfa) == ("ALWAYS", True)
    assert settings.recovery == ("phone_number", "email")
    assert (settings.custom_attributes, settings.alias_attributes) == (("team",), ("email",))
    shown = await described(wire)
    assert (shown["Name"], shown["UserPoolTags"]) == ("before", {"stage": "test"})
    assert shown["IssuerConfiguration"] == {"Type": "UPDATED"}
    assert shown["LastModifiedDate"] >= shown["CreationDate"]


PLAIN_POOL: dict[str, Any] = {
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 8,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "TemporaryPasswordValidityDays": 7,
            "PasswordHistorySize": 0,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    },
    "AutoVerifiedAttributes": [],
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "MfaConfiguration": "OFF",
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
    "IssuerConfiguration": {"Type": "ORIGINAL"},
    "DeletionProtection": "INACTIVE",
}
"""The description of a pool of which only the name was given."""

OTHER_POOL: dict[str, Any] = {
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 12,
            "RequireUppercase": False,
            "RequireLowercase": False,
            "RequireNumbers": False,
            "RequireSymbols": False,
            "TemporaryPasswordValidityDays": 3,
            "PasswordHistorySize": 2,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]},
    },
    "AutoVerifiedAttributes": ["email", "phone_number"],
    "VerificationMessageTemplate": {
        "DefaultEmailOption": "CONFIRM_WITH_LINK",
        "SmsMessage": "SMS {####}",
        "EmailMessage": "Code {####}",
        "EmailSubject": "A code",
        "EmailMessageByLink": "{##Click##}",
        "EmailSubjectByLink": "A link",
    },
    "UserAttributeUpdateSettings": {
        "AttributesRequireVerificationBeforeUpdate": ["email", "phone_number"]
    },
    "MfaConfiguration": "OPTIONAL",
    "DeviceConfiguration": {
        "ChallengeRequiredOnNewDevice": False,
        "DeviceOnlyRememberedOnUserPrompt": True,
    },
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": True,
        "UnusedAccountValidityDays": 3,
        "InviteMessageTemplate": {"SMSMessage": "{username} {####}"},
    },
    "AccountRecoverySetting": {
        "RecoveryMechanisms": [
            {"Priority": 2, "Name": "verified_email"},
            {"Priority": 1, "Name": "verified_phone_number"},
        ]
    },
    "IssuerConfiguration": {"Type": "UPDATED"},
    "DeletionProtection": "ACTIVE",
    "UserPoolTags": {"stage": "test"},
    "LambdaConfig": {"PreSignUp": "arn:aws:lambda:eu-west-1:123456789012:function:f"},
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
    "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"},
    "SmsAuthenticationMessage": "Sign in with {####}",
    "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
    "UserPoolTier": "ESSENTIALS",
    "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
}
OLDER_NAMES = {
    "SmsVerificationMessage": "SMS {####}",
    "EmailVerificationMessage": "Code {####}",
    "EmailVerificationSubject": "A code",
}
"""The messages of the template by their names in members of their own."""


@pytest.mark.parametrize("older", [False, True])
async def test_a_pool_is_described_as_it_was_set(
    wire: Wire, clock: TurnableClock, older: bool
) -> None:
    given = {**OTHER_POOL, **OLDER_NAMES} if older else OTHER_POOL
    if older:
        template = {"DefaultEmailOption": "CONFIRM_WITH_LINK"}
        given = {**given, "VerificationMessageTemplate": template}
    pool: dict[str, Any] = {"UserPoolId": wire.pool.id}
    always = {
        "Id": wire.pool.id,
        "Arn": f"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/{wire.pool.id}",
        "CreationDate": clock(),
        "UsernameConfiguration": {"CaseSensitive": False},
        "EstimatedNumberOfUsers": 1,
    }
    clock.turn(minutes=1)
    await wire.service_call("UpdateUserPool", **pool, PoolName="renamed", **given)
    shown = (await wire.service_call("DescribeUserPool", **pool))["UserPool"]
    assert len(shown.pop("SchemaAttributes")) == 20
    template = OTHER_POOL["VerificationMessageTemplate"]
    if older:
        names = ("DefaultEmailOption", "SmsMessage", "EmailMessage", "EmailSubject")
        template = {name: template[name] for name in names}
    assert shown == {
        **always,
        **OTHER_POOL,
        **OLDER_NAMES,
        "VerificationMessageTemplate": template,
        "Name": "renamed",
        "LastModifiedDate": clock(),
    }
    listed = (await wire.call("ListUserPools", MaxResults=1))["UserPools"]
    named = {name: shown[name] for name in ("Id", "Name", "CreationDate", "LastModifiedDate")}
    assert listed == [{**named, "LambdaConfig": OTHER_POOL["LambdaConfig"]}]
    await wire.call("UpdateUserPool", **pool)
    shown = (await wire.call("DescribeUserPool", **pool))["UserPool"]
    shown.pop("SchemaAttributes")
    assert shown == {**always, **PLAIN_POOL, "Name": "renamed", "LastModifiedDate": clock()}
    assert wire.pool.settings.recovery == ("email", "phone_number")


@pytest.mark.parametrize(
    ("given", "tracking", "skips"),
    [
        (None, "OFF", False),
        ({}, "ALWAYS", False),
        ({"ChallengeRequiredOnNewDevice": True}, "ALWAYS", True),
        ({"DeviceOnlyRememberedOnUserPrompt": True}, "USER_OPT_IN", False),
    ],
)
async def test_how_a_pool_tracks_devices(
    wire: Wire, given: dict[str, bool] | None, tracking: str, skips: bool
) -> None:
    await wire.call("UpdateUserPool", UserPoolId=wire.pool.id, DeviceConfiguration=given)
    settings = wire.pool.settings
    assert (settings.device_tracking, settings.trusted_devices_skip_mfa) == (tracking, skips)
    assert (await described(wire)).get("DeviceConfiguration") == (
        None
        if given is None
        else {
            "ChallengeRequiredOnNewDevice": skips,
            "DeviceOnlyRememberedOnUserPrompt": tracking == "USER_OPT_IN",
        }
    )


async def test_a_new_pool_is_described(wire: Wire, clock: TurnableClock) -> None:
    made = (await wire.call("CreateUserPool", PoolName="new"))["UserPool"]
    assert made.items() >= PLAIN_POOL.items()
    assert made["UsernameConfiguration"] == {"CaseSensitive": True}
    assert (made["CreationDate"], made["LastModifiedDate"]) == (clock(), clock())
    assert not {"AliasAttributes", "UsernameAttributes", "UserPoolTags"} & made.keys()
    factors = await wire.call("GetUserPoolMfaConfig", UserPoolId=made["Id"])
    assert factors == {
        "MfaConfiguration": "OFF",
        "SmsMfaConfiguration": {},
        "SoftwareTokenMfaConfiguration": {"Enabled": False},
        "WebAuthnConfiguration": {
            "RelyingPartyId": "localhost",
            "UserVerification": "preferred",
            "FactorConfiguration": "SINGLE_FACTOR",
        },
    }


async def test_the_factors_of_a_pool_are_set(wire: Wire) -> None:
    pool = {"UserPoolId": wire.pool.id}
    passkeys = {
        "RelyingPartyId": "example.org",
        "UserVerification": "required",
        "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION",
    }
    given = {
        "MfaConfiguration": "OPTIONAL",
        "SmsMfaConfiguration": {},
        "EmailMfaConfiguration": {},
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "WebAuthnConfiguration": passkeys,
    }
    assert await wire.call("SetUserPoolMfaConfig", **pool, **given) == given
    # A factor that is left out is off. Whether MFA is required and passkeys stay as they were.
    rest = {
        "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": False},
        "WebAuthnConfiguration": passkeys,
    }
    assert await wire.call("SetUserPoolMfaConfig", **pool) == rest
    assert await wire.call("GetUserPoolMfaConfig", **pool) == rest
    reply = await wire.call("SetUserPoolMfaConfig", **pool, WebAuthnConfiguration={})
    assert reply["WebAuthnConfiguration"] == {
        "RelyingPartyId": "example.org",
        "UserVerification": "preferred",
        "FactorConfiguration": "SINGLE_FACTOR",
    }
    given = {"SoftwareTokenMfaConfiguration": {}}
    assert await wire.call("SetUserPoolMfaConfig", **pool, **given) == {**rest, **reply}


async def test_a_protected_pool_is_not_deleted(wire: Wire) -> None:
    pool = {"UserPoolId": wire.pool.id}
    await wire.call("UpdateUserPool", **pool, DeletionProtection="ACTIVE")
    with pytest.raises(Refused, match="InvalidParameterException: The user pool cannot be deleted"):
        await wire.call("DeleteUserPool", **pool)
    await wire.call("UpdateUserPool", **pool, DeletionProtection="INACTIVE")
    await wire.call("DeleteUserPool", **pool)


async def test_custom_attributes_are_added(wire: Wire) -> None:
    declared = {
        "Name": "level",
        "AttributeDataType": "Number",
        "Mutable": True,
        "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"},
    }
    members: dict[str, Any] = {"UserPoolId": wire.pool.id, "CustomAttributes": [declared]}
    await wire.call("AddCustomAttributes", **members)
    shown = {one["Name"]: one for one in (await described(wire))["SchemaAttributes"]}
    assert shown["custom:level"] == {
        **declared,
        "Name": "custom:level",
        "DeveloperOnlyAttribute": False,
        "Required": False,
    }
    assert shown["birthdate"]["StringAttributeConstraints"] == {
        "MinLength": "10",
        "MaxLength": "10",
    }
    await wire.call(
        "AdminUpdateUserAttributes",
        UserPoolId=wire.pool.id,
        Username="ada",
        UserAttributes=[{"Name": "custom:level", "Value": "3"}],
    )
    with pytest.raises(Refused, match="InvalidParameterException: custom:level: Existing"):
        await wire.call("AddCustomAttributes", **members)
    plain = {"UserPoolId": wire.pool.id, "CustomAttributes": [{"Name": "plain"}]}
    await wire.call("AddCustomAttributes", **plain)
    shown = {one["Name"]: one for one in (await described(wire))["SchemaAttributes"]}
    assert shown["custom:plain"] == {
        "Name": "custom:plain",
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
    }
    declared["Name"], declared["Required"] = "must", True
    with pytest.raises(Refused, match="Required custom attributes are not supported"):
        await wire.call("AddCustomAttributes", **members)


PLAIN_CLIENT: dict[str, Any] = {
    "ExplicitAuthFlows": [
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_CUSTOM_AUTH",
    ],
    "AccessTokenValidity": 1,
    "IdTokenValidity": 1,
    "RefreshTokenValidity": 30,
    "TokenValidityUnits": {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"},
    "AuthSessionValidity": 3,
    "RefreshTokenRotation": {"Feature": "DISABLED", "RetryGracePeriodSeconds": 0},
    "EnableTokenRevocation": True,
    "PreventUserExistenceErrors": "LEGACY",
    "AllowedOAuthFlowsUserPoolClient": False,
    "EnablePropagateAdditionalUserContextData": False,
}
"""The description of a client of which only the name was given."""

OTHER_CLIENT: dict[str, Any] = {
    "ExplicitAuthFlows": ["ALLOW_USER_AUTH"],
    "AccessTokenValidity": 5,
    "IdTokenValidity": 6,
    "RefreshTokenValidity": 7,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
    "AuthSessionValidity": 4,
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    "EnableTokenRevocation": False,
    "PreventUserExistenceErrors": "ENABLED",
    "CallbackURLs": ["http://localhost:3000/callback"],
    "LogoutURLs": ["http://localhost:3000/bye"],
    "DefaultRedirectURI": "http://localhost:3000/callback",
    "AllowedOAuthFlows": ["code", "implicit"],
    "AllowedOAuthScopes": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "SupportedIdentityProviders": ["COGNITO"],
    "ReadAttributes": ["email", "email_verified", "identities", "sub"],
    "WriteAttributes": ["email"],
    "EnablePropagateAdditionalUserContextData": True,
    "AnalyticsConfiguration": {"ApplicationId": "1"},
}


async def test_a_client_is_described_as_it_was_set(wire: Wire, clock: TurnableClock) -> None:
    pool = {"UserPoolId": wire.pool.id}
    began = clock()
    made = (await wire.call("CreateUserPoolClient", **pool, ClientName="web"))["UserPoolClient"]
    named = {**pool, "ClientId": made["ClientId"]}
    dates = {"CreationDate": began, "LastModifiedDate": began}
    assert made == {**PLAIN_CLIENT, **named, **dates, "ClientName": "web"}
    assert await wire.call("DescribeUserPoolClient", **named) == {"UserPoolClient": made}
    clock.turn(minutes=1)
    changed = await wire.call("UpdateUserPoolClient", **named, **OTHER_CLIENT, ClientName="app")
    dates["LastModifiedDate"] = clock()
    expected = {**OTHER_CLIENT, **named, **dates, "ClientName": "app"}
    assert changed == {"UserPoolClient": expected}
    assert await wire.call("DescribeUserPoolClient", **named) == changed
    # Members that are left out get their defaults.
    changed = await wire.call("UpdateUserPoolClient", **named)
    assert changed == {"UserPoolClient": {**PLAIN_CLIENT, **named, **dates, "ClientName": "app"}}
    listed = (await wire.call("ListUserPoolClients", **pool))["UserPoolClients"]
    assert listed[-1] == {**named, "ClientName": "app"}
    await wire.call("DeleteUserPoolClient", **named)
    for operation in ("DescribeUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"):
        with pytest.raises(Refused, match="ResourceNotFoundException"):
            await wire.call(operation, **named)


async def test_the_flows_of_a_client_take_effect(wire: Wire) -> None:
    named = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    await wire.call("UpdateUserPoolClient", **named)
    with pytest.raises(Refused, match="USER_PASSWORD_AUTH flow not enabled"):
        await wire.sign_in()
    await wire.call("UpdateUserPoolClient", **named, ExplicitAuthFlows=["USER_PASSWORD_AUTH"])
    assert (await wire.tokens())["ExpiresIn"] == 3600


async def test_a_pool_and_a_client_that_a_program_makes_allow_more(wire: Wire) -> None:
    shown = await described(wire)
    assert shown["Name"] == "embedded"
    assert shown["Policies"]["SignInPolicy"] == {
        "AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]
    }
    assert shown["AutoVerifiedAttributes"] == ["email"]
    same = set(PLAIN_POOL) - {"Policies", "AutoVerifiedAttributes"}
    assert {name: shown[name] for name in same} == {name: PLAIN_POOL[name] for name in same}
    assert shown["Policies"]["PasswordPolicy"] == PLAIN_POOL["Policies"]["PasswordPolicy"]
    factors = await wire.call("GetUserPoolMfaConfig", UserPoolId=wire.pool.id)
    assert factors["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    assert {"SmsMfaConfiguration", "EmailMfaConfiguration"} < factors.keys()
    named = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    assert re.fullmatch("[0-9a-f]{26}", wire.client.id)
    assert (await wire.call("DescribeUserPoolClient", **named))["UserPoolClient"] == {
        **PLAIN_CLIENT,
        **named,
        "ClientName": "app",
        "ExplicitAuthFlows": [
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_CUSTOM_AUTH",
            "ALLOW_USER_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        ],
        "CreationDate": wire.service.clock(),
        "LastModifiedDate": wire.service.clock(),
    }


@pytest.mark.parametrize(
    ("unit", "seconds"), [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400)]
)
async def test_tokens_are_valid_for_so_long(
    wire: Wire, clock: TurnableClock, unit: str, seconds: int
) -> None:
    named = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    await wire.call(
        "UpdateUserPoolClient",
        **named,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        AccessTokenValidity=7,
        IdTokenValidity=8,
        RefreshTokenValidity=9,
        TokenValidityUnits={f"{kind}Token": unit for kind in ("Access", "Id", "Refresh")},
    )
    tokens = await wire.tokens()
    identity = wire.pool.key.read(tokens["IdToken"])
    assert tokens["ExpiresIn"] == 7 * seconds
    assert identity["exp"] - identity["iat"] == 8 * seconds
    renewal = {"ClientId": wire.client.id, "RefreshToken": tokens["RefreshToken"]}
    clock.turn(seconds=9 * seconds - 1)
    await wire.call("GetTokensFromRefreshToken", **renewal)
    clock.turn(seconds=1)
    with pytest.raises(Refused, match="Refresh Token has expired"):
        await wire.call("GetTokensFromRefreshToken", **renewal)


@pytest.mark.parametrize("given", [{"GenerateSecret": True}, {"ClientSecret": "s3cret" * 4}])
async def test_a_new_client_has_the_secret(wire: Wire, given: dict[str, Any]) -> None:
    pool = {"UserPoolId": wire.pool.id}
    made = await wire.call("CreateUserPoolClient", **pool, ClientName="web", **given)
    secret = made["UserPoolClient"]["ClientSecret"]
    assert secret == given.get("ClientSecret", secret)
    named = {**pool, "ClientId": made["UserPoolClient"]["ClientId"]}
    assert await wire.call("DescribeUserPoolClient", **named) == made
    (listed,) = (await wire.call("ListUserPoolClientSecrets", **named))["ClientSecrets"]
    assert listed["ClientSecretCreateDate"] == made["UserPoolClient"]["CreationDate"]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"AllowedOAuthFlows": ["code"]}, "InvalidOAuthFlowException"),
        ({"AllowedOAuthScopes": ["openid"]}, "InvalidOAuthFlowException"),
        ({"AllowedOAuthScopes": ["openid", "shop/read"]}, "ScopeDoesNotExistException"),
        ({"SupportedIdentityProviders": ["COGNITO", "Acme"]}, "The provider Acme does not exist"),
    ],
)
async def test_oauth_needs_flows_scopes_and_providers(
    wire: Wire, given: dict[str, Any], refusal: str
) -> None:
    named = {"UserPoolId": wire.pool.id, "ClientId": wire.client.id}
    with pytest.raises(Refused, match=refusal):
        await wire.call(
            "UpdateUserPoolClient", **named, AllowedOAuthFlowsUserPoolClient=True, **given
        )


# Two client secrets


async def test_a_client_secret_is_rotated(wire: Wire) -> None:
    client = wire.pool.create_client(ClientSettings(generate_secret=True))
    named = {"UserPoolId": wire.pool.id, "ClientId": client.id}
    added = (await wire.call("AddUserPoolClientSecret", **named))["ClientSecretDescriptor"]
    assert added["ClientSecretCreateDate"] == wire.service.clock()
    assert re.fullmatch(f"{client.id}--[0-9a-f]{{16}}", added["ClientSecretId"])
    assert re.fullmatch("[0-9a-f]{52}", added["ClientSecretValue"])
    with pytest.raises(Refused, match="LimitExceededException"):
        await wire.call("AddUserPoolClientSecret", **named)
    listed = (await wire.call("ListUserPoolClientSecrets", **named))["ClientSecrets"]
    assert len(listed) == 2
    assert all("ClientSecretValue" not in secret for secret in listed)
    values = [secret.value for secret in client.secrets]
    assert values[1] == added["ClientSecretValue"]

    async def refresh(secret: str) -> None:
        await wire.call(
            "GetTokensFromRefreshToken", RefreshToken="x", ClientId=client.id, ClientSecret=secret
        )

    for value in values:
        with pytest.raises(Refused, match="Invalid Refresh Token"):  # the secret is accepted
            await refresh(value)
    first, second = (secret["ClientSecretId"] for secret in listed)
    await wire.call("DeleteUserPoolClientSecret", **named, ClientSecretId=first)
    with pytest.raises(Refused, match="Invalid client secret"):
        await refresh(values[0])
    assert client.secret == values[1]
    with pytest.raises(Refused, match="InvalidParameterException: The last secret"):
        await wire.call("DeleteUserPoolClientSecret", **named, ClientSecretId=second)
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("DeleteUserPoolClientSecret", **named, ClientSecretId=first)
    own = await wire.call("AddUserPoolClientSecret", **named, ClientSecret="s3cret" * 4)
    assert own["ClientSecretDescriptor"]["ClientSecretValue"] == "s3cret" * 4
    listed = (await wire.call("ListUserPoolClientSecrets", **named))["ClientSecrets"]
    assert [secret["ClientSecretId"] for secret in listed] == [
        second,
        own["ClientSecretDescriptor"]["ClientSecretId"],
    ]


async def test_a_public_client_gets_no_secret(wire: Wire) -> None:
    with pytest.raises(Refused, match="InvalidParameterException: The app client is public"):
        await wire.call("AddUserPoolClientSecret", UserPoolId=wire.pool.id, ClientId=wire.client.id)


# Tags


async def test_tags(wire: Wire) -> None:
    arn = (await described(wire))["Arn"]
    await wire.call("TagResource", ResourceArn=arn, Tags={"stage": "test", "team": "blue"})
    await wire.call("UntagResource", ResourceArn=arn, TagKeys=["team", "absent"])
    assert await wire.call("ListTagsForResource", ResourceArn=arn) == {"Tags": {"stage": "test"}}
    for other in (arn.replace("eu-west-1", "eu-west-2"), arn[:-1], f"{arn}x"):
        for operation, members in (
            ("ListTagsForResource", {}),
            ("TagResource", {"Tags": {}}),
            ("UntagResource", {"TagKeys": []}),
        ):
            with pytest.raises(Refused, match="ResourceNotFoundException"):
                await wire.call(operation, ResourceArn=other, **members)


# An administrator and a user's devices, factors and sessions


async def test_an_administrator_sees_to_a_device(wire: Wire) -> None:
    wire.pool.settings = PoolSettings(device_tracking="USER_OPT_IN")
    tokens = await wire.tokens()
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    assert (await wire.call("AdminListDevices", **ada))["Devices"] == []
    await wire.call(
        "ConfirmDevice",
        AccessToken=tokens["AccessToken"],
        DeviceKey=key,
        DeviceName="laptop",
        DeviceSecretVerifierConfig={"PasswordVerifier": "AQ==", "Salt": "AQ=="},
    )
    device = {**ada, "DeviceKey": key}
    await wire.call("AdminUpdateDeviceStatus", **device, DeviceRememberedStatus="remembered")
    shown = (await wire.call("AdminGetDevice", **device))["Device"]
    own = await wire.call("GetDevice", AccessToken=tokens["AccessToken"], DeviceKey=key)
    assert shown == own["Device"]
    assert {"Name": "dev:device_remembered_status", "Value": "remembered"} in shown[
        "DeviceAttributes"
    ]
    assert (await wire.call("AdminListDevices", **ada))["Devices"] == [shown]
    await wire.call("AdminUpdateDeviceStatus", **device)
    shown = (await wire.call("AdminGetDevice", **device))["Device"]
    assert shown["DeviceAttributes"][-1]["Value"] == "not_remembered"
    await wire.call("AdminForgetDevice", **device)
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.call("AdminGetDevice", **device)


async def test_an_administrator_deletes_a_software_token(wire: Wire) -> None:
    wire.pool.settings = PoolSettings(mfa_configuration="OPTIONAL")
    wire.pool.create_user(
        "bob",
        PASSWORD,
        mfa=["SOFTWARE_TOKEN_MFA"],
        preferred_mfa="SOFTWARE_TOKEN_MFA",
        totp_secret="JBSWY3DPEHPK3PXP",
    )
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    factors = await wire.call("AdminGetUserAuthFactors", **bob)
    assert factors["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert (await wire.sign_in("bob"))["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    await wire.call("AdminDeleteSoftwareToken", **bob)
    with pytest.raises(Refused, match="ResourceNotFoundException: The user has no software token"):
        await wire.call("AdminDeleteSoftwareToken", **bob)
    assert "AccessToken" in await wire.tokens("bob")
    factors = await wire.call("AdminGetUserAuthFactors", **bob)
    assert (factors["Username"], factors["ConfiguredUserAuthFactors"]) == ("bob", ["PASSWORD"])
    assert "PreferredMfaSetting" not in factors


async def test_sessions_are_listed_and_revoked(wire: Wire, clock: TurnableClock) -> None:
    first, second, began = await wire.tokens(), await wire.tokens(), clock()
    clock.turn(minutes=1)
    renewal = {"ClientId": wire.client.id, "RefreshToken": first["RefreshToken"]}
    await wire.call("GetTokensFromRefreshToken", **renewal)
    ada = {"UserPoolId": wire.pool.id, "Username": "ada"}
    own = (await wire.service_call("ListUserSessions", AccessToken=first["AccessToken"]))[
        "Sessions"
    ]
    assert [
        {name: value for name, value in session.items() if name != "SessionId"} for session in own
    ] == [
        {
            "SessionType": "TOKEN",
            "ClientId": wire.client.id,
            "CreateDate": began,
            "LastActiveDate": active,
            "IsCurrentSession": current,
        }
        for active, current in ((clock(), True), (began, False))
    ]
    assert all(re.fullmatch("tkn[a-z0-9]{25}", session["SessionId"]) for session in own)
    listed = (await wire.service_call("AdminListUserSessions", **ada))["Sessions"]
    assert {one["SessionId"] for one in listed} == {one["SessionId"] for one in own}
    assert not any(session["IsCurrentSession"] for session in listed)
    await wire.service_call("AdminRevokeUserSession", **ada, SessionId=own[1]["SessionId"])
    with pytest.raises(Refused, match="Access Token has been revoked"):
        await wire.call("GetUser", AccessToken=second["AccessToken"])
    assert len((await wire.service_call("AdminListUserSessions", **ada))["Sessions"]) == 1
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.service_call("AdminRevokeUserSession", **ada, SessionId=own[1]["SessionId"])
    clock.turn(days=30, minutes=-1)
    assert (await wire.service_call("AdminListUserSessions", **ada))["Sessions"] == []


# Operations that are not offered


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("AWSCognitoIdentityProviderService.StartUserImportJob", "StartUserImportJob"),
        ("AWSCognitoIdentityService.GetId", "has to be AWSCognitoIdentityProviderService."),
        ("", "no X-Amz-Target header"),
    ],
)
async def test_an_operation_that_is_not_offered_says_so(wire: Wire, target: str, told: str) -> None:
    answer = await wire.http.post("/", json={}, headers={"x-amz-target": target})
    assert answer.status_code == 400
    assert answer.json()["__type"] == "UnknownOperationException"
    assert told in answer.json()["message"]
