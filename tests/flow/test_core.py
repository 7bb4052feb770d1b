"""The core, driven by hand: no event loop, and the same results."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from auth_flow import core
from auth_flow.core import Call, Checkpoint, Compute, Fetch, Outcome, Turn, advance
from auth_flow.errors import (
    CodeMismatchException,
    ConnectFailed,
    EventNotAccepted,
    NotAuthorizedException,
    SessionExpired,
    StoreUnavailable,
    UnexpectedStep,
)
from auth_flow.states import Cancel, ConfirmSignUp, EnterCode, Event, Record, SignIn, SignUp
from auth_flow.states._devices import DeviceBook, RememberedDevice
from auth_flow.states._machine import Chart
from auth_flow.states._work import RECOVERING
from auth_flow.states.chart import CHART
from auth_flow.states.steps import AutoSignInReady, CurrentDevice, Done, Idle

from .scripted import (
    ANYTHING,
    ASSOCIATE,
    POOL,
    SMS,
    SUBJECT,
    Clock,
    Exchange,
    Reply,
    account,
    challenge,
    initiate,
    refusal,
    respond,
    tokens,
)
from .verifier import Verifier

SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")


def drive(
    outcome: Outcome,
    event: Event,
    *exchanges: Exchange,
    clock: Callable[[], float],
    devices: DeviceBook | None = None,
    chart: Chart = CHART,
) -> tuple[Outcome, list[object]]:
    """The whole of a driver: perform each effect, feed the result, and return what came of it and
    what was asked.
    """
    expected, asked = list(exchanges), list[object]()
    turn = advance(
        Turn(
            outcome.record,
            event,
            client=POOL,
            clock=clock,
            password=outcome.password,
            devices=devices or DeviceBook(),
            chart=chart,
        )
    )
    try:
        effect = next(turn)
        while True:
            asked.append(effect)
            match effect:
                case Call(operation, body):
                    exchange = expected.pop(0)
                    assert (operation, body) == exchange[:2]
                    if isinstance(exchange.reply, BaseException):
                        effect = turn.throw(exchange.reply)
                    else:
                        effect = turn.send(
                            exchange.reply(body) if callable(exchange.reply) else exchange.reply
                        )
                case Compute(work):
                    effect = turn.send(work())
                case Checkpoint():
                    effect = turn.send(None)
    except StopIteration as stop:
        assert not expected
        return stop.value, asked


def begun(reply: Reply = SMS) -> Exchange:
    return initiate("USER_PASSWORD_AUTH", reply, USERNAME="ada", PASSWORD="correct horse")


def test_a_sign_in_by_hand(clock: Clock) -> None:
    outcome, asked = drive(Outcome(Record()), SIGN_IN, begun(), clock=clock)
    assert [type(effect) for effect in asked] == [Checkpoint, Call]
    assert outcome.record.state == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert (outcome.record.issued_at, outcome.record.expires_at) == (clock.now, clock.now + 180)
    assert (outcome.tokens, outcome.error) == (None, None)
    answer = respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="1")
    outcome, _ = drive(outcome, EnterCode(code="1"), answer, clock=clock)
    assert outcome.record.step == Done(signed_in=True, username="ada", user_id=SUBJECT)
    assert outcome.tokens is not None
    assert (
        outcome.tokens.access_token.text.get_secret_value()
        == tokens()["AuthenticationResult"]["AccessToken"]
    )
    assert outcome.password is None


def test_srp_by_hand(clock: Clock) -> None:
    verifier = Verifier()
    event = SignIn(username="ada", password="correct horse")
    start = initiate("USER_SRP_AUTH", verifier.pose, USERNAME="ada", SRP_A=ANYTHING)
    outcome, asked = drive(
        Outcome(Record()), event, start, verifier.answered(tokens()), clock=clock
    )
    assert [type(effect) for effect in asked] == [Compute, Checkpoint, Call, Compute, Call]
    assert outcome.record.signed_in


def test_a_refusal_is_raised_where_the_flow_stays(clock: Clock) -> None:
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(), clock=clock)
    answer = respond(
        "SMS_MFA", "session-1", refusal("CodeMismatchException"), USERNAME="ada", SMS_MFA_CODE="1"
    )
    with pytest.raises(CodeMismatchException):
        drive(outcome, EnterCode(code="1"), answer, clock=clock)


def test_a_refusal_is_told_by_the_outcome_where_the_flow_ends(clock: Clock) -> None:
    error = refusal("NotAuthorizedException")
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(error), clock=clock)
    assert (outcome.record, outcome.error) == (Record(), error)
    assert isinstance(outcome.error, NotAuthorizedException)


def test_an_expired_session_by_hand(clock: Clock) -> None:
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(), clock=clock)
    clock.now += 180
    outcome, asked = drive(outcome, EnterCode(code="1"), clock=clock)
    assert isinstance(outcome.error, SessionExpired)
    assert (outcome.record, asked) == (Record(), [])


def test_a_chart_has_to_have_the_leap_of_an_expired_session(clock: Clock) -> None:
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(), clock=clock)
    clock.now += 180
    chart = Chart(CHART.steps.values(), CHART.transitions, replies=CHART.replies, leaps={})
    turn = Turn(outcome.record, EnterCode(code="1"), client=POOL, clock=clock, chart=chart)
    with pytest.raises(UnexpectedStep):
        next(advance(turn))


def test_a_chart_has_to_have_the_step_that_a_reply_leads_to(clock: Clock) -> None:
    sms = "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    replies = {
        work: (*(target for target in targets if target != sms), *([sms] * (work == RECOVERING)))
        for work, targets in CHART.replies.items()
    }
    chart = Chart(CHART.steps.values(), CHART.transitions, replies=replies, leaps=CHART.leaps)
    turn = advance(Turn(Record(), SIGN_IN, client=POOL, clock=clock, chart=chart))
    assert isinstance(next(turn), Checkpoint)
    assert isinstance(turn.send(None), Call)
    with pytest.raises(UnexpectedStep):
        turn.send(SMS)


DEVICE = RememberedDevice(
    key="eu-west-1_0a1b", group_key="-group", password="c2VjcmV0", user_decides=True
)


def proven() -> list[Exchange]:
    """A sign-in whose only question is to the device, and the device's answer."""
    named = {"USERNAME": "ada", "DEVICE_KEY": DEVICE.key}
    asked = challenge("DEVICE_SRP_AUTH", "session-2")
    return [
        initiate("USER_PASSWORD_AUTH", asked, PASSWORD="correct horse", **named),
        respond("DEVICE_SRP_AUTH", "session-2", tokens(), SRP_A=ANYTHING, **named),
    ]


def test_a_device_proves_itself_by_hand(clock: Clock) -> None:
    book = DeviceBook({"ada": DEVICE})
    outcome, _ = drive(Outcome(Record()), SIGN_IN, *proven(), clock=clock, devices=book)
    assert (outcome.device, outcome.new_device) == (DEVICE, None)
    assert isinstance(outcome.record.step, Done)
    assert outcome.record.step.device == CurrentDevice(key=DEVICE.key, user_decides=True)


def test_a_chart_has_to_have_the_way_back_from_a_proof(clock: Clock) -> None:
    replies = {**CHART.replies, "PROVING_DEVICE": ("IDLE",)}
    chart = Chart(CHART.steps.values(), CHART.transitions, replies=replies, leaps=CHART.leaps)
    with pytest.raises(UnexpectedStep, match="from PROVING_DEVICE to AUTHENTICATING"):
        drive(
            Outcome(Record()),
            SIGN_IN,
            *proven(),
            clock=clock,
            devices=DeviceBook({"ada": DEVICE}),
            chart=chart,
        )


def test_a_turn_shows_neither_secrets_nor_tables(clock: Clock) -> None:
    shown = repr(Turn(Record(), SIGN_IN, client=POOL, clock=clock, password=SecretStr("x")))
    assert shown.count("password=") == 1, "that of the event, as asterisks"
    assert not [name for name in ("devices=", "chart=") if name in shown]


def test_effects_show_neither_secrets_nor_personal_data() -> None:
    marker = "marker-1"
    for effect in (
        Call("SignUp", {"Username": marker}),
        Fetch("POST", "https://d.example", {"authorization": marker}, marker.encode()),
        Compute(lambda: marker),
        Checkpoint(Record(), SecretStr(marker)),
        Outcome(Record(), password=SecretStr(marker)),
    ):
        assert not re.search(r"marker|lambda|\*\*\*", repr(effect))


def test_an_event_that_is_refused_asks_for_nothing(clock: Clock) -> None:
    with pytest.raises(EventNotAccepted):
        drive(Outcome(Record()), EnterCode(code="1"), clock=clock)


def test_how_far_it_has_come_is_told_on_the_way(clock: Clock) -> None:
    outcome, _ = drive(
        Outcome(Record()), SIGN_IN, begun(refusal("UserNotConfirmedException")), clock=clock
    )
    confirmed = account("ConfirmSignUp", "ada", {}, ConfirmationCode="1")
    outcome, asked = drive(outcome, EnterCode(code="1"), confirmed, begun(), clock=clock)
    match asked:
        case [Checkpoint() as first, Call(), Checkpoint() as keep, Checkpoint() as second, Call()]:
            assert (first.sending, keep.sending, second.sending) == (
                "enter_code",
                None,
                "auto_sign_in",
            )
            assert keep.record.step == AutoSignInReady()
        case _:
            pytest.fail(str(asked))
    assert outcome.record.state == "CONFIRM_SIGN_IN_WITH_SMS_CODE"


def test_an_event_that_was_not_sent_leaves_nothing_to_keep(clock: Clock) -> None:
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(), clock=clock)
    turn = advance(Turn(outcome.record, EnterCode(code="1"), client=POOL, clock=clock))
    assert isinstance(next(turn), Checkpoint)
    with pytest.raises(StoreUnavailable):
        turn.throw(StoreUnavailable("The disk is full."))


def test_a_sign_in_that_failed_leaves_nothing_to_keep(clock: Clock) -> None:
    turn = advance(Turn(Record(), SIGN_IN, client=POOL, clock=clock))
    assert isinstance(next(turn), Checkpoint)
    assert isinstance(turn.send(None), Call)
    with pytest.raises(ConnectFailed):
        turn.throw(ConnectFailed("no way", operation="InitiateAuth", retryable=True))


def test_the_password_is_held_until_the_flow_is_done(clock: Clock) -> None:
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(), clock=clock)
    assert outcome.password is not None
    ended, _ = drive(outcome, Cancel(), clock=clock)
    assert (ended.record.step, ended.password) == (Idle(), None)
    answer = respond(
        "SMS_MFA", "session-1", refusal("NotAuthorizedException"), USERNAME="ada", SMS_MFA_CODE="1"
    )
    ended, _ = drive(outcome, EnterCode(code="1"), answer, clock=clock)
    assert ended.password is None


def test_a_flow_that_is_done_without_signing_in_holds_no_password(clock: Clock) -> None:
    reply = {"UserConfirmed": False, "UserSub": SUBJECT}
    signed_up = account("SignUp", "ada", reply, Password="correct horse")
    outcome, _ = drive(
        Outcome(Record()), SignUp(username="ada", password="correct horse"), signed_up, clock=clock
    )
    confirmed = account("ConfirmSignUp", "ada", {}, ConfirmationCode="1")
    outcome, _ = drive(outcome, ConfirmSignUp(code="1"), confirmed, clock=clock)
    assert outcome.record.state == "DONE"
    assert outcome.password is None


def test_another_users_sign_in_does_not_inherit_the_password(clock: Clock) -> None:
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(), clock=clock)
    other = SignIn(username="bob", auth_flow_type="USER_AUTH")
    outcome, _ = drive(outcome, other, initiate("USER_AUTH", SMS, USERNAME="bob"), clock=clock)
    assert outcome.record.login_id == "bob"
    assert outcome.password is None


def test_another_users_confirmation_does_not_inherit_the_password(clock: Clock) -> None:
    outcome, _ = drive(
        Outcome(Record()), SIGN_IN, begun(refusal("UserNotConfirmedException")), clock=clock
    )
    confirmed = account("ConfirmSignUp", "bob", {}, ConfirmationCode="1")
    outcome, _ = drive(outcome, ConfirmSignUp(username="bob", code="1"), confirmed, clock=clock)
    assert (outcome.record.login_id, outcome.password) == ("bob", None)


@pytest.mark.parametrize("after_request", [False, True])
def test_a_store_that_fails_is_a_reason_to_repeat_only_what_was_not_sent(
    clock: Clock, after_request: bool
) -> None:
    app = challenge("MFA_SETUP", MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    outcome, _ = drive(Outcome(Record()), SIGN_IN, begun(app), ASSOCIATE, clock=clock)
    turn = advance(Turn(outcome.record, EnterCode(code="123456"), client=POOL, clock=clock))
    effect = next(turn)
    if after_request:
        assert isinstance(turn.send(None), Call)
        effect = turn.send({"Status": "SUCCESS", "Session": "session-3"})
    assert isinstance(effect, Checkpoint)
    with pytest.raises(StoreUnavailable) as caught:  # noqa: PT012 - a driver sees an effect first
        assert isinstance(turn.throw(StoreUnavailable("The disk is full.")), Checkpoint)
        turn.send(None)
    assert caught.value.retryable == (not after_request)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("123456", r"not str; step\.answer"),
        (SignIn, r"not \w+; events are in auth_flow\.states"),
    ],
)
def test_what_is_no_event_is_refused(clock: Clock, given: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        drive(Outcome(Record()), given, clock=clock)


def test_a_turn_that_is_given_up_leaves_nothing_behind(clock: Clock) -> None:
    record = Record()
    for event, effects in ((SignIn(username="ada", password="x"), 2), (SIGN_IN, 1)):
        turn = advance(Turn(record, event, client=POOL, clock=clock))
        effect = next(turn)
        for _ in range(effects - 1):
            assert isinstance(effect, Compute)
            effect = turn.send(effect.work())
        turn.close()
        assert record == Record()


def test_what_is_public() -> None:
    assert sorted(core.__all__) == list(core.__all__)
    assert all(hasattr(core, name) for name in core.__all__)
    assert inspect.isgeneratorfunction(advance)
