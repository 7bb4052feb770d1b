"""The state machine without I/O, for use with an event loop of your own.

`advance` is a generator. It yields effects, receives their results, and returns an `Outcome`. The
code that performs the effects is the driver::

    turn = Turn(record, SignIn(username="ada", password="…"), client=pool, clock=time.time)
    dialogue = advance(turn)
    effect = next(dialogue)  # raises EventNotAccepted, GuardRejected or FateUnknown
    while True:
        effect = dialogue.send(perform(effect))  # dialogue.throw(error) if it failed
    # StopIteration.value is the Outcome

`AuthFlow` uses such a driver. The record of a `Checkpoint` is the flow's record from then on, even
if the dialogue is abandoned. If its `unanswered` is set, a request is about to leave, and must not
be sent again. To guarantee that even if the process dies, store the record before you continue.

A turn takes the remembered devices of the installation as `devices`, and yields `DropDevice` if the
service does not know one of them. If the outcome has a `new_device`, `Session.keep` confirms it.
"""

from __future__ import annotations

from auth_flow.states._devices import DeviceBook
from auth_flow.states._effects import Call, Checkpoint, Compute, DropDevice, Effect, Fetch, Outcome
from auth_flow.states._turn import Turn, advance

__all__ = [
    "Call",
    "Checkpoint",
    "Compute",
    "DeviceBook",
    "DropDevice",
    "Effect",
    "Fetch",
    "Outcome",
    "Turn",
    "advance",
]
