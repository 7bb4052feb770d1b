"""One event, from a flow at rest to its next rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import SecretStr

from auth_flow.errors import EventNotAccepted, GuardRejected, SessionExpired
from auth_flow.states._app_client import AppClient
from auth_flow.states._devices import DeviceBook, RememberedDevice
from auth_flow.states._effects import Checkpoint, Dialogue, Outcome
from auth_flow.states._ended import reopened
from auth_flow.states._events import Answer, AutoSignIn, Event, check_event
from auth_flow.states._fate import answered, at_most_once, check_repetition
from auth_flow.states._guards import session_is_alive
from auth_flow.states._machine import Chart, Transition
from auth_flow.states._record import Record
from auth_flow.states._user_context import UserContext
from auth_flow.states._work import WORK
from auth_flow.states.chart import CHART
from auth_flow.states.steps import AutoSignInReady, Done, Idle, Question
from auth_flow.states.steps._base import Challenge, StepBase


@dataclass(frozen=True, slots=True)
class Turn:
    """An event that is sent to a flow at rest, with everything that its dialogue depends on.

    `clock` returns seconds since the epoch. `password` is that of the previous outcome.
    `user_context` is the user's device, for the service's threat protection.
    """

    record: Record
    event: Event
    client: AppClient
    clock: Callable[[], float]
    password: SecretStr | None = field(default=None, repr=False)
    user_context: UserContext | None = None
    clock_difference: Callable[[], float] = lambda: 0.0
    """Returns the seconds that the service's clock is ahead of `clock`, if the transport knows."""
    devices: DeviceBook = field(default_factory=DeviceBook, repr=False)
    """The devices of this installation. The turn yields `DropDevice` if it drops one."""
    chart: Chart = field(default=CHART, repr=False)
    now: float = field(init=False)
    """The time of the event. Guards and dialogues use it, so that they agree."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", self.clock())

    @property
    def device(self) -> RememberedDevice | None:
        """The device by which the pool knows this installation, for the user who signs in."""
        return self.devices.find(self.record.username, self.record.login_id)

    def with_record(self, record: Record, **changes: Any) -> Turn:
        """Return the turn with another record: the same event, at the same time."""
        turn = replace(self, record=record, **changes)
        object.__setattr__(turn, "now", self.now)
        return turn

    def waiting_at(
        self, step: StepBase, session: SecretStr | None, challenge: str | None = None
    ) -> Record:
        """Return the record of the flow at a step that begins now, with the session to answer it
        and the time until which the service takes that answer.
        """
        now = self.clock()
        issued, expires = (
            (now, now + self.client.auth_session_validity) if session else (None, None)
        )
        return self.record.at(
            step, session=session, challenge=challenge, issued_at=issued, expires_at=expires
        )

    def rest_at(self, record: Record) -> Outcome:
        """Return the outcome that the flow rests at this record. It keeps the password as long as
        a sign-in of the same user may still need it.
        """
        over = isinstance(record.step, Idle | Done) or record.login_id != self.record.login_id
        return Outcome(record, password=None if over else self.password)


def advance(turn: Turn) -> Dialogue[Outcome]:
    """Carry out the event of a turn, until the flow rests again.

    Raises `EventNotAccepted`, `GuardRejected` and `FateUnknown` before the first effect. Raises an
    error that is thrown in if the flow stays where it stands; an error that ends the flow is in the
    outcome.
    """
    check_event(turn.event)
    if turn.record.ended:
        turn = turn.with_record(reopened(turn.record, turn.event))
    try:
        turn = _read_typed_answer(turn)
        transition = turn.chart.begin(turn)
    except SessionExpired as error:
        turn.chart.settle(turn.record.state, Idle.name)
        return Outcome(Record(), error=error)
    if transition.target in WORK:
        return (yield from _converse(turn, transition))
    return (yield from transition.dialogue(turn, turn.event))


def _converse(turn: Turn, transition: Transition) -> Dialogue[Outcome]:
    """Hold a transition's dialogue with the service."""
    check_repetition(turn)
    password = turn.event.password_to_hold(turn.password)
    prepared = turn.with_record(answered(turn.record), password=password)
    outcome = yield from at_most_once(turn, transition.dialogue(prepared, prepared.event))
    turn.chart.settle(transition.target, outcome.record.state)
    if isinstance(outcome.record.step, AutoSignInReady) and outcome.record.goes_on:
        return (yield from _sign_in_at_once(turn, outcome))
    return outcome


def _read_typed_answer(turn: Turn) -> Turn:
    """Replace an `Answer` by the event that its text stands for at this step."""
    if not isinstance(turn.event, Answer):
        return turn
    step = turn.record.step
    if not isinstance(step, Question):
        raise EventNotAccepted(step.name, turn.event.name, turn.chart.accepts(step.name))
    if isinstance(step, Challenge) and not session_is_alive(turn):
        raise SessionExpired()
    return replace(turn, event=step.parse(turn.event))


def _sign_in_at_once(turn: Turn, outcome: Outcome) -> Dialogue[Outcome]:
    """Sign in without a further event, or rest if the flow lacks the password for it."""
    yield Checkpoint(outcome.record, outcome.password)
    event = AutoSignIn(client_metadata=turn.event.client_metadata)
    next_turn = replace(turn, record=outcome.record, event=event, password=outcome.password)
    try:
        return (yield from advance(next_turn))
    except GuardRejected:
        return Outcome(outcome.record)
