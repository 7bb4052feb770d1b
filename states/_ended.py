"""The record of a flow that has ended: just enough to answer that it is already done."""

from __future__ import annotations

from auth_flow.errors import AlreadyDone
from auth_flow.states._events import Event
from auth_flow.states._record import Record
from auth_flow.states.steps import Done

OPENING_EVENTS = ("sign_in", "sign_in_with_redirect", "sign_up", "reset_password")
"""The events that begin a new flow after one that has ended."""


def tombstone(record: Record) -> Record:
    """Return a record that states how the flow ended, without any secret."""
    assert isinstance(record.step, Done)
    done = record.step
    step = Done(signed_in=done.signed_in, username=done.username, user_id=done.user_id)
    return Record(step=step, ended=True)


def reopened(record: Record, event: Event) -> Record:
    """Return the record that `event` starts from after a flow that has ended.

    Raises `AlreadyDone` if the event cannot begin a flow.
    """
    if event.name not in OPENING_EVENTS:
        raise AlreadyDone(record.state, event.name, OPENING_EVENTS)
    return Record()
