"""The chart as a table, against what was written down of it."""

from __future__ import annotations

import pytest

from auth_flow.states import _guards as guards
from auth_flow.states import chart
from auth_flow.states._events import EVENTS
from auth_flow.states.chart import TRANSITIONS, SignInChart
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
    assert {state.value for state in SignInChart.states} == {*STATES, *OUTCOMES}


def test_what_callers_can_say() -> None:
    written = {
        (state, event, OTHER_WORK.get((state, event), WORK.get(event, contract.IDLE)))
        for event, states in ACCEPTED.items()
        for state in states
        if event != "answer"  # read by the step as one of the others
    } | {(state, event, target) for (state, event), target in LOCAL.items()}
    assert {
        (arrow.source, arrow.event, arrow.target) for arrow in TRANSITIONS if arrow.event in EVENTS
    } == written


def test_what_replies_lead_to() -> None:
    arrows = [arrow for arrow in TRANSITIONS if arrow.source in OUTCOMES]
    assert {(arrow.source, arrow.target) for arrow in arrows} == {
        (work, target) for work, targets in OUTCOMES.items() for target in targets
    }
    assert not any(arrow.guards for arrow in arrows)


def test_each_work_has_one_event_for_each_outcome() -> None:
    for work in OUTCOMES:
        events = [arrow.event for arrow in TRANSITIONS if arrow.source == work]
        assert len(events) == len(set(events))


def test_what_is_over_before_it_is_done() -> None:
    own = {(arrow.source, arrow.target) for arrow in TRANSITIONS if arrow.event == "ended"}
    assert own == {
        (state, contract.IDLE) for state in (*CHALLENGES, contract.DONE, "AUTHENTICATING")
    }


@pytest.mark.parametrize(("state", "event"), GUARDS, ids="-".join)
def test_the_guards_of_an_event(state: str, event: str) -> None:
    found = {
        frozenset(arrow.guards)
        for arrow in TRANSITIONS
        if (arrow.source, arrow.event) == (state, event)
    }
    assert found == GUARDS[state, event]


def test_every_answer_to_a_challenge_asks_first_whether_the_session_is_alive() -> None:
    for arrow in TRANSITIONS:
        if (
            arrow.source in CHALLENGES
            and arrow.event in EVENTS
            and arrow.event not in ("sign_in", "cancel")
        ):
            assert arrow.guards[0] == "session_is_alive", arrow


def test_guards_exist_are_used_and_say_their_rule() -> None:
    used = {name for arrow in TRANSITIONS for name in arrow.guards}
    own = {
        name: value
        for name, value in vars(guards).items()
        if getattr(value, "__module__", "") == guards.__name__
    }
    assert used == {
        name
        for name, value in own.items()
        if callable(value) and not name.startswith("_") and name != "GuardContext"
    }
    for name in used:
        assert own[name].__doc__.endswith("."), name


@pytest.mark.parametrize("state", STATES)
def test_what_a_state_accepts(state: str) -> None:
    accepted = chart.accepts(state)
    assert set(accepted) == {event for event, states in ACCEPTED.items() if state in states}
    assert len(accepted) == len(set(accepted))


def test_every_state_can_be_reached() -> None:
    assert _reached(contract.IDLE, {arrow: arrow.target for arrow in TRANSITIONS}) == {
        *STATES,
        *OUTCOMES,
    }


@pytest.mark.parametrize("state", STATES)
def test_from_every_state_a_way_leads_to_the_end(state: str) -> None:
    assert contract.DONE in _reached(state, {arrow: arrow.target for arrow in TRANSITIONS})


@pytest.mark.parametrize("state", UNFINISHED)
def test_from_every_state_a_way_leads_to_the_end_without_beginning_anew(state: str) -> None:
    forwards = {
        arrow: arrow.target
        for arrow in TRANSITIONS
        if arrow.event not in ("session_restored", "cancel", "ended")
        and (arrow.event != "sign_in" or arrow.source == contract.IDLE)
    }
    assert contract.DONE in _reached(state, forwards)


def _reached(state: str, arrows: dict[chart.Transition, str]) -> set[str]:
    reached, ahead = {state}, [state]
    while ahead:
        here = ahead.pop()
        for arrow, target in arrows.items():
            if arrow.source == here and target not in reached:
                reached.add(target)
                ahead.append(target)
    return reached


def test_the_machine_is_strict() -> None:
    assert SignInChart.allow_event_without_transition is False
    assert SignInChart.catch_errors_as_events is False
    assert SignInChart.atomic_configuration_update is True
    assert SignInChart.enable_self_transition_entries is False


def test_only_what_a_caller_says_is_guarded() -> None:
    """`settle` looks an arrow up instead of sending an event: a guard there would never be
    asked.
    """
    assert all(arrow.guards == () for arrow in chart.TRANSITIONS if arrow.event not in EVENTS)
