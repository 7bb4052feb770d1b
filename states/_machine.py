"""The transitions as values, and the state machine that they make."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import new_class
from typing import TYPE_CHECKING, Any, TypeAlias

from statemachine import State, StateChart
from statemachine.exceptions import TransitionNotAllowed
from statemachine.transition_list import TransitionList

from auth_flow.errors import EventNotAccepted, GuardRejected, SessionExpired, UnexpectedStep
from auth_flow.states._device_proof import DeviceProof
from auth_flow.states._effects import Dialogue, Outcome
from auth_flow.states._events import Answer
from auth_flow.states._guards import Guard, session_is_alive
from auth_flow.states.steps import Idle, Question
from auth_flow.states.steps._base import Challenge, StepBase

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

StartDialogue: TypeAlias = "Callable[[Turn, Any], Dialogue[Outcome]]"


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition that an event causes.

    It leads from a step to the work that the event means. If nothing has to be sent, it leads
    directly to the next step. `dialogue` starts the dialogue that leads there.
    """

    source: str
    event: str
    target: str
    guards: tuple[Guard, ...]
    dialogue: StartDialogue


class Chart:
    """The transitions between a number of steps, and the state machine that they make.

    `replies` has the steps that a reply can lead to, by the work that it ends. `leaps` has the
    steps that a flow can go to without an event of the caller's, by the step that it leaves.
    """

    def __init__(
        self,
        steps: Iterable[type[StepBase]],
        transitions: tuple[Transition, ...],
        *,
        replies: Mapping[str, tuple[str, ...]],
        leaps: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.steps = {step.name: step for step in steps}
        self.transitions = transitions
        self.replies = replies
        self.leaps = leaps
        posed = [step for step in self.steps.values() if issubclass(step, Challenge)]
        self.challenges: dict[str, type[Challenge] | type[DeviceProof]] = {
            challenge: step for step in posed for challenge in step.challenges
        } | dict.fromkeys(DeviceProof.challenges, DeviceProof)
        """The state that stands for each of Cognito's challenges: a step, or the state at work in
        which the device proves itself.
        """
        self._by_ends = {(each.source, each.event, each.target): each for each in transitions}
        self._machine_class = _machine_class(self.steps, transitions, replies)
        self._local = threading.local()

    def accepts(self, state: str) -> tuple[str, ...]:
        """Return the names of the events that have a transition from a state, whatever their guards
        decide.
        """
        names = dict.fromkeys(each.event for each in self.transitions if each.source == state)
        typed = (Answer.name,) if issubclass(self.steps[state], Question) else ()
        return (*typed, *names)

    def begin(self, turn: Turn) -> Transition:
        """Return the transition that the event of a turn takes.

        Raises `EventNotAccepted` if the state has none for it, `GuardRejected` if a guard refuses
        it, and `SessionExpired` if it answers a challenge too late.
        """
        source, event = turn.record.state, turn.event.name
        machine = self._machine()
        machine.current_state_value = source
        try:
            machine.send(event, turn=turn)  # pyright: ignore[reportUnknownMemberType]
        except TransitionNotAllowed:
            raise self._refusal(turn) from None
        return self._by_ends[source, event, str(machine.current_state_value)]

    def settle(self, source: str, target: str) -> None:
        """Check a transition that no event causes: from work to a step, or a leap between steps.

        These transitions have no guards, so the machine has nothing to decide, and a look at the
        tables takes a hundredth of the time. Raises `UnexpectedStep` if the tables lack it.
        """
        if target not in self.replies.get(source, ()) and target not in self.leaps.get(source, ()):
            raise UnexpectedStep(source, target)

    def _machine(self) -> StateChart[object]:
        """Return the machine of this thread.

        Making one takes a millisecond, so it is made once and borrowed for each transition. A flow
        at rest needs none.
        """
        try:
            machine: StateChart[object] = self._local.machine
        except AttributeError:
            machine = self._local.machine = self._machine_class()
        return machine

    def _refusal(self, turn: Turn) -> EventNotAccepted | GuardRejected | SessionExpired:
        """Return the reason why the machine took no transition. If several were possible for the
        event, it is the refusal of the last one, which is the least specific.
        """
        state, event = turn.record.state, turn.event.name
        found = [each for each in self.transitions if (each.source, each.event) == (state, event)]
        if not found:
            return EventNotAccepted(state, event, self.accepts(state))
        guard = next(guard for guard in found[-1].guards if not guard(turn))
        return SessionExpired() if guard is session_is_alive else guard.refusal(state, event)


def _machine_class(
    steps: Iterable[str],
    transitions: Iterable[Transition],
    replies: Mapping[str, tuple[str, ...]],
) -> type[StateChart[object]]:
    states = {name: State(initial=name == Idle.name) for name in (*steps, *replies)}
    events: dict[str, TransitionList] = {}

    def add(event: str, more: TransitionList) -> None:
        events[event] = events[event] | more if event in events else more

    for each in transitions:
        conditions = [guard.allows for guard in each.guards]
        add(each.event, states[each.source].to(states[each.target], cond=conditions))
    for work, targets in replies.items():
        add("reply", states[work].to(*(states[target] for target in targets)))
    strict = {
        # The lax settings would swallow errors, and enter the target state all the same.
        "allow_event_without_transition": False,
        "catch_errors_as_events": False,
        "atomic_configuration_update": True,
    }
    body = {**states, **events, **strict}
    machine: type[StateChart[object]] = new_class(
        "SignInChart", (StateChart,), exec_body=lambda names: names.update(body)
    )
    return machine
