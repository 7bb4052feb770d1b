"""Replies that are not what the service model says: at every request a typed error, and the flow
where it was.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from auth_flow import (
    AuthFlow,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    ResendCode,
    ResetPassword,
    SignIn,
    SignUp,
    TotpSetup,
)
from auth_flow.errors import MalformedResponse, ResponseError, UnknownChallenge
from auth_flow.states import CodeDelivery, Event, Record
from auth_flow.states._fate import answered
from auth_flow.states._replies import AuthReply, SoftwareTokenReply
from auth_flow.states.steps import SmsCode

from .scripted import (
    ASSOCIATE,
    POOL,
    Clock,
    Exchange,
    Json,
    Script,
    account,
    challenge,
    initiate,
    jwt,
    respond,
    tokens,
)

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP")

ANSWERS: dict[str, Any] = {
    "nothing": {},
    "neither tokens nor a challenge": {"ChallengeParameters": {}},
    "a challenge of another type": {"ChallengeName": 5, "Session": "s"},
    "a challenge in a list": {"ChallengeName": ["SMS_MFA"], "Session": "s"},
    "a session of another type": {"ChallengeName": "SMS_MFA", "Session": {"s": 1}},
    "parameters of another type": {
        "ChallengeName": "SMS_MFA",
        "Session": "s",
        "ChallengeParameters": "x",
    },
    "a parameter of another type": {
        "ChallengeName": "SMS_MFA",
        "Session": "s",
        "ChallengeParameters": {"a": 5},
    },
    "a parameter that is null": {
        "ChallengeName": "SMS_MFA",
        "Session": "s",
        "ChallengeParameters": {"a": None},
    },
    "choices of another type": {
        "ChallengeName": "SELECT_CHALLENGE",
        "Session": "s",
        "AvailableChallenges": "PASSWORD",
    },
    "a choice of another type": {
        "ChallengeName": "SELECT_CHALLENGE",
        "Session": "s",
        "AvailableChallenges": [1],
    },
    "second factors that are no JSON": challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE="[SMS_MFA"),
    "second factors that are no list": challenge(
        "SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='{"SMS_MFA": 1}'
    ),
    "second factors that are no names": challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE="[1]"),
    "no second factor to choose": challenge("SELECT_MFA_TYPE"),
    "no second factor that is known": challenge("SELECT_MFA_TYPE", MFAS_CAN_CHOOSE='["A_NEW_ONE"]'),
    "set-ups that are no JSON": challenge("MFA_SETUP", MFAS_CAN_SETUP="EMAIL_OTP"),
    "set-ups that are none": challenge("MFA_SETUP"),
    "set-ups of SMS only": challenge("MFA_SETUP", MFAS_CAN_SETUP='["SMS_MFA"]'),
    "attributes that are no JSON": challenge("NEW_PASSWORD_REQUIRED", requiredAttributes="x"),
    "attributes that are no list": challenge("NEW_PASSWORD_REQUIRED", requiredAttributes='"email"'),
    "a passkey without options": challenge("WEB_AUTHN"),
    "a passkey with options that are no JSON": challenge(
        "WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS="{"
    ),
    "a passkey with options that are no object": challenge(
        "WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS="[]"
    ),
    "a passkey with empty options": challenge("WEB_AUTHN", CREDENTIAL_REQUEST_OPTIONS="{}"),
    "tokens of another type": {"AuthenticationResult": "tokens"},
    "tokens without an access token": tokens(AccessToken=None),
    "tokens that are none": {"AuthenticationResult": {}},
    "an empty access token": tokens(AccessToken=""),
    "an access token of another type": tokens(AccessToken=5),
    "an access token that is no JWT": tokens(AccessToken="opaque"),
    "an access token that is no base64": tokens(AccessToken="a.b.c"),
    "an access token that is no ASCII": tokens(AccessToken="a.é.c"),
    "an access token that is no JSON": tokens(AccessToken="a.eHh4.c"),
    "an access token that is no object": tokens(AccessToken="a.W10.c"),
    "an access token without a subject": tokens(AccessToken=jwt(username="ada")),
    "an access token with a subject of another type": tokens(AccessToken=jwt(sub=[1])),
    "an id token of another type": tokens(IdToken=[]),
    "an id token that is no JWT": tokens(IdToken="opaque"),
    "a refresh token of another type": tokens(RefreshToken=1),
    "an expiry of another type": tokens(ExpiresIn="soon"),
    "no object": ["SMS_MFA"],
    "null": None,
    "text": "<html>",
}


def test_one_character_is_a_session_and_a_secret() -> None:
    session = AuthReply.read("InitiateAuth", challenge("SMS_MFA", "s")).session
    secret = SoftwareTokenReply.read("AssociateSoftwareToken", {"SecretCode": "A"}).secret_code
    assert (session, secret) == (SecretStr("s"), SecretStr("A"))


@pytest.mark.parametrize("reply", ANSWERS.values(), ids=ANSWERS.keys())
async def test_at_initiate_auth(script: Script, flow: AuthFlow, reply: Any) -> None:
    script.expect(initiate("CUSTOM_AUTH", reply, USERNAME="ada"))
    await refused(flow, SIGN_IN, "InitiateAuth")


@pytest.mark.parametrize("reply", ANSWERS.values(), ids=ANSWERS.keys())
async def test_at_respond_to_auth_challenge(
    script: Script, at_sms_code: AuthFlow, reply: Any
) -> None:
    script.expect(respond("SMS_MFA", "session-1", reply, USERNAME="ada", SMS_MFA_CODE="1"))
    await refused(at_sms_code, EnterCode(code="1"), "RespondToAuthChallenge")


@pytest.mark.parametrize("reply", ANSWERS.values(), ids=ANSWERS.keys())
async def test_at_the_request_after_the_first(script: Script, clock: Clock, reply: Any) -> None:
    step = TotpSetup(shared_secret="S", setup_uri="u")
    flow = at(
        Record(step=step, challenge="MFA_SETUP", session=SecretStr("session-1"), username="ada"),
        script,
        clock,
    )
    script.expect(
        Exchange(
            "VerifySoftwareToken",
            {"UserCode": "123456", "Session": "session-1"},
            {"Status": "SUCCESS", "Session": "v"},
        ),
        respond("MFA_SETUP", "v", reply, USERNAME="ada"),
    )
    times = {"issued_at": clock(), "expires_at": clock() + POOL.auth_session_validity}
    await refused(
        flow, EnterCode(code="123456"), "RespondToAuthChallenge", session=SecretStr("v"), **times
    )


async def test_a_challenge_without_a_session_cannot_be_answered(
    script: Script, at_sms_code: AuthFlow
) -> None:
    reply: Json = {"ChallengeName": "SMS_MFA", "ChallengeParameters": {}}
    script.expect(respond("SMS_MFA", "session-1", reply, USERNAME="ada", SMS_MFA_CODE="1"))
    with pytest.raises(MalformedResponse, match="session"):
        await at_sms_code.send(EnterCode(code="1"))
    assert at_sms_code.record == Record()  # session-1 is used up


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"SecretCode": None},
        {"SecretCode": ""},
        {"SecretCode": 5},
        {"SecretCode": "S", "Session": 5},
        [],
        None,
    ],
    ids=repr,
)
async def test_at_associate_software_token(script: Script, flow: AuthFlow, reply: Any) -> None:
    setup = challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    script.expect(initiate("CUSTOM_AUTH", setup, USERNAME="ada"), ASSOCIATE._replace(reply=reply))
    await refused(flow, SIGN_IN, "AssociateSoftwareToken")


@pytest.mark.parametrize(
    "reply",
    [{}, {"Status": 1}, {"Status": None}, {"Status": "SUCCESS", "Session": 5}, [], None],
    ids=repr,
)
async def test_at_verify_software_token(script: Script, clock: Clock, reply: Any) -> None:
    step = TotpSetup(shared_secret="S", setup_uri="u")
    flow = at(
        Record(step=step, challenge="MFA_SETUP", session=SecretStr("session-1"), username="ada"),
        script,
        clock,
    )
    script.expect(
        Exchange("VerifySoftwareToken", {"UserCode": "123456", "Session": "session-1"}, reply)
    )
    await refused(flow, EnterCode(code="123456"), "VerifySoftwareToken")


CONFIRMATIONS: tuple[Any, ...] = ({"Session": 5}, [], None)
DELIVERIES: tuple[Any, ...] = (
    {"CodeDeliveryDetails": "x"},
    {"CodeDeliveryDetails": {"Destination": 5}},
    [],
    None,
)


@pytest.mark.parametrize(
    ("event", "exchange", "reply"),
    [
        *[
            (SignUp(username="ada"), ("SignUp", {}), reply)
            for reply in (
                *DELIVERIES,
                {},
                {"UserConfirmed": False},
                {"UserSub": "u"},
                {"UserConfirmed": "no", "UserSub": "u"},
                {"UserConfirmed": False, "UserSub": 5},
                {"UserConfirmed": False, "UserSub": "u", "Session": 5},
                {"UserConfirmed": False, "UserSub": "u", "CodeDeliveryDetails": []},
            )
        ],
        *[
            (
                ConfirmSignUp(username="ada", code="1"),
                ("ConfirmSignUp", {"ConfirmationCode": "1"}),
                reply,
            )
            for reply in CONFIRMATIONS
        ],
        *[
            (ResendCode(username="ada"), ("ResendConfirmationCode", {}), reply)
            for reply in DELIVERIES
        ],
        *[(ResetPassword(username="ada"), ("ForgotPassword", {}), reply) for reply in DELIVERIES],
    ],
    ids=repr,
)
async def test_at_the_operations_on_accounts(
    script: Script, flow: AuthFlow, event: Event, exchange: tuple[str, Json], reply: Any
) -> None:
    operation, members = exchange
    script.expect(account(operation, "ada", reply, **members))
    await refused(flow, event, operation)


@pytest.mark.parametrize(
    "reply",
    [
        {**challenge("SMS_MFA"), "AvailableChallenges": None, "AuthenticationResult": None},
        {"ChallengeName": "SMS_MFA", "Session": "session-1", "ChallengeParameters": None},
        {**challenge("SMS_MFA"), "ANewMember": {"of": ["any", "kind"]}, "operation": 5},
    ],
)
async def test_null_is_absent_and_new_members_are_ignored(
    script: Script, flow: AuthFlow, reply: Json
) -> None:
    script.expect(initiate("CUSTOM_AUTH", reply, USERNAME="ada"))
    assert await flow.send(SIGN_IN) == SmsCode(code_delivery=CodeDelivery())


async def test_a_password_reset_is_confirmed_by_any_object(script: Script, flow: AuthFlow) -> None:
    script.expect(
        account("ConfirmForgotPassword", "ada", {}, ConfirmationCode="1", Password="new horse")
    )
    event = ConfirmResetPassword(username="ada", code="1", new_password="new horse")
    assert (await flow.send(event)).name == "DONE"


def at(record: Record, script: Script, clock: Clock) -> AuthFlow:
    return AuthFlow(POOL, transport=script, record=record, clock=clock)


async def refused(flow: AuthFlow, event: Event, operation: str, **kept: Any) -> None:
    """The reply to `operation` is refused by name, and the flow has not moved, but for what was
    `kept` before.
    """
    before = flow.record.model_copy(update=kept)
    with pytest.raises(ResponseError) as caught:
        await flow.send(event)
    assert answered(flow.record) == before.model_copy(update={"login_id": flow.record.login_id})
    assert flow.history[-1].error == caught.value.name
    if isinstance(caught.value, MalformedResponse):
        assert caught.value.operation == operation
        assert not caught.value.retryable


async def test_first_factors_of_which_none_is_known(script: Script, flow: AuthFlow) -> None:
    reply: Json = {
        "ChallengeName": "SELECT_CHALLENGE",
        "Session": "s",
        "AvailableChallenges": ["PHONE_CALL", "SMOKE_SIGNAL"],
    }
    script.expect(initiate("CUSTOM_AUTH", reply, USERNAME="ada"))
    with pytest.raises(UnknownChallenge, match="PHONE_CALL, SMOKE_SIGNAL"):
        await flow.send(SIGN_IN)
    assert flow.record == Record()


@pytest.mark.parametrize(
    "reply",
    [
        tokens(AccessToken=["eyJ-secret"]),
        tokens(AccessToken="eyJ-secret"),
        challenge("MFA_SETUP", MFAS_CAN_SETUP="eyJ-secret"),
    ],
)
async def test_what_was_read_is_not_behind_the_error_either(
    script: Script, flow: AuthFlow, reply: Any
) -> None:
    script.expect(initiate("CUSTOM_AUTH", reply, USERNAME="ada"))
    with pytest.raises(MalformedResponse) as raised:
        await flow.send(SIGN_IN)
    assert (raised.value.__context__, raised.value.__cause__) == (None, None)
