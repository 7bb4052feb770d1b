"""The events that triggers get, and the output that is taken from them."""

from __future__ import annotations

from typing import Any

import pytest

from auth_flow.embedded import ClientSettings, Triggers
from auth_flow.states import _srp as srp
from tests.embedded.test_devices import Device, confirmed_device
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio

METADATA = {"from": "the app"}
NAMES = [name for name in Triggers.__dataclass_fields__ if not name.endswith("version")]


class Recorder:
    """Every trigger of a pool; keeps the events."""

    def __init__(self, wire: Wire, **others: Any) -> None:
        self.events: list[dict[str, Any]] = []
        wire.pool.triggers = Triggers(**{**dict.fromkeys(NAMES, self._keep), **others})

    def _keep(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def sources(self) -> list[str]:
        sources = [event["triggerSource"] for event in self.events]
        self.events.clear()
        return sources

    def with_metadata(self) -> dict[str, tuple[Any, Any]]:
        """Each source with its ClientMetadata and validation data, if it has them."""
        seen = {
            event["triggerSource"]: (
                event["request"].get("clientMetadata"),
                event["request"].get("validationData"),
            )
            for event in self.events
        }
        self.events.clear()
        return seen


async def test_token_generation_is_named_after_its_occasion(wire: Wire) -> None:
    recorder = Recorder(wire, user_migration=None)
    tokens = await wire.tokens()
    assert recorder.sources()[-1] == "TokenGeneration_Authentication"
    await wire.call(
        "GetTokensFromRefreshToken", ClientId=wire.client.id, RefreshToken=tokens["RefreshToken"]
    )
    assert recorder.sources() == ["TokenGeneration_RefreshTokens"]
    settings(wire, device_tracking="ALWAYS")
    device, _ = await confirmed_device(wire)
    await device.prove(wire, await wire.sign_in(DEVICE_KEY=device.key))
    assert recorder.sources()[-1] == "TokenGeneration_AuthenticateDevice"
    wire.pool.create_user("bob", PASSWORD, status="FORCE_CHANGE_PASSWORD")
    asked = await wire.sign_in("bob")
    await wire.respond(asked, USERNAME="bob", NEW_PASSWORD="New-Correct-Horse-2")
    assert recorder.sources()[-1] == "TokenGeneration_NewPasswordChallenge"


async def test_an_administrator_s_user_passes_pre_sign_up(wire: Wire) -> None:
    recorder = Recorder(wire)
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    contact = [{"Name": "phone_number", "Value": "+15555550199"}]
    await wire.call(
        "AdminCreateUser",
        **bob,
        UserAttributes=contact,
        ClientMetadata=METADATA,
        ValidationData=[{"Name": "invited", "Value": "yes"}],
    )
    seen = recorder.with_metadata()
    assert seen["PreSignUp_AdminCreateUser"] == (METADATA, {"invited": "yes"})
    assert seen["CustomMessage_AdminCreateUser"] == (METADATA, None)

    def refuse(_: Any) -> None:
        raise ValueError("not in my pool")

    wire.pool.triggers = Triggers(pre_sign_up=refuse)
    with pytest.raises(Refused, match="PreSignUp failed with error not in my pool"):
        await wire.call("AdminCreateUser", UserPoolId=wire.pool.id, Username="eve")
    assert wire.pool.user("eve") is None


async def test_triggers_get_the_user_as_far_as_there_is_one(wire: Wire) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    recorder = Recorder(wire, user_migration=None)
    await wire.tokens()
    ada = wire.pool.user("ada")
    assert ada is not None
    for event in recorder.events:
        assert event["userName"] == "ada"
        assert event["region"] == wire.pool.region
        assert event["userPoolId"] == wire.pool.id
        assert event["callerContext"]["clientId"] == wire.client.id
        assert event["request"]["userAttributes"] == {
            "sub": ada.sub,
            "email": "ada@example.org",
            "email_verified": "true",
            "phone_number": "+15555555309",
            "phone_number_verified": "true",
            "cognito:user_status": "CONFIRMED",
        }
    assert recorder.events[0]["request"]["userNotFound"] is False
    recorder.events.clear()
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.sign_in("eve")
    (event,) = recorder.events
    assert event["userName"] == "eve"
    assert event["request"]["userAttributes"] == {}
    assert event["request"]["userNotFound"] is True


async def test_the_metadata_of_initiate_auth_reaches_pre_authentication_only(wire: Wire) -> None:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    recorder = Recorder(wire, user_migration=None)
    asked = await wire.call(
        "InitiateAuth",
        ClientId=wire.client.id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        ClientMetadata=METADATA,
    )
    seen = recorder.with_metadata()
    assert seen.pop("PreAuthentication_Authentication") == (None, METADATA)
    assert seen == {"CustomMessage_Authentication": ({}, None)}
    await wire.call(
        "RespondToAuthChallenge",
        ClientId=wire.client.id,
        ChallengeName="SMS_MFA",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "SMS_MFA_CODE": wire.code()},
        ClientMetadata=METADATA,
    )
    assert recorder.with_metadata() == {
        "PostAuthentication_Authentication": (METADATA, None),
        "TokenGeneration_Authentication": (METADATA, None),
    }


async def test_the_metadata_of_initiate_auth_does_not_reach_custom_challenges(wire: Wire) -> None:
    def define(event: dict[str, Any]) -> None:
        recorder.events.append(event)
        answered = bool(event["request"]["session"])
        event["response"] = {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": answered}

    recorder = Recorder(wire, define_auth_challenge=define)
    asked = await wire.call(
        "InitiateAuth",
        ClientId=wire.client.id,
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": "ada"},
        ClientMetadata=METADATA,
    )
    seen = recorder.with_metadata()
    assert seen["DefineAuthChallenge_Authentication"] == ({}, None)
    assert seen["CreateAuthChallenge_Authentication"] == ({}, None)
    await wire.call(
        "RespondToAuthChallenge",
        ClientId=wire.client.id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": "blue"},
        ClientMetadata=METADATA,
    )
    seen = recorder.with_metadata()
    assert set(seen) == {
        "VerifyAuthChallengeResponse_Authentication",
        "DefineAuthChallenge_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_Authentication",
    }
    assert set(map(str, seen.values())) == {str((METADATA, None))}


async def test_the_metadata_of_other_operations_reaches_all_their_triggers(wire: Wire) -> None:
    recorder = Recorder(wire, user_migration=None)
    client = {"ClientId": wire.client.id, "ClientMetadata": METADATA}
    contact = [{"Name": "email", "Value": "bob@example.org"}]
    await wire.call(
        "SignUp",
        **client,
        Username="bob",
        Password=PASSWORD,
        UserAttributes=contact,
        ValidationData=[{"Name": "captcha", "Value": "ok"}],
    )
    assert recorder.with_metadata() == {
        "PreSignUp_SignUp": (METADATA, {"captcha": "ok"}),
        "CustomMessage_SignUp": (METADATA, None),
    }
    await wire.call("ResendConfirmationCode", **client, Username="bob")
    assert recorder.with_metadata() == {"CustomMessage_ResendCode": (METADATA, None)}
    await wire.call("ConfirmSignUp", **client, Username="bob", ConfirmationCode=wire.code("bob"))
    assert recorder.with_metadata() == {"PostConfirmation_ConfirmSignUp": (METADATA, None)}
    await wire.call("ForgotPassword", **client, Username="bob")
    assert recorder.with_metadata() == {"CustomMessage_ForgotPassword": (METADATA, None)}
    await wire.call(
        "ConfirmForgotPassword",
        **client,
        Username="bob",
        ConfirmationCode=wire.code("bob"),
        Password="New-Correct-Horse-2",
    )
    assert recorder.with_metadata() == {"PostConfirmation_ConfirmForgotPassword": (METADATA, None)}
    tokens = await wire.tokens()
    recorder.events.clear()
    await wire.call("GetTokensFromRefreshToken", **client, RefreshToken=tokens["RefreshToken"])
    assert recorder.events[-1]["callerContext"]["clientId"] == wire.client.id
    assert recorder.with_metadata() == {"TokenGeneration_RefreshTokens": (METADATA, None)}
    signed_in = {"AccessToken": tokens["AccessToken"], "ClientMetadata": METADATA}
    await wire.call("GetUserAttributeVerificationCode", **signed_in, AttributeName="email")
    assert recorder.with_metadata() == {"CustomMessage_VerifyUserAttribute": (METADATA, None)}
    change = [{"Name": "email", "Value": "new@example.org"}]
    await wire.call("UpdateUserAttributes", **signed_in, UserAttributes=change)
    assert recorder.with_metadata() == {"CustomMessage_UpdateUserAttribute": (METADATA, None)}


async def test_migration_gets_the_metadata_of_its_operation(wire: Wire) -> None:
    recorder = Recorder(wire)
    settings(wire)
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.call(
            "InitiateAuth",
            ClientId=wire.client.id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "eve", "PASSWORD": PASSWORD},
            ClientMetadata=METADATA,
        )
    assert recorder.with_metadata()["UserMigration_Authentication"] == ({}, METADATA)
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.call(
            "ForgotPassword", ClientId=wire.client.id, Username="eve", ClientMetadata=METADATA
        )
    assert recorder.with_metadata() == {"UserMigration_ForgotPassword": (METADATA, {})}


def generates(wire: Wire, version: str, response: dict[str, Any]) -> list[dict[str, Any]]:
    """Have PreTokenGeneration respond so; returns the list of its events."""
    events: list[dict[str, Any]] = []

    def trigger(event: dict[str, Any]) -> None:
        events.append(dict(event))
        event["response"] = response

    wire.pool.triggers = Triggers(
        pre_token_generation=trigger,
        pre_token_generation_version=version,  # type: ignore[arg-type]  # by name
    )
    return events


async def claims(wire: Wire) -> tuple[dict[str, Any], dict[str, Any]]:
    tokens = await wire.tokens()
    return wire.pool.key.read(tokens["AccessToken"]), wire.pool.key.read(tokens["IdToken"])


RESERVED = (
    *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "cognito:username", "dev:x", "event_id"),
    *("exp", "iat", "identities", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use"),
)
"""The claims that a trigger cannot change, as the developer guide lists them."""


@pytest.mark.parametrize(
    ("token", "reserved"),
    [
        ("idTokenGeneration", RESERVED),
        (
            "accessTokenGeneration",
            (*RESERVED, "client_id", "device_key", "scope", "username", "version"),
        ),
    ],
)
async def test_no_trigger_changes_a_reserved_claim(
    wire: Wire, token: str, reserved: tuple[str, ...]
) -> None:
    place = token == "idTokenGeneration"
    before = (await claims(wire))[place]
    for changes in (
        {"claimsToAddOrOverride": dict.fromkeys(reserved, "made up") | {"plan": "gold"}},
        {"claimsToAddOrOverride": {"plan": "gold"}, "claimsToSuppress": [*reserved, "email"]},
    ):
        generates(wire, "V2_0", {"claimsAndScopeOverrideDetails": {token: changes}})
        after = (await claims(wire))[place]
        assert "made up" not in after.values()
        assert after.keys() | {"email"} == before.keys() | {"plan", "email"}


async def test_the_first_version_changes_id_tokens_but_no_reserved_claim(wire: Wire) -> None:
    response = {
        "claimsOverrideDetails": {
            "claimsToAddOrOverride": {
                "plan": "gold",
                "sub": "x",
                "iss": "x",
                "cognito:username": "x",
            },
            "claimsToSuppress": ["email", "exp", "aud"],
            "groupOverrideDetails": {
                "groupsToOverride": ["made-up"],
                "iamRolesToOverride": ["arn:role"],
                "preferredRole": "arn:role",
            },
        }
    }
    events = generates(wire, "V1_0", response)
    access, identity = await claims(wire)
    (event,) = events
    assert event["version"] == "1"
    assert event["request"]["groupConfiguration"] == {
        "groupsToOverride": [],
        "iamRolesToOverride": [],
        "preferredRole": None,
    }
    assert (identity["plan"], "plan" in access) == ("gold", False)
    assert "email" not in identity
    user = wire.pool.user("ada")
    assert user is not None
    assert (identity["sub"], identity["cognito:username"]) == (user.sub, "ada")
    assert (identity["iss"], identity["aud"]) == (wire.pool.issuer, wire.client.id)
    assert identity["exp"] > identity["iat"]
    assert access["cognito:groups"] == identity["cognito:groups"] == ["made-up"]
    assert identity["cognito:preferred_role"] == "arn:role"


@pytest.mark.parametrize(("version", "number"), [("V2_0", "2"), ("V3_0", "3")])
async def test_later_versions_change_access_tokens_and_scopes(
    wire: Wire, version: str, number: str
) -> None:
    access_changes = {
        "claimsToAddOrOverride": {"tenant": {"id": 7}, "client_id": "x", "username": "x"},
        "claimsToSuppress": ["origin_jti"],
        "scopesToAdd": ["shop/read"],
        "scopesToSuppress": ["aws.cognito.signin.user.admin"],
    }
    response = {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": access_changes,
            "idTokenGeneration": {"claimsToAddOrOverride": {"plan": ["gold", "blue"]}},
        }
    }
    events = generates(wire, version, response)
    access, identity = await claims(wire)
    (event,) = events
    assert event["version"] == number
    assert event["request"]["scopes"] == ["aws.cognito.signin.user.admin"]
    assert (access["tenant"], access["scope"]) == ({"id": 7}, "shop/read")
    assert (access["client_id"], access["username"]) == (wire.client.id, "ada")
    assert "origin_jti" in access
    assert (identity["plan"], "tenant" in identity) == (["gold", "blue"], False)


@pytest.mark.parametrize(
    ("version", "member"),
    [("V1_0", "claimsOverrideDetails"), ("V2_0", "claimsAndScopeOverrideDetails")],
)
async def test_a_trigger_may_leave_the_claims_alone(wire: Wire, version: str, member: str) -> None:
    for response in ({}, {member: None}, {member: {}}):
        events = generates(wire, version, response)
        access, identity = await claims(wire)
        assert [event["response"] for event in events] == [{member: None}]
        assert (identity["email"], access["scope"]) == (
            "ada@example.org",
            "aws.cognito.signin.user.admin",
        )
        assert "cognito:groups" not in access


@pytest.mark.parametrize(
    ("version", "response"),
    [
        ("V1_0", {"claimsOverrideDetails": {"claimsToAddOrOverride": {"plan": 7}}}),
        ("V1_0", {"claimsOverrideDetails": {"claimsToSuppress": "email"}}),
        ("V1_0", {"claimsOverrideDetails": {"groupOverrideDetails": {"groupsToOverride": "a"}}}),
        ("V1_0", {"claimsOverrideDetails": []}),
        ("V2_0", {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": {"scopesToAdd": 1}}}),
        ("V2_0", {"claimsAndScopeOverrideDetails": "x"}),
    ],
    ids=repr,
)
async def test_claims_of_another_shape_are_refused(
    wire: Wire, version: str, response: dict[str, Any]
) -> None:
    generates(wire, version, response)
    with pytest.raises(Refused, match="InvalidLambdaResponseException"):
        await wire.tokens()


@pytest.mark.parametrize(
    "response",
    [
        {"userAttributes": ["email"]},
        {"userAttributes": {"email": 7}},
        {"userAttributes": {"email": "no address"}},
        {"userAttributes": {"shoe_size": "46"}},
        {"userAttributes": {"email": "eve@example.org"}, "finalUserStatus": "GREAT"},
        {"userAttributes": {"email": "ada@example.org", "email_verified": "true"}},
    ],
    ids=repr,
)
async def test_a_migrated_user_of_another_shape_is_refused(
    wire: Wire, response: dict[str, Any]
) -> None:
    settings(wire, alias_attributes=("email",))

    def migrate(event: dict[str, Any]) -> None:
        event["response"] = response

    wire.pool.triggers = Triggers(user_migration=migrate)
    with pytest.raises(Refused, match="InvalidLambdaResponseException"):
        await wire.sign_in("eve")
    assert wire.pool.user("eve") is None


async def test_new_devices_are_reported_only_by_pools_that_track_them(wire: Wire) -> None:
    recorder = Recorder(wire, user_migration=None)

    async def new_device_used(**extra: str) -> bool:
        reply = await wire.sign_in(**extra)
        if "AuthenticationResult" not in reply:
            await device.prove(wire, reply)
        (event,) = [e for e in recorder.events if e["triggerSource"].startswith("PostAuth")]
        recorder.events.clear()
        return bool(event["request"]["newDeviceUsed"])

    device = Device("", "")
    assert not await new_device_used()
    settings(wire, device_tracking="ALWAYS")
    assert await new_device_used()
    device, _ = await confirmed_device(wire)
    recorder.events.clear()
    assert not await new_device_used(DEVICE_KEY=device.key)


async def test_an_srp_sign_in_that_migrates_nobody_has_the_same_sources(wire: Wire) -> None:
    recorder = Recorder(wire)
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=keys.public_hex)
    await wire.prove(asked, keys)
    assert recorder.sources() == [
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_Authentication",
    ]
