"""Every pair of state and event: a transition, or a typed refusal that sends nothing and changes
nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import ValidationError

from auth_flow.core import Checkpoint, Compute, Outcome, Turn, advance
from auth_flow.errors import (
    AuthFlowError,
    EventNotAccepted,
    GuardRejected,
    SessionExpired,
    UnexpectedStep,
)
from auth_flow.states import EVENTS as EVENT_CLASSES
from auth_flow.states import Answer, Event, Record
from auth_flow.states.chart import CHART
from auth_flow.states.steps import STEPS, Question
from tests.states.webauthn import ASSERTION

from .contract import ACCEPTED, LOCAL, OTHER_WORK, WORK
from .resting import POOL, flow_at, turn
from .samples import EVENTS, NOW, RECORDS

PAIRS = [(record, event) for record in RECORDS for event in EVENTS]


def accepted(record: Record, event: Event) -> bool:
    return record.state in ACCEPTED[event.name]


def name(value: Record | Event) -> str:
    return value.state if isinstance(value, Record) else value.name


def test_the_samples_are_complete() -> None:
    assert {record.state for record in RECORDS} == set(STEPS)
    assert {event.name for event in EVENTS} == set(EVENT_CLASSES)


TAKEN = [
    (record, event) for record, event in PAIRS if accepted(record, event) and event.name != "answer"
]
REFUSED = [(record, event) for record, event in PAIRS if not accepted(record, event)]


@pytest.mark.parametrize(("record", "event"), TAKEN, ids=name)
def test_a_transition(record: Record, event: Event) -> None:
    if record.signed_in:
        with pytest.raises(GuardRejected) as caught:
            CHART.begin(turn(record, event))
        assert caught.value.guard == "is_signed_out"
        return
    place = (record.state, event.name)
    expected = {OTHER_WORK.get(place, WORK.get(event.name, "IDLE")), LOCAL.get(place)}
    assert CHART.begin(turn(record, event)).target in expected


@pytest.mark.anyio
@pytest.mark.parametrize(("record", "event"), REFUSED, ids=name)
async def test_a_refusal(record: Record, event: Event) -> None:
    flow = await flow_at(record)
    before, text = flow.record, flow.record.to_json()
    with pytest.raises(EventNotAccepted) as caught:
        await flow.send(event)
    error = caught.value
    assert (error.name, error.retryable) == ("EventNotAccepted", False)
    assert (error.state, error.event) == (record.state, event.name)
    assert set(error.accepts) == {
        name for name, states in ACCEPTED.items() if record.state in states
    }
    for word in (record.state, event.name, *error.accepts):
        assert word in error.message
    assert flow.record is before
    assert flow.record.to_json() == text
    assert flow.history[-1] == (NOW, event.name, record.state, record.state, "EventNotAccepted")


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_what_a_person_types_is_an_event_that_the_state_takes(record: Record) -> None:
    texts = {
        "CONTINUE_SIGN_IN_WITH_REDIRECT": " code=c-1&state=s-1 ",
        "CONTINUE_SIGN_IN_WITH_MFA_SELECTION": "totp",
        "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION": " Email ",
        "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION": "web_authn",
        "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP": " ada@example.org ",
        "CONFIRM_SIGN_IN_WITH_PASSKEY": json.dumps(ASSERTION),
    }
    attributes = {"given_name": "Ada", "custom:pet": "Rex"}
    if not isinstance(record.step, Question):
        assert "answer" not in CHART.accepts(record.state)
        return
    typed = texts.get(record.state, "123456")
    event = record.step.answer(typed, user_attributes=attributes, client_metadata={"a": "1"})
    assert not isinstance(event, Answer)
    assert event.client_metadata == {"a": "1"}
    assert event.name in CHART.accepts(record.state)
    assert CHART.begin(turn(record, event))


def first(dialogue: Generator[object, object, Outcome]) -> object:
    """What a turn of the core comes to without a driver: its first effect, or its outcome, or its
    refusal.
    """
    try:
        return next(dialogue)
    except StopIteration as stop:
        return stop.value
    except AuthFlowError as refusal:
        return refusal
    finally:
        dialogue.close()


@pytest.mark.parametrize(("record", "event"), TAKEN, ids=name)
def test_the_core_takes_it_too(record: Record, event: Event) -> None:
    before = record.to_json()
    match first(advance(Turn(record, event, POOL, clock=lambda: NOW))):
        case Compute():
            pass
        case Checkpoint(sending=sending):
            assert sending == event.name
        case Outcome(record=after, error=None):
            assert after.state in {
                LOCAL.get((record.state, event.name)),
                WORK.get(event.name, "IDLE"),
            }
        case other:
            assert isinstance(other, GuardRejected)
            assert record.signed_in
    assert record.to_json() == before


@pytest.mark.parametrize(("record", "event"), TAKEN, ids=name)
def test_an_expired_session_takes_no_answer(record: Record, event: Event) -> None:
    if record.expires_at is None or event.name in (
        *("sign_in", "sign_in_with_redirect", "cancel"),
    ):
        return
    outcome = first(advance(Turn(record, event, POOL, clock=lambda: NOW + 120)))
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.error, SessionExpired)
    assert outcome.record == Record()


@pytest.mark.parametrize("record", [record for record in RECORDS if record.session], ids=name)
def test_an_expired_session_takes_no_typed_answer(record: Record) -> None:
    outcome = first(
        advance(Turn(record, Answer(response="none of the choices"), POOL, clock=lambda: NOW + 120))
    )
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.error, SessionExpired)


@pytest.mark.parametrize(
    "step",
    [
        {"name": "NOWHERE"},
        {"name": ""},
        {},
        {"name": None},
        {"name": []},
        {"name": "DONE"},
        "IDLE",
        5,
        None,
    ],
)
def test_a_wrong_stored_state_is_a_clear_error(step: Any) -> None:
    with pytest.raises(ValidationError, match="step"):
        Record.model_validate({"step": step})


@pytest.mark.parametrize("state", ["AUTHENTICATING", "REGISTERING", "RECOVERING"])
def test_a_flow_does_not_rest_in_a_working_state(state: str) -> None:
    with pytest.raises(ValidationError):
        Record.model_validate({"step": {"name": state}})


def test_a_reply_leads_only_where_the_chart_says() -> None:
    CHART.settle("AUTHENTICATING", "DONE")
    for source, target in (
        ("RECOVERING", "CONFIRM_SIGN_UP"),
        ("REGISTERING", "RESET_PASSWORD"),
        ("IDLE", "CONFIRM_SIGN_UP"),
    ):
        with pytest.raises(UnexpectedStep, match=source):
            CHART.settle(source, target)


def test_machines_work_from_several_threads() -> None:
    together = threading.Barrier(4)

    def walk(_: int) -> list[str]:
        together.wait()
        seen = list[str]()
        for record, event in PAIRS:
            try:
                seen.append(CHART.begin(turn(record, event)).target)
            except AuthFlowError as refusal:
                seen.append(refusal.message)
        return seen

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(walk, range(4))
    assert all(other == first for other in others)
