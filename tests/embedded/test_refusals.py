"""What the service says to requests that do not fit, and that they leave things as they were."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from auth_flow.embedded import ClientSettings, Triggers
from auth_flow.embedded._models import Totp
from auth_flow.embedded._totp import new_secret
from auth_flow.states import _srp as srp
from tests.embedded.authenticator import Authenticator
from tests.embedded.test_passkeys import register
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio

BARRED = [
    ("AdminResetUserPassword", "PasswordResetRequiredException"),
    ("AdminDisableUser", "NotAuthorizedException: User is disabled"),
]
"""Operations that bar a user from signing in, and the refusals."""


@pytest.mark.parametrize(
    ("flow", "parameters", "missing"),
    [
        ("USER_PASSWORD_AUTH", {"PASSWORD": PASSWORD}, "USERNAME"),
        ("USER_PASSWORD_AUTH", {"USERNAME": "ada"}, "PASSWORD"),
        ("USER_SRP_AUTH", {"USERNAME": "ada"}, "SRP_A"),
        ("USER_AUTH", {"USERNAME": "ada", "PREFERRED_CHALLENGE": "PASSWORD"}, "PASSWORD"),
        ("REFRESH_TOKEN_AUTH", {}, "REFRESH_TOKEN"),
    ],
)
async def test_parameters_that_a_flow_needs(
    wire: Wire, flow: str, parameters: dict[str, str], missing: str
) -> None:
    with pytest.raises(
        Refused, match=f"InvalidParameterException: Missing required parameter {missing}"
    ):
        await wire.initiate(flow, **parameters)


async def test_parameters_and_responses_that_are_left_out(wire: Wire) -> None:
    refusal = "InvalidParameterException: Missing required parameter USERNAME"
    client = {"ClientId": wire.client.id}
    with pytest.raises(Refused, match=refusal):
        await wire.call("InitiateAuth", **client, AuthFlow="USER_AUTH")
    with pytest.raises(Refused, match=refusal):
        await wire.call(
            "RespondToAuthChallenge", **client, ChallengeName="SMS_MFA", Session="x" * 20
        )


async def sms_mfa(wire: Wire) -> dict[str, Any]:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    return await wire.sign_in()


async def select_mfa(wire: Wire) -> dict[str, Any]:
    settings(wire, mfa_configuration="ON")
    return await wire.sign_in()


async def select_challenge(wire: Wire) -> dict[str, Any]:
    return await wire.initiate("USER_AUTH", USERNAME="ada")


async def software_token(wire: Wire) -> dict[str, Any]:
    settings(wire, mfa_configuration="ON", mfa_factors=("SOFTWARE_TOKEN_MFA",))
    user = wire.pool.user("ada")
    assert user is not None
    user.totp = Totp(secret=new_secret())
    return await wire.sign_in()


async def passkey(wire: Wire) -> dict[str, Any]:
    await register(wire, Authenticator())
    return await wire.initiate("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="WEB_AUTHN")


async def riddle(wire: Wire) -> dict[str, Any]:
    wire.pool.triggers = Triggers(
        define_auth_challenge=lambda event: {
            **event,
            "response": {"challengeName": "CUSTOM_CHALLENGE"},
        },
        create_auth_challenge=lambda event: event,
    )
    return await wire.initiate("CUSTOM_AUTH", USERNAME="ada")


async def password_verifier(wire: Wire) -> dict[str, Any]:
    return await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A="2")


async def new_password(wire: Wire) -> dict[str, Any]:
    user = wire.pool.user("ada")
    assert user is not None
    user.status = "FORCE_CHANGE_PASSWORD"
    return await wire.sign_in()


@pytest.mark.parametrize(
    ("ask", "missing"),
    [
        (sms_mfa, "SMS_MFA_CODE"),
        (software_token, "SOFTWARE_TOKEN_MFA_CODE"),
        (select_mfa, "ANSWER"),
        (select_challenge, "ANSWER"),
        (riddle, "ANSWER"),
        (passkey, "CREDENTIAL"),
        (password_verifier, "PASSWORD_CLAIM_SECRET_BLOCK"),
        (new_password, "NEW_PASSWORD"),
    ],
)
async def test_responses_that_a_challenge_needs(wire: Wire, ask: Any, missing: str) -> None:
    asked = await ask(wire)
    for _ in range(2):  # the session is as good as before
        with pytest.raises(
            Refused, match=f"InvalidParameterException: Missing required parameter {missing}"
        ):
            await wire.respond(asked, USERNAME="ada")
    with pytest.raises(
        Refused, match="InvalidParameterException: Missing required parameter USERNAME"
    ):
        await wire.respond(asked)


@pytest.mark.parametrize("ask", [select_mfa, select_challenge])
async def test_a_choice_that_was_not_offered(wire: Wire, ask: Any) -> None:
    asked = await ask(wire)
    with pytest.raises(
        Refused, match="InvalidParameterException: Selected challenge is not available"
    ):
        await wire.respond(asked, USERNAME="ada", ANSWER="CARRIER_PIGEON")


@pytest.mark.parametrize("credential", ["", "nonsense", "[]", '"text"', "null", "7"])
async def test_a_credential_is_a_json_object(wire: Wire, credential: str) -> None:
    asked = await passkey(wire)
    with pytest.raises(Refused, match="InvalidParameterException: CREDENTIAL is not a JSON object"):
        await wire.respond(asked, USERNAME="ada", CREDENTIAL=credential)


async def test_a_software_token_that_is_deleted_meanwhile_is_not_asked_for(wire: Wire) -> None:
    asked = await software_token(wire)
    await wire.call("AdminDeleteSoftwareToken", UserPoolId=wire.pool.id, Username="ada")
    with pytest.raises(Refused, match="SoftwareTokenMFANotFoundException"):
        await wire.respond(asked, USERNAME="ada", SOFTWARE_TOKEN_MFA_CODE="123456")


async def test_a_session_is_for_its_own_challenge_client_and_user(wire: Wire) -> None:
    asked = await sms_mfa(wire)
    with pytest.raises(
        Refused, match="CodeMismatchException: Invalid code or auth state for the user"
    ):
        await wire.respond(asked, "EMAIL_OTP", USERNAME="ada", EMAIL_OTP_CODE=wire.code())
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.respond(asked, "ADMIN_NO_SRP_AUTH", USERNAME="ada")
    own, wire.client = wire.client, wire.pool.create_client()
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
        await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE=wire.code())
    wire.client = own
    wire.pool.create_user("bob", PASSWORD)
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
        await wire.respond(asked, USERNAME="bob", SMS_MFA_CODE=wire.code())


async def test_a_cancelled_answer_leaves_the_session_alone(wire: Wire) -> None:
    stalled = anyio.Event()

    async def stall(event: dict[str, Any]) -> None:
        stalled.set()
        await anyio.sleep_forever()

    asked = await select_challenge(wire)
    wire.pool.triggers = Triggers(post_authentication=stall)
    async with anyio.create_task_group() as tasks:

        async def answer() -> None:
            await wire.respond(asked, USERNAME="ada", ANSWER="PASSWORD", PASSWORD=PASSWORD)

        tasks.start_soon(answer)
        await stalled.wait()
        tasks.cancel_scope.cancel()
    wire.pool.triggers = Triggers()
    reply = await wire.respond(asked, USERNAME="ada", ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert "AuthenticationResult" in reply


async def test_sessions_that_nobody_came_back_to_are_dropped(wire: Wire, clock: Any) -> None:
    for _ in range(3):
        await select_challenge(wire)
    clock.turn(days=1, minutes=3, seconds=-1)
    await select_challenge(wire)
    assert len(wire.pool.sessions) == 4
    clock.turn(seconds=1)
    await select_challenge(wire)
    assert len(wire.pool.sessions) == 2


async def test_a_user_nobody_knows_is_acted_out_to_the_end(wire: Wire) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    asked = await wire.initiate("USER_AUTH", USERNAME="nobody", PREFERRED_CHALLENGE="EMAIL_OTP")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert not wire.pool.outbox.messages
    offered = await wire.initiate("USER_AUTH", USERNAME="nobody")
    assert offered["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"]
    assert offered["ChallengeParameters"] == {"USERNAME": "nobody"}
    settings(wire, mfa_configuration="ON")
    offered = await wire.initiate("USER_AUTH", USERNAME="nobody")
    assert offered["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP"]
    with pytest.raises(Refused, match="CodeMismatchException"):
        await wire.respond(asked, USERNAME="nobody", EMAIL_OTP_CODE="123456")
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.initiate(
            "USER_AUTH", USERNAME="nobody", PREFERRED_CHALLENGE="PASSWORD", PASSWORD="x"
        )


async def test_a_user_who_is_created_during_a_simulated_sign_in_is_not_its_user(
    wire: Wire,
) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    keys = srp.ClientKeys.generate()
    asked = await wire.initiate("USER_SRP_AUTH", USERNAME="bob", SRP_A=keys.public_hex)
    wire.pool.create_user("bob", PASSWORD)
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
        await wire.prove(asked, keys)


@pytest.mark.parametrize("taken", [False, True])
async def test_a_user_who_is_deleted_during_a_sign_in_has_no_session(
    wire: Wire, taken: bool
) -> None:
    asked = await sms_mfa(wire)
    code = wire.code()
    user = wire.pool.user("ada")
    assert user is not None
    await wire.call("AdminDeleteUser", UserPoolId=wire.pool.id, Username="ada")
    if taken:  # by somebody else, with the same phone number
        wire.pool.create_user("ada", "Other-Horse-1", attributes=user.attributes)
    with pytest.raises(Refused, match="NotAuthorizedException: Invalid session for the user"):
        await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE=code)


@pytest.mark.parametrize("flow", ["CUSTOM_AUTH", "USER_AUTH"])
async def test_only_a_client_that_protects_users_simulates_one(wire: Wire, flow: str) -> None:
    asks = {"challengeName": "CUSTOM_CHALLENGE"}
    seen: list[bool] = []

    def define(event: dict[str, Any]) -> dict[str, Any]:
        seen.append(event["request"]["userNotFound"])
        return {**event, "response": asks}

    wire.pool.triggers = Triggers(
        define_auth_challenge=define, create_auth_challenge=lambda event: event
    )
    with pytest.raises(Refused, match="UserNotFoundException"):
        await wire.initiate(flow, USERNAME="nobody")
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    known = await wire.initiate(flow, USERNAME="ada")
    unknown = await wire.initiate(flow, USERNAME="nobody")
    assert known["ChallengeName"] == unknown["ChallengeName"]
    assert set(known["ChallengeParameters"]) == set(unknown["ChallengeParameters"])
    assert seen == ([False, True] if flow == "CUSTOM_AUTH" else [])


@pytest.mark.parametrize("flow", ["CUSTOM_AUTH", "USER_AUTH"])
@pytest.mark.parametrize(("operation", "name"), BARRED)
async def test_a_user_who_may_not_sign_in_is_asked_nothing(
    wire: Wire, flow: str, operation: str, name: str
) -> None:
    await riddle(wire)
    await wire.call(operation, UserPoolId=wire.pool.id, Username="ada")
    with pytest.raises(Refused, match=name):
        await wire.initiate(flow, USERNAME="ada")


@pytest.mark.parametrize(("operation", "name"), BARRED)
async def test_a_user_who_may_no_longer_sign_in_gets_no_tokens(
    wire: Wire, operation: str, name: str
) -> None:
    asked = await sms_mfa(wire)
    code = wire.code()
    await wire.call(operation, UserPoolId=wire.pool.id, Username="ada")
    with pytest.raises(Refused, match=name):
        await wire.respond(asked, USERNAME="ada", SMS_MFA_CODE=code)


async def test_custom_challenges_need_their_triggers(wire: Wire) -> None:
    with pytest.raises(
        Refused, match="InvalidParameterException: Custom auth lambda trigger is not configured"
    ):
        await wire.initiate("CUSTOM_AUTH", USERNAME="ada")
    for response, name in (
        ({"failAuthentication": True}, "NotAuthorizedException"),
        ({"challengeName": "RIDDLE"}, "InvalidLambdaResponseException"),
        ("nonsense", "InvalidLambdaResponseException"),
    ):
        wire.pool.triggers = Triggers(
            define_auth_challenge=lambda event, filled=response: {**event, "response": filled}
        )
        with pytest.raises(Refused, match=name):
            await wire.initiate("CUSTOM_AUTH", USERNAME="ada")


async def test_devices_have_to_name_and_prove_themselves(wire: Wire) -> None:
    settings(wire, device_tracking="ALWAYS")
    metadata = (await wire.tokens())["NewDeviceMetadata"]
    user = wire.pool.user("ada")
    assert user is not None
    user.devices[metadata["DeviceKey"]].verifier = user.password
    asked = await wire.sign_in(DEVICE_KEY=metadata["DeviceKey"])
    named = {"USERNAME": "ada", "DEVICE_KEY": metadata["DeviceKey"]}
    with pytest.raises(Refused, match="Missing required parameter SRP_A"):
        await wire.respond(asked, **named)
    with pytest.raises(Refused, match="Missing required parameter DEVICE_KEY"):
        await wire.respond(asked, USERNAME="ada", SRP_A="2")
    with pytest.raises(Refused, match="SRP_A is not valid"):
        await wire.respond(asked, **named, SRP_A=f"{srp.N:x}")
    for stranger in ({}, {"USERNAME": "nobody"}):
        with pytest.raises(Refused, match=r"Missing required parameter (USERNAME|Session)"):
            await wire.call(
                "RespondToAuthChallenge",
                ClientId=wire.client.id,
                ChallengeName="DEVICE_SRP_AUTH",
                ChallengeResponses=stranger,
            )


async def test_token_sessions_are_listed_and_revoked_one_by_one(wire: Wire) -> None:
    one, two = await wire.tokens(), await wire.tokens()
    sessions = (await wire.service_call("ListUserSessions", AccessToken=one["AccessToken"]))[
        "Sessions"
    ]
    (other,) = [session["SessionId"] for session in sessions if not session["IsCurrentSession"]]
    await wire.service_call("RevokeUserSession", AccessToken=one["AccessToken"], SessionId=other)
    with pytest.raises(Refused, match="Access Token has been revoked"):
        await wire.call("GetUser", AccessToken=two["AccessToken"])
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        await wire.service_call(
            "RevokeUserSession", AccessToken=one["AccessToken"], SessionId="another"
        )


async def test_revocation_is_refused(wire: Wire) -> None:
    refresh = (await wire.tokens())["RefreshToken"]
    other = wire.pool.create_client(ClientSettings(enable_token_revocation=False))
    with pytest.raises(Refused, match="UnsupportedOperationException"):
        await wire.call("RevokeToken", ClientId=other.id, Token=refresh)
    stranger = wire.pool.create_client(ClientSettings(generate_secret=True))
    with pytest.raises(Refused, match="UnauthorizedException"):
        await wire.call(
            "RevokeToken", ClientId=stranger.id, Token=refresh, ClientSecret=stranger.secret
        )
    with pytest.raises(Refused, match="UnauthorizedException: Client secret is required"):
        await wire.call("RevokeToken", ClientId=stranger.id, Token=refresh)
    await wire.call("RevokeToken", ClientId=wire.client.id, Token="never issued")


async def test_feedback_needs_threat_protection(wire: Wire) -> None:
    feedback = {"EventId": "1", "FeedbackToken": "x", "FeedbackValue": "Valid"}
    for name, refusal in (
        ("ada", "UserPoolAddOnNotEnabledException"),
        ("nobody", "UserNotFoundException"),
    ):
        with pytest.raises(Refused, match=refusal):
            await wire.call(
                "UpdateAuthEventFeedback", UserPoolId=wire.pool.id, Username=name, **feedback
            )


async def test_a_disabled_user_cannot_recover(wire: Wire) -> None:
    await wire.call("AdminDisableUser", UserPoolId=wire.pool.id, Username="ada")
    named = {"ClientId": wire.client.id, "Username": "ada"}
    with pytest.raises(Refused, match="NotAuthorizedException: User is disabled"):
        await wire.call("ForgotPassword", **named)
    with pytest.raises(Refused, match="NotAuthorizedException: User is disabled"):
        await wire.call("ConfirmForgotPassword", **named, ConfirmationCode="1", Password=PASSWORD)


@pytest.mark.parametrize("number", ["0x1", "1_0", "+2", " 2", "\u0662"])
async def test_a_public_value_is_hexadecimal_digits(wire: Wire, number: str) -> None:
    with pytest.raises(Refused, match="InvalidParameterException"):
        await wire.initiate("USER_SRP_AUTH", USERNAME="ada", SRP_A=number)
