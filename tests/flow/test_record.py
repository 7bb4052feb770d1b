"""A flow at rest as a value: what it holds, what it does not, and that it comes back as it went."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from auth_flow import AuthFlow
from auth_flow.errors import AuthFlowError
from auth_flow.states import Record
from auth_flow.states.steps import STEPS, Step
from tests.chart.samples import EVENTS, RECORDS

from .scripted import POOL, SMS, Clock, Script, initiate, respond, tokens

NAMES = [record.state for record in RECORDS]


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_a_record_comes_back_as_it_went(record: Record) -> None:
    stored = json.dumps(record.to_json())
    again = Record.model_validate(json.loads(stored))
    assert again == record
    assert type(again.step) is type(record.step)
    assert json.dumps(again.to_json()) == stored


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_a_step_comes_back_as_it_went(record: Record) -> None:
    stored = json.loads(json.dumps(record.step.to_json()))
    assert stored["name"] == record.state
    assert TypeAdapter[Step](Step).validate_python(stored) == record.step


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_a_record_does_not_show_the_services_session(record: Record) -> None:
    assert (
        "session-1" not in f"{record!r} {record} {record.model_dump()} {record.model_dump_json()}"
    )


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        RECORDS[1].username = "eve"
    with pytest.raises(ValidationError):
        RECORDS[1].step.name = "DONE"  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"unknown": 1},
        {"username": 5},
        {"expires_at": "soon"},
        {"sign_in_options": {"auth_flow_type": "ADMIN"}},
        {"step": {"name": "DONE"}},
        {"step": {"name": "DONE", "signed_in": True, "more": 1}},
    ],
    ids=repr,
)
def test_what_is_no_record_is_refused_without_showing_it(change: dict[str, Any]) -> None:
    values = {**RECORDS[1].to_json(), "session": "marker-of-a-session", **change}
    with pytest.raises(ValidationError) as caught:
        Record.model_validate(values)
    assert "marker" not in str(caught.value)


def test_a_new_record_is_idle() -> None:
    assert Record() == Record.model_validate(Record().to_json())
    assert Record().to_json() == {
        "version": 1,
        "step": {"name": "IDLE"},
        "ended": False,
        "password_refused": False,
        "goes_on": False,
    }
    assert (Record().state, Record().signed_in) == ("IDLE", False)
    assert set(STEPS) == set(NAMES)


@pytest.mark.anyio
async def test_a_flow_goes_on_from_its_record(
    script: Script, at_sms_code: AuthFlow, clock: Clock
) -> None:
    stored = json.dumps(at_sms_code.record.to_json())
    other = AuthFlow(POOL, transport=script, record=Record.model_validate_json(stored), clock=clock)
    assert (other.step, other.accepts, other.history) == (at_sms_code.step, at_sms_code.accepts, ())
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="1"))
    assert (await other.send(other.step.answer("1"))).name == "DONE"


@pytest.mark.anyio
async def test_the_record_says_when_it_expires(
    script: Script, flow: AuthFlow, clock: Clock
) -> None:
    script.expect(initiate("CUSTOM_AUTH", SMS, USERNAME="ada"))
    event = EVENTS[0].model_copy(update={"auth_flow_type": "CUSTOM_WITHOUT_SRP", "password": None})
    await flow.send(event)
    assert (flow.record.issued_at, flow.record.expires_at) == (
        clock.now,
        clock.now + POOL.auth_session_validity,
    )
    script.expect(respond("SMS_MFA", "session-1", tokens(), USERNAME="ada", SMS_MFA_CODE="1"))
    await flow.send(flow.step.answer("1"))
    with pytest.raises(AuthFlowError):
        await flow.send(event)
    assert (flow.record.session, flow.record.expires_at) == (None, None)
