"""Where a flow stands after the service has refused, has not answered, or has answered nonsense."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from auth_flow import (
    AnswerChallenge,
    AuthFlow,
    AutoSignIn,
    Cancel,
    ConfirmationRequired,
    EnterCode,
    Idle,
    PasswordResetRequired,
    SignIn,
)
from auth_flow.errors import (
    AuthFlowError,
    ConnectionLost,
    MalformedResponse,
    ServiceError,
    SessionExpired,
    TimedOut,
    UnknownChallenge,
)
from auth_flow.states import Record, SignInOptions
from auth_flow.states.steps import AutoSignInReady

from .scripted import (
    ASSOCIATE,
    POOL,
    SMS,
    Clock,
    Exchange,
    Reply,
    Script,
    challenge,
    initiate,
    refusal,
    respond,
    tokens,
)

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")
SMS_NAME = "CONFIRM_SIGN_IN_WITH_SMS_CODE"
UNREADABLE = MalformedResponse("no JSON", operation="RespondToAuthChallenge")


def begun(reply: Reply) -> Exchange:
    return initiate("USER_PASSWORD_AUTH", reply, USERNAME="ada", PASSWORD="correct horse")


def answered(reply: Reply) -> Exchange:
    return respond("SMS_MFA", "session-1", reply, USERNAME="ada", SMS_MFA_CODE="1")


# A challenge answer


@pytest.mark.parametrize(
    "error",
    [
        *map(
            refusal,
            (
                "CodeMismatchException",
                "ExpiredCodeException",
                "InvalidParameterException",
                "InvalidPasswordException",
                "PasswordHistoryPolicyViolationException",
                "LimitExceededException",
                "TooManyRequestsException",
                "TooManyFailedAttemptsException",
                "UserLambdaValidationException",
                "AliasExistsException",
                "ForbiddenException",
                "ANewException",
            ),
        ),
        refusal("InternalErrorException", status=500),
        TimedOut("late", operation="RespondToAuthChallenge", retryable=True),
    ],
    ids=lambda error: error.name,
)
async def test_an_answer_that_may_be_given_again_keeps_the_step(
    script: Script, at_sms_code: AuthFlow, error: AuthFlowError
) -> None:
    before = at_sms_code.record
    script.expect(answered(error))
    with pytest.raises(type(error)) as caught:
        await at_sms_code.send(EnterCode(code="1"))
    assert caught.value is error
    assert at_sms_code.record == before
    script.expect(answered(tokens()))
    assert (await at_sms_code.send(EnterCode(code="1"))).name == "DONE"


@pytest.mark.parametrize("name", ["NotAuthorizedException", "UserNotFoundException"])
async def test_an_answer_that_ends_the_session(
    script: Script, at_sms_code: AuthFlow, name: str
) -> None:
    script.expect(answered(refusal(name, "Incorrect username or password.")))
    with pytest.raises(ServiceError) as caught:
        await at_sms_code.send(EnterCode(code="1"))
    assert caught.value.name == name
    assert at_sms_code.record == Record()


@pytest.mark.parametrize(
    "message",
    [
        "Invalid session for the user.",
        "Invalid session for the user, session is expired.",
        "Session is expired",
        "invalid SESSION",
    ],
)
async def test_the_service_says_that_the_session_is_over(
    script: Script, at_sms_code: AuthFlow, message: str
) -> None:
    error = refusal("NotAuthorizedException", message)
    script.expect(answered(error))
    with pytest.raises(SessionExpired) as caught:
        await at_sms_code.send(EnterCode(code="1"))
    assert caught.value.name == "SessionExpired"
    assert caught.value.__cause__ is error
    assert at_sms_code.record == Record()


async def test_too_many_wrong_codes_are_not_reported_as_too_late(
    script: Script, at_sms_code: AuthFlow, clock: Clock
) -> None:
    record = at_sms_code.record
    invalid = refusal("NotAuthorizedException", "Invalid session for the user.")
    script.expect(answered(invalid))
    with pytest.raises(SessionExpired, match="too many wrong answers") as caught:
        await at_sms_code.send(EnterCode(code="1"))
    assert not caught.value.timed_out
    late = AuthFlow(POOL, transport=script, record=record, clock=clock)
    clock.now += 180
    with pytest.raises(SessionExpired, match="time") as caught:
        await late.send(EnterCode(code="1"))
    assert caught.value.timed_out


async def test_the_session_is_over_while_an_app_is_set_up(script: Script, flow: AuthFlow) -> None:
    setup = challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    script.expect(initiate("CUSTOM_AUTH", setup, USERNAME="ada"), ASSOCIATE)
    await flow.send(SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"))
    error = refusal("NotAuthorizedException", "Invalid session for the user, session is expired.")
    script.expect(
        Exchange("VerifySoftwareToken", {"UserCode": "123456", "Session": "session-2"}, error)
    )
    with pytest.raises(SessionExpired):
        await flow.send(EnterCode(code="123456"))
    assert flow.step == Idle()


# The clock


async def test_the_flows_own_clock_says_that_the_session_is_over(
    script: Script, at_sms_code: AuthFlow, clock: Clock
) -> None:
    clock.now += 179.9
    script.expect(answered(refusal("CodeMismatchException")))
    with pytest.raises(ServiceError):
        await at_sms_code.send(EnterCode(code="1"))
    clock.now += 0.1
    with pytest.raises(SessionExpired):
        await at_sms_code.send(EnterCode(code="1"))
    assert at_sms_code.record == Record()
    script.expect(begun(SMS))
    assert (await at_sms_code.send(SIGN_IN)).name == SMS_NAME


async def test_each_reply_with_a_session_starts_the_time_anew(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    script.expect(initiate("CUSTOM_AUTH", challenge("CUSTOM_CHALLENGE"), USERNAME="ada"))
    await flow.send(SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP"))
    for _ in range(3):
        clock.now += 179
        script.expect(
            respond(
                "CUSTOM_CHALLENGE",
                "session-1",
                challenge("CUSTOM_CHALLENGE"),
                USERNAME="ada",
                ANSWER="a",
            )
        )
        await flow.send(AnswerChallenge(answer="a"))
        assert (flow.record.issued_at, flow.record.expires_at) == (clock.now, clock.now + 180)


async def test_how_long_a_session_lives_is_the_app_clients_choice(
    script: Script, clock: Clock
) -> None:
    flow = AuthFlow(
        POOL.model_copy(update={"auth_session_validity": 900}), transport=script, clock=clock
    )
    script.expect(begun(SMS))
    await flow.send(SIGN_IN)
    clock.now += 899
    script.expect(answered(tokens()))
    assert (await flow.send(EnterCode(code="1"))).name == "DONE"


async def test_an_expired_flow_can_be_cancelled_and_replaced(
    script: Script, at_sms_code: AuthFlow, clock: Clock
) -> None:
    record = at_sms_code.record
    clock.now += 1000
    assert await at_sms_code.send(Cancel()) == Idle()
    script.expect(begun(SMS))
    other = AuthFlow(POOL, transport=script, record=record, clock=clock)
    assert (await other.send(SIGN_IN)).name == SMS_NAME


# A way in


@pytest.mark.parametrize(
    "name",
    [
        "NotAuthorizedException",
        "UserNotFoundException",
        "InvalidParameterException",
        "UserLambdaValidationException",
        "ANewOne",
    ],
)
async def test_a_refused_sign_in_leaves_idle_also_where_it_replaced_another(
    script: Script, at_sms_code: AuthFlow, name: str
) -> None:
    script.expect(initiate("USER_AUTH", refusal(name, "Invalid session."), USERNAME="bob"))
    with pytest.raises(ServiceError) as caught:
        await at_sms_code.send(SignIn(username="bob", auth_flow_type="USER_AUTH"))
    assert caught.value.name == name
    assert at_sms_code.record == Record()


@pytest.mark.parametrize(
    "name",
    [
        "TooManyRequestsException",
        "LimitExceededException",
        "TooManyFailedAttemptsException",
        "InternalErrorException",
    ],
)
async def test_a_throttled_sign_in_leaves_idle_too(
    script: Script, at_sms_code: AuthFlow, name: str
) -> None:
    script.expect(initiate("USER_AUTH", refusal(name), USERNAME="bob"))
    with pytest.raises(ServiceError) as caught:
        await at_sms_code.send(SignIn(username="bob", auth_flow_type="USER_AUTH"))
    assert caught.value.retryable
    assert at_sms_code.record == Record()


@pytest.mark.parametrize(
    "error", [UNREADABLE, ConnectionLost("gone", operation="InitiateAuth")], ids=lambda e: e.name
)
async def test_a_sign_in_without_a_usable_reply_keeps_the_step(
    script: Script, at_sms_code: AuthFlow, error: AuthFlowError
) -> None:
    before = at_sms_code.record
    script.expect(initiate("USER_AUTH", error, USERNAME="bob"))
    with pytest.raises(type(error)):
        await at_sms_code.send(SignIn(username="bob", auth_flow_type="USER_AUTH"))
    assert at_sms_code.record == before


@pytest.mark.parametrize(
    "name", ["NotAuthorizedException", "TooManyRequestsException", "InvalidParameterException"]
)
async def test_a_failed_auto_sign_in_leaves_idle(script: Script, clock: Clock, name: str) -> None:
    ready = Record(
        step=AutoSignInReady(),
        login_id="ada",
        sign_in_options=SignInOptions(auth_flow_type="USER_AUTH"),
    )
    flow = AuthFlow(POOL, transport=script, record=ready, clock=clock)
    script.expect(initiate("USER_AUTH", refusal(name), USERNAME="ada"))
    with pytest.raises(ServiceError):
        await flow.send(AutoSignIn())
    assert flow.record == Record()


async def test_the_session_of_a_sign_up_may_be_over_by_the_services_word(
    script: Script, clock: Clock
) -> None:
    ready = Record(
        step=AutoSignInReady(), login_id="ada", session=SecretStr("up-2"), expires_at=clock.now + 60
    )
    flow = AuthFlow(POOL, transport=script, record=ready, clock=clock)
    error = refusal("NotAuthorizedException", "Invalid session for the user, session is expired.")
    script.expect(initiate("USER_AUTH", error, session="up-2", USERNAME="ada"))
    with pytest.raises(SessionExpired):
        await flow.send(AutoSignIn())
    assert flow.record == Record()


# Errors that are a step


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("UserNotConfirmedException", ConfirmationRequired()),
        ("PasswordResetRequiredException", PasswordResetRequired()),
    ],
)
async def test_an_account_that_is_not_in_order_is_a_step(
    script: Script,
    at_sms_code: AuthFlow,
    name: str,
    step: ConfirmationRequired | PasswordResetRequired,
) -> None:
    script.expect(answered(refusal(name)))
    assert await at_sms_code.send(EnterCode(code="1")) == step
    script.expect(begun(refusal(name)))
    assert await at_sms_code.send(SIGN_IN) == step
    assert at_sms_code.history[-1].error is None


# Unknown challenges


@pytest.mark.parametrize("name", ["CAPTCHA", "ADMIN_NO_SRP_AUTH", "PASSWORD_VERIFIER"])
async def test_an_unknown_challenge_loses_nothing(
    script: Script, at_sms_code: AuthFlow, name: str
) -> None:
    before = at_sms_code.record
    script.expect(answered(challenge(name, "session-2")))
    with pytest.raises(UnknownChallenge, match=name) as caught:
        await at_sms_code.send(EnterCode(code="1"))
    assert (caught.value.challenge, caught.value.name) == (name, "UnknownChallenge")
    assert at_sms_code.record == before
    script.expect(initiate("USER_AUTH", challenge(name), USERNAME="bob"))
    with pytest.raises(UnknownChallenge):
        await at_sms_code.send(SignIn(username="bob", auth_flow_type="USER_AUTH"))
    assert at_sms_code.record == before
