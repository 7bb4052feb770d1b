"""A request whose fate is unknown is never sent again."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from auth_flow import (
    AuthFlow,
    AutoSignIn,
    Cancel,
    ConfirmResetPassword,
    ConfirmSignUp,
    Done,
    EnterCode,
    Event,
    Idle,
    Record,
    ResendCode,
    ResetPassword,
    SignIn,
    SignInOptions,
    SignUp,
)
from auth_flow.errors import (
    AuthFlowError,
    CodeMismatchException,
    ConnectFailed,
    ConnectionLost,
    FateUnknown,
    MalformedResponse,
    SessionExpired,
    TimedOut,
)
from auth_flow.states.steps import AutoSignInReady, ConfirmationRequired, PasswordResetCode

from .scripted import (
    POOL,
    SMS,
    Clock,
    Exchange,
    Reply,
    Script,
    account,
    delivery,
    initiate,
    refusal,
    respond,
    tokens,
)

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")
CODE = EnterCode(code="1")


def answered(reply: Reply) -> Exchange:
    return respond("SMS_MFA", "session-1", reply, USERNAME="ada", SMS_MFA_CODE="1")


def begun(reply: Reply) -> Exchange:
    return initiate("USER_PASSWORD_AUTH", reply, USERNAME="ada", PASSWORD="correct horse")


def lost(operation: str = "RespondToAuthChallenge") -> ConnectionLost:
    return ConnectionLost("gone", operation=operation)


@pytest.mark.parametrize(
    "error",
    [
        lost(),
        TimedOut("late", operation="RespondToAuthChallenge"),
        MalformedResponse("no JSON", operation="RespondToAuthChallenge"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_answer_that_may_have_been_taken_is_not_sent_again(
    script: Script, at_sms_code: AuthFlow, clock: Clock, error: AuthFlowError
) -> None:
    script.expect(answered(error))
    with pytest.raises(type(error)) as first:
        await at_sms_code.send(CODE)
    assert not first.value.retryable
    step, sent_at = at_sms_code.step, clock.now
    clock.now += 10
    for event in (CODE, EnterCode(code="2"), at_sms_code.step.answer("3")):
        with pytest.raises(FateUnknown) as caught:
            await at_sms_code.send(event)
        assert (caught.value.event, caught.value.at) == ("enter_code", sent_at)
        assert not caught.value.retryable
        assert at_sms_code.step == step
    script.expect(begun(SMS))
    await at_sms_code.send(SIGN_IN)
    script.expect(answered(tokens()))
    assert isinstance(await at_sms_code.send(CODE), Done)


@pytest.mark.parametrize(
    "error",
    [
        refusal("CodeMismatchException"),
        refusal("InternalErrorException", status=500),
        ConnectFailed("no way", operation="RespondToAuthChallenge", retryable=True),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_answer_that_was_refused_may_be_sent_again(
    script: Script, at_sms_code: AuthFlow, error: AuthFlowError
) -> None:
    before = at_sms_code.record
    script.expect(answered(error))
    with pytest.raises(type(error)):
        await at_sms_code.send(CODE)
    assert at_sms_code.record == before
    script.expect(answered(tokens()))
    assert isinstance(await at_sms_code.send(CODE), Done)


async def test_a_sign_in_may_begin_anew(script: Script, flow: AuthFlow) -> None:
    script.expect(begun(lost("InitiateAuth")))
    with pytest.raises(ConnectionLost):
        await flow.send(SIGN_IN)
    assert flow.record == Record()
    script.expect(begun(SMS))
    await flow.send(SIGN_IN)


async def test_a_sign_in_that_failed_does_not_hide_what_was_sent_before(
    script: Script, at_sms_code: AuthFlow
) -> None:
    script.expect(answered(lost()))
    with pytest.raises(ConnectionLost):
        await at_sms_code.send(CODE)
    script.expect(begun(lost("InitiateAuth")))
    with pytest.raises(ConnectionLost):
        await at_sms_code.send(SIGN_IN)
    with pytest.raises(FateUnknown):
        await at_sms_code.send(CODE)


async def test_what_was_sent_is_forgotten_by_cancelling(
    script: Script, at_sms_code: AuthFlow
) -> None:
    script.expect(answered(lost()))
    with pytest.raises(ConnectionLost):
        await at_sms_code.send(CODE)
    assert isinstance(await at_sms_code.send(Cancel()), Idle)
    assert at_sms_code.record == Record()


async def test_the_time_for_the_answer_runs_out_all_the_same(
    script: Script, at_sms_code: AuthFlow, clock: Clock
) -> None:
    script.expect(answered(lost()))
    with pytest.raises(ConnectionLost):
        await at_sms_code.send(CODE)
    clock.now += 181
    with pytest.raises(SessionExpired):
        await at_sms_code.send(CODE)


async def _lost_sign_up(script: Script, flow: AuthFlow) -> None:
    event = SignUp(username="ada", password="correct horse")
    script.expect(account("SignUp", "ada", lost("SignUp"), Password="correct horse"))
    with pytest.raises(ConnectionLost):
        await flow.send(event)
    with pytest.raises(FateUnknown):
        await flow.send(event)
    assert isinstance(flow.step, Idle)


@pytest.mark.parametrize(
    ("event", "exchange"),
    [
        (ConfirmSignUp(code="1"), account("ConfirmSignUp", "ada", {}, ConfirmationCode="1")),
        (ResendCode(), account("ResendConfirmationCode", "ada", delivery())),
    ],
    ids=["as if it was done", "ask again"],
)
async def test_the_ways_on_from_a_sign_up(
    script: Script, flow: AuthFlow, event: Event, exchange: Exchange
) -> None:
    await _lost_sign_up(script, flow)
    script.expect(exchange)
    await flow.send(event)
    assert flow.record.unanswered is None


async def test_a_sign_up_is_not_forgotten_when_the_code_cannot_be_sent(
    script: Script, flow: AuthFlow
) -> None:
    await _lost_sign_up(script, flow)
    refused = refusal("LimitExceededException", operation="ResendConfirmationCode")
    script.expect(account("ResendConfirmationCode", "ada", refused))
    with pytest.raises(AuthFlowError):
        await flow.send(ResendCode())
    with pytest.raises(FateUnknown):
        await flow.send(SignUp(username="ada", password="correct horse"))


async def test_a_sign_up_is_forgotten_when_its_confirmation_is_refused(
    script: Script, flow: AuthFlow
) -> None:
    await _lost_sign_up(script, flow)
    refused = refusal("CodeMismatchException", operation="ConfirmSignUp")
    script.expect(account("ConfirmSignUp", "ada", refused, ConfirmationCode="1"))
    with pytest.raises(CodeMismatchException):
        await flow.send(ConfirmSignUp(code="1"))
    assert flow.record.unanswered is None


@pytest.mark.parametrize("event", [CODE, ConfirmSignUp(code="1")], ids=lambda event: event.name)
async def test_a_confirmation_that_may_have_been_taken_is_not_sent_again(
    script: Script, clock: Clock, event: Event
) -> None:
    waiting = Record(step=ConfirmationRequired(), login_id="ada")
    flow = AuthFlow(POOL, transport=script, record=waiting, clock=clock)
    script.expect(account("ConfirmSignUp", "ada", lost("ConfirmSignUp"), ConfirmationCode="1"))
    with pytest.raises(ConnectionLost):
        await flow.send(event)
    for again in (CODE, ConfirmSignUp(code="2")):
        with pytest.raises(FateUnknown):
            await flow.send(again)
    script.expect(account("ResendConfirmationCode", "ada", delivery()))
    await flow.send(ResendCode())
    script.expect(account("ConfirmSignUp", "ada", {}, ConfirmationCode="1"))
    assert isinstance(await flow.send(CODE), Done)


async def test_a_reset_that_may_have_been_taken_is_not_sent_again(
    script: Script, clock: Clock
) -> None:
    waiting = Record(step=PasswordResetCode(), login_id="ada")
    flow = AuthFlow(POOL, transport=script, record=waiting, clock=clock)
    event = ConfirmResetPassword(code="1", new_password="new horse")
    members = {"ConfirmationCode": "1", "Password": "new horse"}
    script.expect(account("ConfirmForgotPassword", "ada", lost("ConfirmForgotPassword"), **members))
    with pytest.raises(ConnectionLost):
        await flow.send(event)
    with pytest.raises(FateUnknown):
        await flow.send(event)
    script.expect(account("ForgotPassword", "ada", delivery()))
    await flow.send(ResendCode())
    refused = refusal("CodeMismatchException", operation="ConfirmForgotPassword")
    script.expect(account("ConfirmForgotPassword", "ada", refused, **members))
    with pytest.raises(CodeMismatchException):
        await flow.send(event)


async def test_asking_for_a_reset_may_begin_anew(script: Script, flow: AuthFlow) -> None:
    script.expect(account("ForgotPassword", "ada", lost("ForgotPassword")))
    with pytest.raises(ConnectionLost):
        await flow.send(ResetPassword(username="ada"))
    script.expect(account("ForgotPassword", "ada", delivery()))
    await flow.send(ResetPassword(username="ada"))


async def test_the_session_of_a_sign_up_is_used_once(script: Script, clock: Clock) -> None:
    ready = Record(
        step=AutoSignInReady(), login_id="ada", session=SecretStr("up"), expires_at=clock.now + 60
    )
    flow = AuthFlow(POOL, transport=script, record=ready, clock=clock)
    script.expect(initiate("USER_AUTH", lost("InitiateAuth"), session="up", USERNAME="ada"))
    with pytest.raises(ConnectionLost):
        await flow.send(AutoSignIn())
    with pytest.raises(FateUnknown):
        await flow.send(AutoSignIn())


async def test_without_the_session_of_a_sign_up_the_sign_in_may_begin_anew(
    script: Script, clock: Clock
) -> None:
    ready = Record(
        step=AutoSignInReady(),
        login_id="ada",
        session=SecretStr("up"),
        expires_at=clock.now,
        sign_in_options=SignInOptions(auth_flow_type="USER_AUTH"),
    )
    flow = AuthFlow(POOL, transport=script, record=ready, clock=clock)
    script.expect(initiate("USER_AUTH", lost("InitiateAuth"), USERNAME="ada"))
    with pytest.raises(ConnectionLost):
        await flow.send(AutoSignIn())
    script.expect(initiate("USER_AUTH", SMS, USERNAME="ada"))
    await flow.send(AutoSignIn())


async def test_the_mark_survives_in_another_process(
    script: Script, at_sms_code: AuthFlow, clock: Clock
) -> None:
    script.expect(answered(lost()))
    with pytest.raises(ConnectionLost):
        await at_sms_code.send(CODE)
    values = at_sms_code.record.to_json()
    assert values["unanswered"] == {"event": "enter_code", "at": clock.now}
    elsewhere = AuthFlow(
        POOL, transport=Script(), record=Record.model_validate(values), clock=clock
    )
    with pytest.raises(FateUnknown):
        await elsewhere.send(CODE)
