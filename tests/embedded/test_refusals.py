"""What the service says to requests that do not fit, and that they leave things as they were."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from auth_flow.embedded import ClientSettings, Triggers
from auth_flow.states import _srp as srp
from tests.embedded.wire import PASSWORD, Refused, Wire, settings

pytestmark = pytest.mark.anyio


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


async def sms_mfa(wire: Wire) -> dict[str, Any]:
    settings(wire, mfa_configuration="ON", mfa_factors=("SMS_MFA",))
    return await wire.sign_in()


async def select_mfa(wire: Wire) -> dict[str, Any]:
    settings(wire, mfa_configuration="ON")
    return await wire.sign_in()


async def select_challenge(wire: Wire) -> dict[str, Any]:
    return await wire.initiate("USER_AUTH", USERNAME="ada")


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
        (select_mfa, "ANSWER"),
        (select_challenge, "ANSWER"),
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
    clock.turn(days=1, minutes=4)
    await select_challenge(wire)
    assert len(wire.pool.sessions) == 1


async def test_a_user_nobody_knows_is_acted_out_to_the_end(wire: Wire) -> None:
    wire.client = wire.pool.create_client(ClientSettings(prevent_user_existence_errors="ENABLED"))
    asked = await wire.initiate("USER_AUTH", USERNAME="nobody", PREFERRED_CHALLENGE="EMAIL_OTP")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert not wire.pool.outbox.messages
    with pytest.raises(Refused, match="CodeMismatchException"):
        await wire.respond(asked, USERNAME="nobody", EMAIL_OTP_CODE="123456")
    with pytest.raises(Refused, match="NotAuthorizedException"):
        await wire.initiate(
            "USER_AUTH", USERNAME="nobody", PREFERRED_CHALLENGE="PASSWORD", PASSWORD="x"
        )


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
    with pytest.raises(Refused, match="UnauthorizedException"):
        await wire.call("RevokeToken", ClientId=stranger.id, Token=refresh)
    await wire.call("RevokeToken", ClientId=wire.client.id, Token="never issued")


async def test_feedback_needs_threat_protection(wire: Wire) -> None:
    feedback = {"EventId": "1", "FeedbackToken": "x", "FeedbackValue": "Valid"}
    with pytest.raises(Refused, match="UserPoolAddOnNotEnabledException"):
        await wire.call(
            "UpdateAuthEventFeedback", UserPoolId=wire.pool.id, Username="ada", **feedback
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
