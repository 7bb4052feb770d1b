"""The driver: cancelling, racing, running to the end, beginning again, and what the history tells
of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import pytest
from pydantic import SecretStr

from auth_flow import (
    Answer,
    AuthFlow,
    AutoSignIn,
    AutoSignInReady,
    Cancel,
    ConfirmResetPassword,
    ConfirmSignUp,
    Done,
    EnterCode,
    Idle,
    NewPassword,
    Notice,
    Observers,
    PasswordResetCode,
    PasswordResetRequired,
    ResetPassword,
    SignIn,
    SignInOptions,
    SignUp,
    Step,
    StepEntered,
)
from auth_flow.core import Call, Turn, advance
from auth_flow.errors import (
    AuthFlowError,
    CodeMismatchException,
    EventNotAccepted,
    FateUnknown,
    FlowBusy,
    GuardRejected,
    NotSignedIn,
    TooManyRequestsException,
)
from auth_flow.states import Event, Record
from auth_flow.states._fate import answered as without_mark
from auth_flow.states.steps import (
    ConfirmationRequired,
    MfaSetupSelection,
    NewPasswordRequired,
    PasswordRequired,
    SmsCode,
    TotpSetup,
)

from .scripted import (
    ANYTHING,
    ASSOCIATE,
    POOL,
    SMS,
    SUBJECT,
    Clock,
    Exchange,
    Json,
    Script,
    account,
    challenge,
    delivery,
    initiate,
    refusal,
    respond,
    tokens,
)
from .verifier import Verifier

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")
PASSWORD_SENT = initiate("USER_PASSWORD_AUTH", SMS, USERNAME="ada", PASSWORD="correct horse")


def at(step: Step, name: str | None = "MFA_SETUP") -> Record:
    sign_in_options = SignInOptions(auth_flow_type="USER_AUTH")
    record = Record(
        step=step, login_id="ada", username="ada", sign_in_options=sign_in_options, goes_on=True
    )
    if name is None:
        return record
    return record.model_copy(
        update={"challenge": name, "session": SecretStr("session-1"), "expires_at": 1_700_000_100.0}
    )


# Cancelling


class Interrupted(Script):
    """Cancels a scope at one of its requests: before the request is answered, or just after."""

    scope: anyio.CancelScope
    countdown = -1
    answered = False

    async def call(self, operation: str, body: Mapping[str, object]) -> Json:
        self.countdown -= 1
        if self.countdown == 0 and not self.answered:
            self.scope.cancel()
        reply = await super().call(operation, body)
        if self.countdown == 0:
            self.scope.cancel()
        return reply


def _srp() -> list[Exchange]:
    verifier = Verifier()
    return [
        initiate("USER_SRP_AUTH", verifier.pose, USERNAME="ada", SRP_A=ANYTHING),
        verifier.answered(SMS),
    ]


def _chosen_srp() -> list[Exchange]:
    verifier = Verifier()
    answer = {"USERNAME": "ada", "ANSWER": "PASSWORD_SRP", "SRP_A": ANYTHING}
    return [
        respond("SELECT_CHALLENGE", "session-1", verifier.pose, **answer),
        verifier.answered(SMS),
    ]


def _set_up() -> list[Exchange]:
    return [
        initiate(
            "USER_AUTH",
            challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]'),
            USERNAME="ada",
        ),
        ASSOCIATE,
    ]


def _verified() -> list[Exchange]:
    verify = Exchange(
        "VerifySoftwareToken",
        {"Session": "session-1", "UserCode": "123456"},
        {"Status": "SUCCESS", "Session": "v"},
    )
    return [verify, respond("MFA_SETUP", "v", SMS, USERNAME="ada")]


def _confirmed() -> list[Exchange]:
    return [
        account("ConfirmSignUp", "ada", {}, ConfirmationCode="1"),
        initiate("USER_AUTH", SMS, USERNAME="ada"),
    ]


TURNS: dict[str, tuple[Record, Event, Sequence[Exchange]]] = {
    "password": (Record(), SIGN_IN, [PASSWORD_SENT]),
    "srp": (Record(), SignIn(username="ada", password="correct horse"), _srp()),
    "chosen srp": (
        at(PasswordRequired(), "PASSWORD_SRP"),
        Answer(response="correct horse"),
        _chosen_srp(),
    ),
    "set-up": (Record(), SignIn(username="ada", auth_flow_type="USER_AUTH"), _set_up()),
    "set-up code": (
        at(TotpSetup(shared_secret="S", setup_uri="u")),
        EnterCode(code="123456"),
        _verified(),
    ),
    "sign-up": (
        Record(),
        SignUp(username="ada"),
        [account("SignUp", "ada", {"UserConfirmed": False, "UserSub": "u"})],
    ),
    "confirmation": (at(ConfirmationRequired(), None), EnterCode(code="1"), _confirmed()),
}
PLACES = [
    (name, place)
    for name, (_, _, exchanges) in TURNS.items()
    for place in range(1, len(exchanges) + 1)
]


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("name", "place"), PLACES)
async def test_cancelling_at_a_request_leaves_the_flow_where_it_was(
    name: str, place: int, answered: bool, clock: Clock
) -> None:
    record, event, exchanges = TURNS[name]
    script = Interrupted()
    flow = AuthFlow(POOL, transport=script, record=record, clock=clock)
    script.expect(*exchanges)
    script.answered = answered
    with anyio.CancelScope() as scope:
        script.scope, script.countdown = scope, place
        await flow.send(event)
    if answered and place == len(
        exchanges
    ):  # the last reply was in before the cancellation could be noticed
        assert flow.step.name in (
            "CONFIRM_SIGN_IN_WITH_SMS_CODE",
            "CONTINUE_SIGN_IN_WITH_TOTP_SETUP",
            "CONFIRM_SIGN_UP",
        )
    elif name == "confirmation" and (place, answered) != (
        1,
        False,
    ):  # the account is confirmed, whatever follows
        assert flow.step == AutoSignInReady()
    elif name == "set-up code" and (place, answered) != (
        1,
        False,
    ):  # the code is verified: another one goes on from there
        assert (flow.step, flow.record.session) == (record.step, SecretStr("v"))
        with pytest.raises(FateUnknown):
            await AuthFlow(POOL, transport=Script(), record=flow.record, clock=clock).send(event)
    else:
        assert flow.step == record.step
        assert flow.history[-1] == (clock.now, event.name, record.state, record.state, "Cancelled")
        fresh = Script()
        again = AuthFlow(POOL, transport=fresh, record=flow.record, clock=clock)
        if not isinstance(event, SignIn):  # the service may have carried it out
            with pytest.raises(FateUnknown):
                await again.send(event)
            return
        assert flow.record is record
        fresh.expect(*exchanges)  # and the same event can be fed once more
        await again.send(event)
        fresh.check()


@pytest.mark.parametrize("name", TURNS)
async def test_cancelling_before_anything_is_sent(name: str, clock: Clock) -> None:
    record, event, _ = TURNS[name]
    flow = AuthFlow(POOL, transport=Script(), record=record, clock=clock)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await flow.send(event)
    assert scope.cancelled_caught
    assert flow.record is record


async def test_a_timeout_leaves_the_flow_usable(script: Script, at_sms_code: AuthFlow) -> None:
    before = at_sms_code.record
    waiting = anyio.Event()

    class Stalled(Script):
        async def call(self, operation: str, body: Mapping[str, object]) -> Json:
            waiting.set()
            await anyio.sleep_forever()
            raise AssertionError

    flow = AuthFlow(POOL, transport=Stalled(), record=before, clock=lambda: 1_700_000_000.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flow.send, EnterCode(code="1"))
        await waiting.wait()
        with pytest.raises(FlowBusy):
            await flow.send(EnterCode(code="1"))
        tasks.cancel_scope.cancel()
    assert without_mark(flow.record) == before
    with pytest.raises(EventNotAccepted):  # no longer busy
        await flow.send(SignUp(username="ada"))


async def test_what_a_transport_raises_on_its_own_leaves_the_flow_usable(
    script: Script, at_sms_code: AuthFlow
) -> None:
    before = at_sms_code.record
    script.expect(
        respond("SMS_MFA", "session-1", RuntimeError("a bug"), USERNAME="ada", SMS_MFA_CODE="1")
    )
    with pytest.raises(RuntimeError, match="a bug"):
        await at_sms_code.send(EnterCode(code="1"))
    assert without_mark(at_sms_code.record) == before
    assert at_sms_code.history[-1].error == "RuntimeError"
    assert at_sms_code.form().problem is not None  # that the answer is not sent again
    with pytest.raises(FateUnknown):
        await at_sms_code.send(EnterCode(code="1"))
    script.expect(PASSWORD_SENT)
    assert isinstance(await at_sms_code.send(SIGN_IN), SmsCode)


# Racing


def test_the_request_is_the_one_that_the_guards_let_through() -> None:
    """The session of a confirmed account ends while its event is being looked at."""
    record = Record(
        step=AutoSignInReady(),
        login_id="ada",
        session=SecretStr("session-1"),
        expires_at=60,
        sign_in_options=SignInOptions(),
    )
    times = iter((59.0, *(61.0,) * 9))
    dialogue = advance(Turn(record, AutoSignIn(), POOL, clock=lambda: next(times)))
    next(dialogue)
    call = dialogue.send(None)
    assert isinstance(call, Call)
    assert call.body["Session"] == "session-1"
    dialogue.close()


async def test_of_two_events_at_once_one_is_not_sent(script: Script, at_sms_code: AuthFlow) -> None:
    """Trio starts tasks in any order, so either may be the first."""
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE=ANYTHING))
    refused: list[FlowBusy] = []

    async def enter(code: str) -> None:
        try:
            await at_sms_code.send(EnterCode(code=code))
        except FlowBusy as busy:
            refused.append(busy)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(enter, "1")
        tasks.start_soon(enter, "2")
    assert len(refused) == 1
    assert refused[0].retryable
    assert len(script.requests) == 2  # the sign-in, and one of the codes
    assert isinstance(at_sms_code.step, Done)


async def test_two_flows_share_a_transport_and_nothing_else(script: Script, clock: Clock) -> None:
    ada, bob = (AuthFlow(POOL, transport=script, clock=clock) for _ in range(2))
    for flow, name in ((ada, "ada"), (bob, "bob")):
        script.expect(
            initiate("USER_AUTH", challenge("SMS_OTP", f"session-of-{name}"), USERNAME=name)
        )
        await flow.send(SignIn(username=name, auth_flow_type="USER_AUTH"))
    for flow, name in ((ada, "ada"), (bob, "bob")):
        script.expect(
            respond("SMS_OTP", f"session-of-{name}", tokens(), USERNAME=name, SMS_OTP_CODE="1")
        )
        await flow.send(EnterCode(code="1"))


# Running


async def test_running_to_the_end(script: Script, flow: AuthFlow) -> None:
    asked: list[str] = []
    said: dict[str, Event | str] = {
        "CONTINUE_SIGN_IN_WITH_MFA_SELECTION": "sms",
        "CONFIRM_SIGN_IN_WITH_SMS_CODE": EnterCode(code="1"),
    }

    async def answer(step: Step) -> Event | str:
        asked.append(step.name)
        return said[step.name]

    selection = challenge("SELECT_MFA_TYPE", "session-0", MFAS_CAN_CHOOSE='["SMS_MFA"]')
    script.expect(
        PASSWORD_SENT._replace(reply=selection),
        respond("SELECT_MFA_TYPE", "session-0", SMS, USERNAME="ada", ANSWER="SMS_MFA"),
        respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="1"),
    )
    done = await flow.run(SIGN_IN, answer)
    assert done == Done(signed_in=True, username="ada", user_id=SUBJECT)
    assert asked == list(said)


async def test_running_ends_with_an_error_and_can_be_taken_up(
    script: Script, flow: AuthFlow
) -> None:
    async def answer(step: Step) -> str:
        return "1"

    sent = respond(
        "SMS_MFA", "session-1", refusal("CodeMismatchException"), USERNAME="ada", SMS_MFA_CODE="1"
    )
    script.expect(PASSWORD_SENT, sent)
    with pytest.raises(CodeMismatchException):
        await flow.run(SIGN_IN, answer)
    assert flow.step.name == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    script.expect(sent._replace(reply=tokens()))
    await flow.send(EnterCode(code="1"))


async def test_running_goes_through_a_reset(script: Script, flow: AuthFlow) -> None:
    async def answer(step: Step) -> Event:
        match step:
            case PasswordResetRequired():
                return ResetPassword()
            case PasswordResetCode():
                return ConfirmResetPassword(code="123456", new_password="new horse")
            case _:
                raise AssertionError(step)

    script.expect(
        PASSWORD_SENT._replace(reply=refusal("PasswordResetRequiredException")),
        account("ForgotPassword", "ada", delivery()),
        account(
            "ConfirmForgotPassword", "ada", {}, ConfirmationCode="123456", Password="new horse"
        ),
        initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="ada", PASSWORD="new horse"),
    )
    assert (await flow.run(SIGN_IN, answer)).signed_in


async def test_running_signs_in_after_a_sign_up(script: Script, flow: AuthFlow) -> None:
    async def answer(step: Step) -> str:
        assert isinstance(step, ConfirmationRequired)
        return "123456"

    script.expect(
        account("SignUp", "ada", {"UserConfirmed": False, "UserSub": SUBJECT, "Session": "up-1"}),
        account(
            "ConfirmSignUp", "ada", {"Session": "up-2"}, ConfirmationCode="123456", Session="up-1"
        ),
        initiate("USER_AUTH", tokens(), session="up-2", USERNAME="ada"),
    )
    assert (await flow.run(SignUp(username="ada", auto_sign_in=True), answer)).signed_in


async def test_running_asks_for_a_password_that_the_flow_does_not_hold(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    """The sign-up was begun in another process, so the flow cannot sign in by itself."""

    async def answer(step: Step) -> Event:
        assert step == AutoSignInReady()
        return AutoSignIn(password="correct horse")

    script.expect(account("SignUp", "ada", {"UserConfirmed": False, "UserSub": SUBJECT}))
    await flow.send(
        SignUp(username="ada", auto_sign_in=SignInOptions(auth_flow_type="USER_PASSWORD_AUTH"))
    )
    flow = AuthFlow(flow.pool, record=flow.record, transport=script, clock=clock)
    script.expect(
        account("ConfirmSignUp", "ada", {}, ConfirmationCode="123456"),
        initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="ada", PASSWORD="correct horse"),
    )
    assert (await flow.run(ConfirmSignUp(code="123456"), answer)).signed_in


# Beginning again


async def test_starting_again_needs_no_retyping(script: Script, at_sms_code: AuthFlow) -> None:
    script.expect(PASSWORD_SENT)
    assert (await at_sms_code.start_again()).name == "CONFIRM_SIGN_IN_WITH_SMS_CODE"


async def test_starting_again_without_a_password(
    script: Script, clock: Clock, at_sms_code: AuthFlow
) -> None:
    elsewhere = AuthFlow(POOL, transport=script, record=at_sms_code.record, clock=clock)
    with pytest.raises(GuardRejected):
        await elsewhere.start_again()
    assert elsewhere.record == at_sms_code.record
    script.expect(initiate("USER_AUTH", SMS, USERNAME="bob", PREFERRED_CHALLENGE="SMS_OTP"))
    event = SignIn(username="bob", auth_flow_type="USER_AUTH", preferred_challenge="SMS_OTP")
    await at_sms_code.send(event)
    elsewhere = AuthFlow(POOL, transport=script, record=at_sms_code.record, clock=clock)
    script.expect(initiate("USER_AUTH", SMS, USERNAME="bob", PREFERRED_CHALLENGE="SMS_OTP"))
    await elsewhere.start_again()


async def test_starting_again_after_a_new_password_uses_the_new_one(
    script: Script, flow: AuthFlow
) -> None:
    script.expect(PASSWORD_SENT._replace(reply=challenge("NEW_PASSWORD_REQUIRED", "session-0")))
    await flow.send(SIGN_IN)
    script.expect(
        respond("NEW_PASSWORD_REQUIRED", "session-0", SMS, USERNAME="ada", NEW_PASSWORD="new horse")
    )
    await flow.send(NewPassword(password="new horse"))
    script.expect(initiate("USER_PASSWORD_AUTH", SMS, USERNAME="ada", PASSWORD="new horse"))
    await flow.start_again()


async def test_there_is_nothing_to_start_again(script: Script, at_sms_code: AuthFlow) -> None:
    with pytest.raises(NotSignedIn):
        await AuthFlow(POOL, transport=script).start_again()
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="1"))
    await at_sms_code.send(EnterCode(code="1"))
    with pytest.raises(NotSignedIn):
        await at_sms_code.start_again()


# The history


async def test_the_history_tells_what_happened(
    script: Script, at_sms_code: AuthFlow, clock: Clock
) -> None:
    code = "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    began = clock.now
    clock.now += 10
    script.expect(
        respond(
            "SMS_MFA",
            "session-1",
            refusal("AnExceptionOfTomorrow"),
            USERNAME="ada",
            SMS_MFA_CODE="1",
        )
    )
    for event in (EnterCode(code="1"), EnterCode(code="abc"), SignUp(username="ada")):
        with pytest.raises(AuthFlowError):
            await at_sms_code.send(event)
    clock.now += 10
    assert await at_sms_code.send(Cancel()) == Idle()
    assert at_sms_code.history == (
        (began, "sign_in", "IDLE", code, None),
        (began + 10, "enter_code", code, code, "AnExceptionOfTomorrow"),
        (began + 10, "enter_code", code, code, "GuardRejected"),
        (began + 10, "sign_up", code, code, "EventNotAccepted"),
        (began + 20, "cancel", code, "IDLE", None),
    )


async def test_before_a_sign_in_there_is_no_session(script: Script, at_sms_code: AuthFlow) -> None:
    with pytest.raises(NotSignedIn):
        _ = at_sms_code.session
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="1"))
    await at_sms_code.send(EnterCode(code="1"))
    assert at_sms_code.session
    assert at_sms_code.accepts == ()


async def test_a_borrowed_transport_is_left_open(script: Script, clock: Clock) -> None:
    async with AuthFlow(POOL, transport=script, clock=clock) as flow:
        script.expect(PASSWORD_SENT)
        await flow.send(SIGN_IN)  # Script.aclose fails the test


@pytest.mark.parametrize(
    ("name", "place", "retryable"),
    [
        ("password", 1, True),
        ("srp", 2, True),
        ("set-up", 2, True),
        ("set-up code", 1, True),
        ("set-up code", 2, False),
        ("chosen srp", 1, True),
        ("chosen srp", 2, False),
    ],
)
async def test_the_same_event_may_be_fed_again_only_while_the_session_is_unspent(
    name: str, place: int, retryable: bool, script: Script, clock: Clock
) -> None:
    record, event, exchanges = TURNS[name]
    flow = AuthFlow(POOL, transport=script, record=record, clock=clock)
    script.expect(
        *exchanges[: place - 1],
        exchanges[place - 1]._replace(reply=refusal("TooManyRequestsException")),
    )
    with pytest.raises(TooManyRequestsException) as raised:
        await flow.send(event)
    assert raised.value.retryable == retryable


async def test_a_set_up_after_an_answer_cannot_be_reached_by_the_same_answer(
    script: Script, clock: Clock
) -> None:
    flow = AuthFlow(
        POOL,
        transport=script,
        record=at(NewPasswordRequired(), "NEW_PASSWORD_REQUIRED"),
        clock=clock,
    )
    setup = challenge("MFA_SETUP", "session-1", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    script.expect(
        respond(
            "NEW_PASSWORD_REQUIRED", "session-1", setup, USERNAME="ada", NEW_PASSWORD="new horse"
        ),
        ASSOCIATE._replace(reply=refusal("TooManyRequestsException")),
    )
    with pytest.raises(TooManyRequestsException) as raised:
        await flow.send(NewPassword(password="new horse"))
    assert not raised.value.retryable
    assert flow.step == MfaSetupSelection(allowed_mfa_types=("TOTP",))
    script.expect(ASSOCIATE)
    assert isinstance(await flow.send(flow.step.answer("totp")), TotpSetup)


async def test_another_code_goes_on_where_the_request_after_the_first_one_failed(
    script: Script, clock: Clock
) -> None:
    record, event, (verify, answer) = TURNS["set-up code"]
    flow = AuthFlow(POOL, transport=script, record=record, clock=clock)
    script.expect(verify, answer._replace(reply=refusal("TooManyRequestsException")))
    with pytest.raises(TooManyRequestsException):
        await flow.send(event)
    again = {"Session": "v", "UserCode": "654321"}
    script.expect(verify._replace(body=again), answer)
    assert (await flow.send(EnterCode(code="654321"))).name == "CONFIRM_SIGN_IN_WITH_SMS_CODE"


async def test_a_typed_answer_needs_a_question(script: Script, clock: Clock) -> None:
    flow = AuthFlow(POOL, transport=script, clock=clock)
    with pytest.raises(EventNotAccepted):
        await flow.send(Answer(response="123456"))


async def test_send_returns_its_own_step_whatever_comes_while_observers_are_told(
    script: Script, clock: Clock
) -> None:
    steps: list[Step] = []

    async def listener(notice: Notice) -> None:
        if isinstance(notice, StepEntered) and notice.step != "IDLE":
            steps.append(await flow.send(Cancel()))

    flow = AuthFlow(POOL, transport=script, clock=clock, observers=Observers([listener]))
    script.expect(initiate("USER_PASSWORD_AUTH", SMS, USERNAME="ada", PASSWORD="correct horse"))
    step = await flow.send(SIGN_IN)
    assert (step.name, steps, flow.step) == ("CONFIRM_SIGN_IN_WITH_SMS_CODE", [Idle()], Idle())


class Mine(SignIn):
    """An event of somebody's own, which no chart knows."""


@pytest.mark.parametrize("said", ["123456", None, SignIn, Mine(username="ada")], ids=repr)
async def test_what_is_no_event_is_refused(said: Any, script: Script, clock: Clock) -> None:
    flow = AuthFlow(POOL, transport=script, clock=clock)
    with pytest.raises(TypeError, match="A flow takes events"):
        await flow.send(said)
    assert flow.history == ()


async def test_the_record_of_a_flow_that_was_signed_in_is_idle(
    script: Script, clock: Clock
) -> None:
    done = Record(step=Done(signed_in=True, username="ada", user_id="u"), username="ada")
    flow = AuthFlow(POOL, transport=script, record=done, clock=clock)
    assert flow.step == Idle()
    assert "sign_in" in flow.accepts


async def test_a_proof_carries_the_services_time_if_the_transport_knows_it(
    clock: Clock,
) -> None:
    """With the machine's clock an hour off, the right password would be called incorrect."""

    class Ahead(Script):
        clock_difference: float | None = None

        async def call(self, operation: str, body: Mapping[str, object]) -> Any:
            reply = await super().call(operation, body)
            self.clock_difference = 3600.0
            return reply

    script = Ahead()
    verifier = Verifier()
    clock.now -= 3600
    script.expect(
        initiate("USER_SRP_AUTH", verifier.pose, USERNAME="ada", SRP_A=ANYTHING),
        verifier.answered(tokens()),
    )
    flow = AuthFlow(POOL, transport=script, clock=clock)
    assert isinstance(await flow.send(SignIn(username="ada", password="correct horse")), Done)
    script.check()
