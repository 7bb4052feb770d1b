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


async def test_an_event_is_complete(wire: Wire) -> None:
    recorder = Recorder(wire, user_migration=None)
    await wire.call(
        "SignUp",
        ClientId=wire.client.id,
        Username="bob",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "bob@example.org"}],
        ClientMetadata=METADATA,
    )
    bob = wire.pool.user("bob")
    assert bob is not None
    asked, sent = recorder.events
    common = {
        "version": "1",
        "region": "eu-west-1",
        "userPoolId": wire.pool.id,
        "userName": "bob",
        "callerContext": {"awsSdkVersion": "auth-flow", "clientId": wire.client.id},
    }
    user = {
        "sub": bob.sub,
        "email": "bob@example.org",
        "cognito:user_status": "UNCONFIRMED",
    }
    assert asked == {
        **common,
        "triggerSource": "PreSignUp_SignUp",
        "request": {"userAttributes": user, "validationData": {}, "clientMetadata": METADATA},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    assert sent == {
        **common,
        "triggerSource": "CustomMessage_SignUp",
        "request": {
            "userAttributes": user,
            "codeParameter": "{####}",
            "usernameParameter": "{username}",
            "clientMetadata": METADATA,
        },
        "response": {},
    }
    recorder.events.clear()
    await wire.call(
        "AdminSetUserPassword",
        UserPoolId=wire.pool.id,
        Username="bob",
        Password=PASSWORD,
        Permanent=True,
    )
    await wire.call(
        "AdminResetUserPassword", UserPoolId=wire.pool.id, Username="ada", ClientMetadata=METADATA
    )
    (event,) = recorder.events
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    assert event["request"]["clientMetadata"] == METADATA


@pytest.mark.parametrize(
    ("flags", "verified"),
    [
        ({}, []),
        ({"autoVerifyEmail": True}, ["email"]),
        ({"autoVerifyPhone": True}, ["phone_number"]),
        ({"autoVerifyEmail": True, "autoVerifyPhone": True}, ["email", "phone_number"]),
    ],
)
@pytest.mark.parametrize("operation", ["SignUp", "AdminCreateUser"])
async def test_a_trigger_verifies_what_a_new_user_has(
    wire: Wire, flags: dict[str, bool], verified: list[str], operation: str
) -> None:
    def verify(event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "response": flags}

    wire.pool.triggers = Triggers(pre_sign_up=verify)
    contact = {"email": "bob@example.org", "phone_number": "+15555550199"}
    given = [{"Name": name, "Value": value} for name, value in contact.items()]
    named = {"UserPoolId": wire.pool.id} if operation == "AdminCreateUser" else {}
    more = {"Password": PASSWORD, "ClientId": wire.client.id} if operation == "SignUp" else {}
    await wire.call(operation, **named, **more, Username="bob", UserAttributes=given)
    bob = wire.pool.user("bob")
    assert bob is not None
    assert [name for name in contact if bob.verified(name)] == verified
    assert bob.status == ("UNCONFIRMED" if operation == "SignUp" else "FORCE_CHANGE_PASSWORD")


@pytest.mark.parametrize("medium", ["SMS", "EMAIL"])
async def test_a_trigger_words_a_message(wire: Wire, medium: str) -> None:
    def word(event: dict[str, Any]) -> None:
        event["response"] = {"smsMessage": "SMS {####} {username}", "emailMessage": None}

    wire.pool.triggers = Triggers(custom_message=word)
    settings(wire, recovery=("phone_number" if medium == "SMS" else "email",))
    await wire.call("ForgotPassword", ClientId=wire.client.id, Username="ada")
    message = wire.pool.outbox.last()
    assert message is not None
    default = f"Your code is {message.code}."
    assert message.text == (f"SMS {message.code} ada" if medium == "SMS" else default)


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


def migrates(wire: Wire, **response: Any) -> list[dict[str, Any]]:
    """Have UserMigration respond so; returns the list of its events."""
    events: list[dict[str, Any]] = []

    def migrate(event: dict[str, Any]) -> dict[str, Any]:
        events.append(event)
        return {**event, "response": response}

    wire.pool.triggers = Triggers(user_migration=migrate)
    return events


async def test_a_user_migrates_with_attributes_but_neither_name_nor_sub(wire: Wire) -> None:
    given = {"email": "eve@example.org", "username": "other", "sub": "other", "name": "Eve"}
    events = migrates(wire, userAttributes=given)
    assert "AuthenticationResult" in await wire.sign_in("eve")
    (event,) = events
    assert event["request"] == {
        "userAttributes": {},
        "password": PASSWORD,
        "validationData": {},
        "clientMetadata": {},
    }
    assert event["response"] == {"userAttributes": None, "finalUserStatus": None}
    eve = await wire.call("AdminGetUser", UserPoolId=wire.pool.id, Username="eve")
    attributes = {one["Name"]: one["Value"] for one in eve["UserAttributes"]}
    assert len(attributes.pop("sub")) == 36
    assert attributes == {"email": "eve@example.org", "name": "Eve"}
    assert eve["UserStatus"] == "CONFIRMED"
    assert eve["UserCreateDate"] == eve["UserLastModifiedDate"] == wire.service.clock()


async def test_a_migrated_user_may_have_to_set_a_new_password(wire: Wire) -> None:
    verified = {"email": "eve@example.org", "email_verified": "true"}
    migrates(wire, userAttributes=verified, finalUserStatus="RESET_REQUIRED")
    with pytest.raises(Refused, match="PasswordResetRequiredException"):
        await wire.sign_in("eve")
    events = migrates(wire, userAttributes={**verified, "email": "bob@example.org"})
    reset = {"ClientId": wire.client.id, "Username": "bob"}
    await wire.call("ForgotPassword", **reset)
    (event,) = events
    assert event["request"]["password"] is None
    bob = {"UserPoolId": wire.pool.id, "Username": "bob"}
    assert (await wire.call("AdminGetUser", **bob))["UserStatus"] == "RESET_REQUIRED"
    code = {"ConfirmationCode": wire.code("bob"), "Password": PASSWORD}
    await wire.call("ConfirmForgotPassword", **reset, **code)
    assert (await wire.call("AdminGetUser", **bob))["UserStatus"] == "CONFIRMED"


@pytest.mark.parametrize("name", ["eve@example.org", "+15555550199"])
async def test_a_user_migrates_to_a_pool_whose_names_are_addresses(wire: Wire, name: str) -> None:
    settings(wire, username_attributes=("email", "phone_number"))
    migrates(wire, userAttributes={"name": "Eve"})
    assert "AuthenticationResult" in await wire.sign_in(name)
    user = wire.pool.user(name)
    assert user is not None
    assert user.username == user.sub
    kind = "email" if "@" in name else "phone_number"
    assert user.attributes == {"name": "Eve", kind: name}
    with pytest.raises(Refused, match="InvalidLambdaResponseException"):
        await wire.sign_in("eve")


@pytest.mark.parametrize("force", [True, False, None])
async def test_a_migrated_user_takes_over_an_alias_if_the_trigger_says_so(
    wire: Wire, force: bool | None
) -> None:
    settings(wire, alias_attributes=("email",))
    taken = {"email": "ada@example.org", "email_verified": "true"}
    migrates(wire, userAttributes=taken, forceAliasCreation=force)
    if not force:
        with pytest.raises(Refused, match="InvalidLambdaResponseException"):
            await wire.sign_in("eve")
        return
    await wire.sign_in("eve")
    owner = wire.pool.user("ada@example.org")
    assert owner is not None
    assert owner.username == "eve"


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


ADMIN = "aws.cognito.signin.user.admin"
GROUPS = {"groupOverrideDetails": {"groupsToOverride": ["a"]}}
WITH_GROUPS = {"cognito:groups": ["a"]}


@pytest.mark.parametrize(
    ("version", "details", "access", "identity"),
    [
        ("V1_0", {"claimsToAddOrOverride": {"plan": "gold"}}, {}, {"plan": "gold"}),
        ("V1_0", {"claimsToSuppress": ["email"]}, {}, {"email": None}),
        ("V1_0", GROUPS, WITH_GROUPS, WITH_GROUPS),
        ("V2_0", {"idTokenGeneration": {"claimsToSuppress": ["email"]}}, {}, {"email": None}),
        ("V2_0", {"accessTokenGeneration": {"claimsToAddOrOverride": {"a": 1}}}, {"a": 1}, {}),
        ("V2_0", {"accessTokenGeneration": {"claimsToSuppress": ["a"]}}, {}, {}),
        ("V2_0", {"accessTokenGeneration": {"scopesToAdd": ["a"]}}, {"scope": f"{ADMIN} a"}, {}),
        ("V2_0", {"accessTokenGeneration": {"scopesToSuppress": [ADMIN]}}, {"scope": ""}, {}),
        ("V2_0", GROUPS, WITH_GROUPS, WITH_GROUPS),
    ],
)
async def test_each_change_may_come_alone(
    wire: Wire,
    version: str,
    details: dict[str, Any],
    access: dict[str, Any],
    identity: dict[str, Any],
) -> None:
    before = await claims(wire)
    member = "claimsOverrideDetails" if version == "V1_0" else "claimsAndScopeOverrideDetails"
    generates(wire, version, {member: details})
    changes = [
        {
            name: new.get(name)
            for name in (old | new).keys() - {"jti", "origin_jti", "event_id"}
            if old.get(name) != new.get(name)
        }
        for old, new in zip(before, await claims(wire), strict=True)
    ]
    assert changes == [access, identity]


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
    wire.pool.triggers = Triggers(pre_token_generation_version=version)  # type: ignore[arg-type]  # by name
    assert "cognito:groups" not in (await claims(wire))[0]


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
