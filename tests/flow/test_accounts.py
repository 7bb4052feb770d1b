"""Sign-up, confirmation and password reset, each with its way on to a sign-in."""

from __future__ import annotations

import pytest

from auth_flow import (
    Answer,
    AuthFlow,
    AutoSignIn,
    AutoSignInReady,
    ConfirmationRequired,
    ConfirmResetPassword,
    ConfirmSignUp,
    Done,
    EnterCode,
    PasswordResetCode,
    PasswordResetRequired,
    ResendCode,
    ResetPassword,
    SignIn,
    SignInOptions,
    SignUp,
    SmsCode,
)
from auth_flow.errors import (
    AuthFlowError,
    ConnectionLost,
    EventNotAccepted,
    GuardRejected,
    NotAuthorizedException,
)
from auth_flow.states import Event, Record
from auth_flow.states.forms import FormSettings
from auth_flow.states.steps import CodeDelivery

from .scripted import (
    ANYTHING,
    POOL,
    SMS,
    SUBJECT,
    Clock,
    Exchange,
    Json,
    Reply,
    Script,
    account,
    delivery,
    initiate,
    refusal,
    tokens,
)

pytestmark = pytest.mark.anyio

BY_EMAIL = CodeDelivery(destination="a***@e***", medium="EMAIL", attribute="email")
SMS_STEP = SmsCode(code_delivery=CodeDelivery(destination="+*******5309", medium="SMS"))
PASSWORD_WAY = SignInOptions(auth_flow_type="USER_PASSWORD_AUTH")
SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")


def signed_up(confirmed: bool = False, **members: object) -> Json:
    return {"UserConfirmed": confirmed, "UserSub": SUBJECT, **delivery(), **members}


def begun(reply: Reply, password: str = "correct horse") -> Exchange:
    return initiate("USER_PASSWORD_AUTH", reply, USERNAME="ada", PASSWORD=password)


def confirmed(
    reply: Reply, username: str = "ada", code: str = "123456", **members: object
) -> Exchange:
    return account("ConfirmSignUp", username, reply, ConfirmationCode=code, **members)


def reset(
    reply: Reply, password: str = "new horse", username: str = "ada", code: str = "123456"
) -> Exchange:
    return account(
        "ConfirmForgotPassword", username, reply, ConfirmationCode=code, Password=password
    )


async def fails(flow: AuthFlow, event: Event, name: str) -> None:
    """The event ends in the error of that name, and the flow stays where it is."""
    before = flow.record
    with pytest.raises(AuthFlowError) as caught:
        await flow.send(event)
    assert caught.value.name == name
    assert flow.record == before


def elsewhere(flow: AuthFlow, script: Script, clock: Clock) -> AuthFlow:
    """The same flow, taken up from its record by another process."""
    record = Record.model_validate(flow.record.to_json())
    return AuthFlow(POOL, transport=script, record=record, clock=clock)


async def test_a_wrong_password_is_asked_for_again_also_without_options(
    script: Script, clock: Clock
) -> None:
    record = Record(step=AutoSignInReady(), login_id="ada")
    flow = AuthFlow(POOL, transport=script, record=record, clock=clock)
    script.expect(
        initiate("USER_SRP_AUTH", refusal("NotAuthorizedException"), USERNAME="ada", SRP_A=ANYTHING)
    )
    with pytest.raises(NotAuthorizedException):
        await flow.send(AutoSignIn(password="wrong"))
    assert flow.step == AutoSignInReady()
    assert flow.record.challenge is None


# Sign-up


@pytest.mark.parametrize(
    ("operation", "event", "reply"),
    [
        ("SignUp", SignUp(username="ada"), signed_up()),
        ("ResendConfirmationCode", ResendCode(username="ada"), delivery()),
        ("ForgotPassword", ResetPassword(username="ada"), delivery()),
    ],
)
async def test_a_form_says_when_a_code_may_be_sent_again(
    script: Script,
    flow: AuthFlow,
    clock: Clock,
    operation: str,
    event: Event,
    reply: Json,
) -> None:
    script.expect(account(operation, "ada", reply))
    await flow.send(event)
    clock.now += 1
    resend = flow.form().action("resend_code")
    assert resend
    assert resend.available_at == clock.now - 1 + FormSettings().resend_delay


async def test_sign_up_with_all_there_is(script: Script, flow: AuthFlow) -> None:
    script.expect(
        account(
            "SignUp",
            "ada",
            signed_up(),
            Password="correct horse",
            UserAttributes=[
                {"Name": "email", "Value": "ada@e.org"},
                {"Name": "phone_number", "Value": "+15550100"},
            ],
            ValidationData=[{"Name": "coupon", "Value": "7"}],
            ClientMetadata={"from": "test"},
        )
    )
    event = SignUp(
        username="ada",
        password="correct horse",
        user_attributes={"email": "ada@e.org", "phone_number": "+15550100"},
        validation_data={"coupon": "7"},
        client_metadata={"from": "test"},
    )
    assert await flow.send(event) == ConfirmationRequired(code_delivery=BY_EMAIL, user_id=SUBJECT)
    assert flow.record.expires_at is None, "a code outlives every session"
    script.expect(confirmed({}, ForceAliasCreation=True))
    done = await flow.send(ConfirmSignUp(code="123456", force_alias_creation=True))
    assert done == Done(signed_in=False, username="ada")


@pytest.mark.parametrize("password", [None, ""])
async def test_sign_up_without_a_password(
    script: Script, flow: AuthFlow, password: str | None
) -> None:
    script.expect(account("SignUp", "ada", {"UserConfirmed": False, "UserSub": SUBJECT}))
    assert await flow.send(SignUp(username="ada", password=password)) == ConfirmationRequired(
        user_id=SUBJECT
    )


async def test_an_account_that_is_confirmed_at_once(script: Script, flow: AuthFlow) -> None:
    script.expect(account("SignUp", "ada", signed_up(confirmed=True)))
    assert await flow.send(SignUp(username="ada")) == Done(
        signed_in=False, username="ada", user_id=SUBJECT
    )


@pytest.mark.parametrize(
    "name",
    [
        "UsernameExistsException",
        "InvalidPasswordException",
        "CodeDeliveryFailureException",
        "NotAuthorizedException",
    ],
)
async def test_a_refused_sign_up(script: Script, flow: AuthFlow, name: str) -> None:
    script.expect(account("SignUp", "ada", refusal(name)))
    await fails(flow, SignUp(username="ada"), name)


@pytest.mark.parametrize(
    "event", [ConfirmSignUp(code="123456"), EnterCode(code="123456"), Answer(response="123456")]
)
async def test_every_way_to_say_the_code(script: Script, flow: AuthFlow, event: Event) -> None:
    script.expect(account("SignUp", "ada", signed_up()))
    await flow.send(SignUp(username="ada"))
    script.expect(confirmed({}))
    assert await flow.send(event) == Done(signed_in=False, username="ada")


@pytest.mark.parametrize(
    "name",
    [
        "CodeMismatchException",
        "ExpiredCodeException",
        "TooManyFailedAttemptsException",
        "AliasExistsException",
        "LimitExceededException",
        "NotAuthorizedException",
        "UserNotFoundException",
    ],
)
async def test_a_refused_confirmation_keeps_the_step(
    script: Script, flow: AuthFlow, name: str
) -> None:
    script.expect(account("SignUp", "ada", signed_up()))
    await flow.send(SignUp(username="ada"))
    script.expect(confirmed(refusal(name)))
    await fails(flow, ConfirmSignUp(code="123456"), name)


async def test_the_code_is_sent_again(script: Script, flow: AuthFlow) -> None:
    script.expect(account("SignUp", "ada", signed_up()))
    await flow.send(SignUp(username="ada"))
    script.expect(account("ResendConfirmationCode", "ada", refusal("LimitExceededException")))
    await fails(flow, ResendCode(), "LimitExceededException")
    script.expect(
        account("ResendConfirmationCode", "ada", delivery("+*******5309", "SMS", "phone_number"))
    )
    by_sms = CodeDelivery(destination="+*******5309", medium="SMS", attribute="phone_number")
    assert await flow.send(ResendCode()) == ConfirmationRequired(
        code_delivery=by_sms, user_id=SUBJECT
    )


# From idle


async def test_the_code_of_an_earlier_sign_up(script: Script, flow: AuthFlow) -> None:
    script.expect(account("ResendConfirmationCode", "ada", delivery()))
    assert await flow.send(ResendCode(username="ada")) == ConfirmationRequired(
        code_delivery=BY_EMAIL
    )
    script.expect(confirmed({}))
    assert await flow.send(ConfirmSignUp(code="123456")) == Done(signed_in=False, username="ada")


async def test_confirming_from_idle(script: Script, flow: AuthFlow) -> None:
    script.expect(confirmed({}))
    assert await flow.send(ConfirmSignUp(username="ada", code="123456")) == Done(
        signed_in=False, username="ada"
    )


@pytest.mark.parametrize(
    "event",
    [
        ConfirmSignUp(code="1"),
        ResendCode(),
        ResetPassword(),
        ConfirmResetPassword(code="1", new_password="x"),
    ],
)
async def test_from_idle_the_user_has_to_be_named(flow: AuthFlow, event: Event) -> None:
    await fails(flow, event, "GuardRejected")


# Auto sign-in


async def test_auto_sign_in_by_the_session_of_the_sign_up(script: Script, flow: AuthFlow) -> None:
    script.expect(account("SignUp", "ada", signed_up(Session="up-1")))
    await flow.send(SignUp(username="ada", auto_sign_in=SignInOptions(auth_flow_type="USER_AUTH")))
    script.expect(confirmed({"Session": "up-2"}, Session="up-1"))
    assert await flow.send(ConfirmSignUp(code="123456")) == AutoSignInReady()
    script.expect(initiate("USER_AUTH", SMS, session="up-2", USERNAME="ada"))
    assert await flow.send(AutoSignIn()) == SMS_STEP


async def test_auto_sign_in_by_the_session_keeps_the_preferred_challenge(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(account("SignUp", "ada", signed_up(Session="up-1")))
    sign_in_options = SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
    await flow.send(SignUp(username="ada", auto_sign_in=sign_in_options))
    script.expect(confirmed({"Session": "up-2"}, Session="up-1"))
    await flow.send(ConfirmSignUp(code="123456"))
    script.expect(
        initiate("USER_AUTH", SMS, session="up-2", USERNAME="ada", PREFERRED_CHALLENGE="EMAIL_OTP")
    )
    assert await flow.send(AutoSignIn()) == SMS_STEP


async def test_auto_sign_in_by_the_session_in_another_process(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    script.expect(account("SignUp", "ada", signed_up(Session="up-1"), Password="correct horse"))
    await flow.send(SignUp(username="ada", password="correct horse", auto_sign_in=True))
    flow = elsewhere(flow, script, clock)
    script.expect(confirmed({"Session": "up-2"}, Session="up-1"))
    await flow.send(ConfirmSignUp(code="123456"))
    flow = elsewhere(flow, script, clock)
    script.expect(initiate("USER_AUTH", tokens(), session="up-2", USERNAME="ada"))
    assert isinstance(await flow.send(AutoSignIn()), Done)


async def test_a_code_outlives_the_session_of_the_sign_up(script: Script, flow: AuthFlow) -> None:
    script.expect(account("SignUp", "ada", signed_up(Session="up-1")))
    await flow.send(SignUp(username="ada"))
    script.expect(
        confirmed(
            refusal("NotAuthorizedException", "Invalid session for the user."), Session="up-1"
        ),
        confirmed({}),
    )
    assert await flow.send(ConfirmSignUp(code="123456")) == Done(signed_in=False, username="ada")


@pytest.mark.parametrize("session", ["up-1", None])
async def test_what_else_is_not_authorized_is_not_asked_again(
    script: Script, flow: AuthFlow, session: str | None
) -> None:
    handed = {"Session": session} if session else {}
    script.expect(account("SignUp", "ada", signed_up(**handed)))
    await flow.send(SignUp(username="ada"))
    script.expect(
        confirmed(refusal("NotAuthorizedException", "Current status is CONFIRMED."), **handed)
    )
    await fails(flow, ConfirmSignUp(code="123456"), "NotAuthorizedException")


@pytest.mark.parametrize("late", ["confirmation", "sign-in"])
async def test_a_session_that_is_over_is_not_handed_in(
    script: Script, flow: AuthFlow, clock: Clock, late: str
) -> None:
    script.expect(account("SignUp", "ada", signed_up(Session="up-1"), Password="correct horse"))
    await flow.send(SignUp(username="ada", password="correct horse", auto_sign_in=PASSWORD_WAY))
    if late == "confirmation":
        clock.now += 180
        script.expect(confirmed({}))
    else:
        script.expect(confirmed({"Session": "up-2"}, Session="up-1"))
    assert await flow.send(Answer(response="123456")) == AutoSignInReady()
    if late == "sign-in":
        clock.now += 180
    script.expect(begun(tokens()))
    assert isinstance(await flow.send(AutoSignIn()), Done)


async def test_auto_sign_in_with_the_password_that_is_still_held(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(account("SignUp", "ada", signed_up(), Password="correct horse"))
    await flow.send(SignUp(username="ada", password="correct horse", auto_sign_in=PASSWORD_WAY))
    script.expect(confirmed({}))
    assert await flow.send(ConfirmSignUp(code="123456")) == AutoSignInReady()
    script.expect(begun(SMS)._replace(body={**begun(SMS).body, "ClientMetadata": {"a": "1"}}))
    assert await flow.send(AutoSignIn(client_metadata={"a": "1"})) == SMS_STEP


async def test_auto_sign_in_asks_for_the_password_where_it_is_not_held(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    script.expect(account("SignUp", "ada", signed_up(), Password="correct horse"))
    await flow.send(SignUp(username="ada", password="correct horse", auto_sign_in=PASSWORD_WAY))
    flow = elsewhere(flow, script, clock)
    script.expect(confirmed({}))
    assert await flow.send(ConfirmSignUp(code="123456")) == AutoSignInReady()
    await fails(flow, AutoSignIn(), "GuardRejected")
    script.expect(begun(tokens()))
    assert isinstance(await flow.send(AutoSignIn(password="correct horse")), Done)


async def test_an_account_that_is_confirmed_at_once_is_ready_to_sign_in(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(account("SignUp", "ada", signed_up(confirmed=True, Session="up-1")))
    assert await flow.send(SignUp(username="ada", auto_sign_in=True)) == AutoSignInReady()
    script.expect(initiate("USER_AUTH", tokens(), session="up-1", USERNAME="ada"))
    assert isinstance(await flow.send(AutoSignIn()), Done)


async def test_another_users_confirmation_ends_the_flow(script: Script, flow: AuthFlow) -> None:
    script.expect(account("SignUp", "ada", signed_up(Session="up-1"), Password="correct horse"))
    await flow.send(SignUp(username="ada", password="correct horse", auto_sign_in=True))
    script.expect(confirmed({}, "bob"))
    assert await flow.send(ConfirmSignUp(username="bob", code="123456")) == Done(
        signed_in=False, username="bob"
    )


# A sign-in that meets an unconfirmed user


async def test_a_sign_in_goes_on_after_the_confirmation(script: Script, flow: AuthFlow) -> None:
    script.expect(begun(refusal("UserNotConfirmedException")))
    assert await flow.send(SIGN_IN) == ConfirmationRequired()
    script.expect(account("ResendConfirmationCode", "ada", delivery()))
    assert await flow.send(ResendCode()) == ConfirmationRequired(code_delivery=BY_EMAIL)
    script.expect(confirmed(refusal("CodeMismatchException"), code="000000"))
    await fails(flow, Answer(response="000000"), "CodeMismatchException")
    metadata = {"ClientMetadata": {"a": "1"}}
    again = begun(SMS)
    script.expect(confirmed({}, **metadata), again._replace(body={**again.body, **metadata}))
    answer = Answer(response="123456", client_metadata={"a": "1"})
    assert await flow.send(answer) == SMS_STEP


async def test_a_sign_in_in_another_process_asks_for_the_password(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    script.expect(begun(refusal("UserNotConfirmedException")))
    await flow.send(SIGN_IN)
    flow = elsewhere(flow, script, clock)
    script.expect(confirmed({}))
    assert await flow.send(EnterCode(code="123456")) == AutoSignInReady()
    await fails(flow, AutoSignIn(), "GuardRejected")
    script.expect(begun(tokens()))
    assert isinstance(await flow.send(AutoSignIn(password="correct horse")), Done)


async def test_a_sign_in_without_password_goes_on_in_another_process(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    event = SignIn(username="ada", auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
    again = initiate("USER_AUTH", SMS, USERNAME="ada", PREFERRED_CHALLENGE="EMAIL_OTP")
    script.expect(again._replace(reply=refusal("UserNotConfirmedException")))
    await flow.send(event)
    flow = elsewhere(flow, script, clock)
    script.expect(confirmed({}), again)
    assert await flow.send(EnterCode(code="123456")) == SMS_STEP


@pytest.mark.parametrize("parked", [False, True])
async def test_a_wrong_password_after_the_confirmation_may_be_corrected_once(
    script: Script, flow: AuthFlow, clock: Clock, parked: bool
) -> None:
    wrong = refusal("NotAuthorizedException", "Incorrect username or password.")
    script.expect(begun(refusal("UserNotConfirmedException"), password="typo"))
    await flow.send(SIGN_IN.model_copy(update={"password": "typo"}))
    script.expect(confirmed({}), begun(wrong, password="typo"))
    with pytest.raises(NotAuthorizedException, match="Incorrect"):
        await flow.send(EnterCode(code="123456"))
    assert flow.step == AutoSignInReady()
    if parked:
        flow = elsewhere(flow, script, clock)
    with pytest.raises(GuardRejected):  # the wrong password is not held any more
        await flow.send(AutoSignIn())
    again = AuthFlow(POOL, transport=script, record=flow.record, clock=clock)
    script.expect(begun(tokens()))
    assert isinstance(await flow.send(Answer(response="correct horse")), Done)
    script.expect(begun(wrong, password="wrong again"))
    with pytest.raises(NotAuthorizedException):
        await again.send(AutoSignIn(password="wrong again"))
    assert again.record == Record()


async def test_a_wrong_password_after_a_reset_may_be_corrected_once(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(begun(refusal("PasswordResetRequiredException")))
    await flow.send(SIGN_IN)
    script.expect(account("ForgotPassword", "ada", delivery()))
    await flow.send(ResetPassword())
    script.expect(reset({}), begun(refusal("NotAuthorizedException"), password="new horse"))
    with pytest.raises(NotAuthorizedException):
        await flow.send(ConfirmResetPassword(code="123456", new_password="new horse"))
    assert flow.step == AutoSignInReady()


ELSEWHERE = refusal(
    "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"
)


async def test_an_account_that_was_confirmed_elsewhere_signs_in(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    script.expect(begun(refusal("UserNotConfirmedException")))
    await flow.send(SIGN_IN)
    parked = elsewhere(flow, script, clock)
    script.expect(confirmed(ELSEWHERE), begun(tokens()))
    assert isinstance(await flow.send(EnterCode(code="123456")), Done)
    script.expect(confirmed(ELSEWHERE))
    assert await parked.send(EnterCode(code="123456")) == AutoSignInReady()


@pytest.mark.parametrize("session", ["up-1", None])
async def test_a_sign_up_that_was_confirmed_elsewhere_is_done(
    script: Script, flow: AuthFlow, session: str | None
) -> None:
    handed = {"Session": session} if session else {}
    script.expect(account("SignUp", "ada", signed_up(**handed)))
    await flow.send(SignUp(username="ada"))
    script.expect(confirmed(ELSEWHERE, **handed))
    assert await flow.send(ConfirmSignUp(code="123456")) == Done(signed_in=False, username="ada")


async def test_a_code_that_is_sent_again_finds_the_account_confirmed(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(begun(refusal("UserNotConfirmedException")))
    await flow.send(SIGN_IN)
    already = refusal("InvalidParameterException", "User is already confirmed.")
    script.expect(account("ResendConfirmationCode", "ada", already), begun(tokens()))
    assert isinstance(await flow.send(ResendCode()), Done)


async def test_from_idle_a_confirmed_account_is_an_error(script: Script, flow: AuthFlow) -> None:
    script.expect(confirmed(ELSEWHERE))
    await fails(flow, ConfirmSignUp(username="ada", code="123456"), "NotAuthorizedException")


async def test_a_sign_in_lost_after_the_confirmation_can_be_taken_up(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(begun(refusal("UserNotConfirmedException")))
    await flow.send(SIGN_IN)
    script.expect(confirmed({}), begun(ConnectionLost("gone", operation="InitiateAuth")))
    with pytest.raises(ConnectionLost):
        await flow.send(EnterCode(code="123456"))
    assert flow.step == AutoSignInReady()
    script.expect(begun(tokens()))
    assert isinstance(await flow.send(AutoSignIn()), Done)


# Password reset


async def test_a_password_reset(script: Script, flow: AuthFlow) -> None:
    script.expect(account("ForgotPassword", "ada", delivery()))
    assert await flow.send(ResetPassword(username="ada")) == PasswordResetCode(
        code_delivery=BY_EMAIL
    )
    script.expect(account("ForgotPassword", "ada", delivery()))
    assert await flow.send(ResendCode()) == PasswordResetCode(code_delivery=BY_EMAIL)
    event = ConfirmResetPassword(code="123456", new_password="new horse")
    for name in (
        "CodeMismatchException",
        "ExpiredCodeException",
        "InvalidPasswordException",
        "LimitExceededException",
    ):
        script.expect(reset(refusal(name)))
        await fails(flow, event, name)
    script.expect(reset({}))
    assert await flow.send(event) == Done(signed_in=False, username="ada")


async def test_a_password_reset_with_a_code_from_elsewhere(script: Script, flow: AuthFlow) -> None:
    script.expect(reset({}))
    event = ConfirmResetPassword(username="ada", code="123456", new_password="new horse")
    assert await flow.send(event) == Done(signed_in=False, username="ada")


async def test_a_sign_in_goes_on_after_the_reset_with_the_new_password(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(begun(refusal("PasswordResetRequiredException")))
    assert await flow.send(SIGN_IN) == PasswordResetRequired()
    script.expect(account("ForgotPassword", "ada", delivery()))
    assert await flow.send(ResetPassword()) == PasswordResetCode(code_delivery=BY_EMAIL)
    script.expect(reset({}), begun(SMS, "new horse"))
    assert (
        await flow.send(ConfirmResetPassword(code="123456", new_password="new horse")) == SMS_STEP
    )


async def test_a_sign_in_goes_on_after_the_reset_in_another_process(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    script.expect(begun(refusal("PasswordResetRequiredException")))
    await flow.send(SIGN_IN)
    flow = elsewhere(flow, script, clock)
    script.expect(account("ForgotPassword", "ada", delivery()))
    await flow.send(ResetPassword())
    flow = elsewhere(flow, script, clock)
    script.expect(reset({}), begun(tokens(), "new horse"))
    assert isinstance(
        await flow.send(ConfirmResetPassword(code="123456", new_password="new horse")), Done
    )


async def test_a_sign_in_lost_after_the_reset_holds_the_new_password(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(begun(refusal("PasswordResetRequiredException")))
    await flow.send(SIGN_IN)
    script.expect(account("ForgotPassword", "ada", delivery()))
    await flow.send(ResetPassword())
    script.expect(reset({}), begun(ConnectionLost("gone", operation="InitiateAuth"), "new horse"))
    with pytest.raises(ConnectionLost):
        await flow.send(ConfirmResetPassword(code="123456", new_password="new horse"))
    assert flow.step == AutoSignInReady()
    script.expect(begun(tokens(), "new horse"))
    assert isinstance(await flow.send(AutoSignIn()), Done)


async def test_another_users_reset_ends_the_flow(script: Script, flow: AuthFlow) -> None:
    script.expect(begun(refusal("PasswordResetRequiredException")))
    await flow.send(SIGN_IN)
    script.expect(account("ForgotPassword", "bob", delivery()))
    await flow.send(ResetPassword(username="bob"))
    script.expect(reset({}, username="bob"))
    done = await flow.send(ConfirmResetPassword(code="123456", new_password="new horse"))
    assert done == Done(signed_in=False, username="bob")


async def test_a_flow_that_is_done_without_a_session_takes_a_sign_in(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(confirmed({}))
    await flow.send(ConfirmSignUp(username="ada", code="123456"))
    with pytest.raises(EventNotAccepted):
        await flow.send(ResetPassword(username="ada"))
    script.expect(begun(tokens()))
    assert isinstance(await flow.send(SIGN_IN), Done)
    with pytest.raises((EventNotAccepted, GuardRejected)):
        await flow.send(SIGN_IN)


async def test_another_users_code_does_not_inherit_the_password(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(begun(refusal("UserNotConfirmedException")))
    await flow.send(SIGN_IN)
    script.expect(account("ResendConfirmationCode", "bob", delivery()))
    await flow.send(ResendCode(username="bob"))
    with pytest.raises(GuardRejected):  # else ada's password would be tried on bob
        await flow.start_again()
