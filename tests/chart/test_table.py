"""The chart as a table, against what was written down of it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from auth_flow.states import EVENTS
from auth_flow.states import _guards as guards
from auth_flow.states._machine import Chart, Transition
from auth_flow.states._work import WORK as WORKING
from auth_flow.states.chart import CHART
from auth_flow.states.steps import STEPS

from . import contract
from .contract import (
    ACCEPTED,
    CHALLENGES,
    GUARDS,
    LOCAL,
    OTHER_WORK,
    OUTCOMES,
    STATES,
    UNFINISHED,
    WORK,
)


def test_the_steps_and_events_are_those_written_down() -> None:
    assert set(STEPS) == set(STATES)
    assert set(EVENTS) == set(ACCEPTED)
    assert set(CHART.steps) == set(STATES)
    assert set(WORKING) == set(OUTCOMES)


def test_what_callers_can_say() -> None:
    written = {
        (state, event, OTHER_WORK.get((state, event), WORK.get(event, contract.IDLE)))
        for event, states in ACCEPTED.items()
        for state in states
        if event != "answer"  # read by the step as one of the others
    } | {(state, event, target) for (state, event), target in LOCAL.items()}
    assert {(arrow.source, arrow.event, arrow.target) for arrow in CHART.transitions} == written


def test_what_replies_lead_to() -> None:
    assert {work: set(steps) for work, steps in CHART.replies.items()} == {
        work: set(steps) for work, steps in OUTCOMES.items()
    }


def test_where_a_flow_leaps_without_an_event() -> None:
    assert CHART.leaps == {
        state: (contract.DONE, contract.IDLE)
        if state in (*CHALLENGES, contract.REDIRECT, contract.DONE)
        else (contract.DONE,)
        for state in STATES
    }


@pytest.mark.parametrize(("state", "event"), GUARDS, ids=str)
def test_the_guards_of_an_event(state: str, event: str) -> None:
    found = {
        frozenset(guard.name for guard in arrow.guards)
        for arrow in CHART.transitions
        if (arrow.source, arrow.event) == (state, event)
    }
    assert found == GUARDS[state, event]


def test_every_answer_to_a_challenge_asks_first_whether_the_session_is_alive() -> None:
    for arrow in CHART.transitions:
        if arrow.source in CHALLENGES and arrow.event not in (
            *("sign_in", "sign_in_with_redirect", "cancel"),
        ):
            assert arrow.guards[0] is guards.session_is_alive, arrow


def test_a_guard_shows_its_name_and_its_rule() -> None:
    shown = repr(guards.is_signed_out)
    assert shown == (
        "Guard(name='is_signed_out', rule='The user who is signed in must sign out first.')"
    )


def test_guards_are_used_and_have_a_rule() -> None:
    used = {guard for arrow in CHART.transitions for guard in arrow.guards}
    defined = {value for value in vars(guards).values() if isinstance(value, guards.Guard)}
    assert used == defined
    assert {guard.name for guard in used} == {
        name for name, value in vars(guards).items() if isinstance(value, guards.Guard)
    }
    for guard in used:
        assert guard.rule.endswith("."), guard


@pytest.mark.parametrize("state", STATES)
def test_what_a_state_accepts(state: str) -> None:
    accepted = CHART.accepts(state)
    assert set(accepted) == {event for event, states in ACCEPTED.items() if state in states}
    assert len(accepted) == len(set(accepted))


def test_every_state_can_be_reached() -> None:
    assert _reached(contract.IDLE, CHART.transitions) == {*STATES, *OUTCOMES}


@pytest.mark.parametrize("state", STATES)
def test_from_every_state_a_way_leads_to_the_end(state: str) -> None:
    assert contract.DONE in _reached(state, CHART.transitions)


@pytest.mark.parametrize("state", UNFINISHED)
def test_from_every_state_a_way_leads_to_the_end_without_beginning_anew(state: str) -> None:
    forwards = [
        arrow
        for arrow in CHART.transitions
        if arrow.event != "cancel" and (arrow.event != "sign_in" or arrow.source == contract.IDLE)
    ]
    assert contract.DONE in _reached(state, forwards)


def _reached(state: str, arrows: Iterable[Transition]) -> set[str]:
    ends = {(arrow.source, arrow.target) for arrow in arrows} | {
        (work, step) for work, steps in CHART.replies.items() for step in steps
    }
    reached, ahead = {state}, [state]
    while ahead:
        here = ahead.pop()
        for source, target in ends:
            if source == here and target not in reached:
                reached.add(target)
                ahead.append(target)
    return reached


def test_the_machine_is_strict() -> None:
    chart = Chart(CHART.steps.values(), CHART.transitions, replies=CHART.replies, leaps=CHART.leaps)
    machine = chart._machine_class
    assert machine.allow_event_without_transition is False
    assert machine.catch_errors_as_events is False
    assert machine.atomic_configuration_update is True
