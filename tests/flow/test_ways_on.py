"""The ways on that a form offers after the reply to an event was lost."""

from __future__ import annotations

import contextlib

import pytest

from auth_flow import AuthFlow, Cancel, Done, Form, Idle, Record, SignIn, SignInOptions, SignUp
from auth_flow.errors import (
    AuthFlowError,
    ConnectionLost,
    GuardRejected,
    LimitExceededException,
)
from auth_flow.states.steps import ConfirmationRequired, PasswordResetCode, SmsCode

from .scripted import (
    POOL,
    SMS,
    Clock,
    Script,
    account,
    delivery,
    initiate,
    refusal,
    respond,
    tokens,
)

pytestmark = pytest.mark.anyio

PASSWORD = SignInOptions(auth_flow_type="USER_PASSWORD_AUTH")


def lost(operation: str) -> ConnectionLost:
    return ConnectionLost("gone", operation=operation)


async def sent(flow: AuthFlow, action: str = "submit", **values: str) -> Form:
    """Press an action of the flow's form, and return the next form."""
    with contextlib.suppress(AuthFlowError):
        await flow.send(flow.fill(values, action))
    return flow.form()


async def test_an_idle_flow_offers_the_name_of_the_user_before(
    script: Script, at_sms_code: AuthFlow
) -> None:
    for _ in range(2):
        await at_sms_code.send(Cancel())
        assert at_sms_code.form().fields[0].value == "ada"
    script.expect(initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="bob", PASSWORD="horse"))
    await at_sms_code.send(SignIn(username="bob", password="horse", **dict(PASSWORD)))
    await at_sms_code.session.sign_out()
    assert at_sms_code.history[-1][1:] == ("end_session", "DONE", "IDLE", None)
    assert at_sms_code.form().fields[0].value == "bob"


async def test_a_form_that_is_sent_empty_is_not_filled_in_correctly(flow: AuthFlow) -> None:
    with pytest.raises(GuardRejected):
        flow.fill()


async def test_a_refusal_is_described_by_what_was_asked(script: Script, flow: AuthFlow) -> None:
    refused = refusal("NotAuthorizedException")
    script.expect(account("SignUp", "ada", refused, Password="horse"))
    with pytest.raises(AuthFlowError):
        await flow.send(SignUp(username="ada", password="horse"))
    problem = flow.form("SIGN_UP").problem
    assert problem is not None
    assert problem.code == "refused"


async def test_a_code_leads_to_a_new_sign_in(script: Script, flow: AuthFlow) -> None:
    begun = initiate("USER_PASSWORD_AUTH", SMS, USERNAME="ada", PASSWORD="horse")
    script.expect(begun)
    await flow.send(SignIn(username="ada", password="horse", **dict(PASSWORD)))
    script.expect(
        respond("SMS_MFA", "session-1", lost("R"), USERNAME="ada", SMS_MFA_CODE="1"),
    )
    form = await sent(flow, code="1")
    assert (form.name, str(form.title), form.questions) == (SmsCode.name, "Sign in again", ())
    assert "not sent again" in str(form.problem)
    script.expect(begun)
    form = await sent(flow)
    assert form.problem is None
    assert [field.name for field in form.questions] == ["code"]


async def test_the_password_is_asked_for_if_the_flow_does_not_hold_it(
    script: Script, clock: Clock
) -> None:
    waiting = Record(step=ConfirmationRequired(), login_id="ada", sign_in_options=PASSWORD)
    flow = AuthFlow(POOL, transport=script, record=waiting, clock=clock)
    script.expect(account("ConfirmSignUp", "ada", lost("ConfirmSignUp"), ConfirmationCode="1"))
    form = await sent(flow, code="1")
    assert [field.name for field in form.questions] == ["password"]
    assert [action.name for action in form.actions] == ["submit", "resend_code", "cancel"]
    script.expect(
        initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="ada", PASSWORD="horse"),
    )
    await flow.send(flow.fill({"password": "horse"}))
    assert isinstance(flow.step, Done)


async def test_another_code_can_be_asked_for(script: Script, clock: Clock) -> None:
    waiting = Record(step=ConfirmationRequired(), login_id="ada")
    flow = AuthFlow(POOL, transport=script, record=waiting, clock=clock)
    script.expect(account("ConfirmSignUp", "ada", lost("ConfirmSignUp"), ConfirmationCode="1"))
    await sent(flow, code="1")
    refused = refusal("LimitExceededException", operation="ResendConfirmationCode")
    script.expect(account("ResendConfirmationCode", "ada", refused))
    form = await sent(flow, "resend_code")
    assert isinstance(flow._error, LimitExceededException)
    assert form.problem
    assert form.problem.code == "too_many"
    assert form.action("resend_code"), "the ways on are still on offer"
    script.expect(account("ResendConfirmationCode", "ada", delivery()))
    form = await sent(flow, "resend_code")
    assert (form.problem, [field.name for field in form.questions]) == (None, ["code"])


async def test_a_reset_goes_on_with_the_new_password(script: Script, clock: Clock) -> None:
    waiting = Record(step=PasswordResetCode(), login_id="ada", sign_in_options=PASSWORD)
    flow = AuthFlow(POOL, transport=script, record=waiting, clock=clock)
    members = {"ConfirmationCode": "1", "Password": "new horse"}
    script.expect(account("ConfirmForgotPassword", "ada", lost("ConfirmForgotPassword"), **members))
    form = await sent(flow, code="1", new_password="new horse")
    assert [str(field.label) for field in form.questions] == ["New password"]
    assert form.action("resend_code")
    script.expect(
        initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="ada", PASSWORD="new horse"),
    )
    await flow.send(flow.fill({"password": "new horse"}))
    assert isinstance(flow.step, Done)


async def _lost_sign_up(script: Script, flow: AuthFlow) -> Form:
    script.expect(account("SignUp", "ada", lost("SignUp"), Password="horse"))
    with pytest.raises(ConnectionLost):
        await flow.send(SignUp(username="ada", password="horse"))
    return flow.form()


async def test_a_code_for_an_account_that_may_exist(script: Script, flow: AuthFlow) -> None:
    form = await _lost_sign_up(script, flow)
    assert (form.name, str(form.actions[0].label)) == ("SIGN_UP", "Send a new code")
    script.expect(account("ResendConfirmationCode", "ada", delivery()))
    assert (await sent(flow)).name == ConfirmationRequired.name


async def test_the_code_has_come_although_the_reply_was_lost(
    script: Script, flow: AuthFlow
) -> None:
    await _lost_sign_up(script, flow)
    assert isinstance(await flow.send(flow.fill({}, "go:confirm_sign_up")), Idle)
    form = flow.form("CONFIRM_SIGN_UP")
    assert form.fields[0].value == "ada"
    script.expect(account("ConfirmSignUp", "ada", {}, ConfirmationCode="1"))
    await flow.send(flow.fill({"username": "ada", "code": "1"}, form="CONFIRM_SIGN_UP"))
    assert flow.step == Done(signed_in=False, username="ada")


async def test_another_form_of_an_idle_flow_stays_as_it_is(script: Script, flow: AuthFlow) -> None:
    await _lost_sign_up(script, flow)
    form = flow.form("SIGN_IN")
    assert [field.name for field in form.questions] == ["username", "password"]
    assert form.fields[0].value == "ada"


async def test_the_form_of_a_stored_flow_explains_it_without_an_error(
    script: Script, flow: AuthFlow
) -> None:
    await _lost_sign_up(script, flow)
    elsewhere = AuthFlow(POOL, record=Record.model_validate(flow.record.to_json()))
    form = elsewhere.form()
    assert form.problem
    assert (form.name, form.problem.code) == ("SIGN_UP", "fate_unknown")
