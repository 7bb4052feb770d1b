"""The state machine without I/O, for use with an event loop of your own.

`advance` is a generator. It yields effects, receives their results, and returns an `Outcome`. The
code that performs the effects is the driver::

    turn = Turn(record, SignIn(username="ada", password="…"), client=pool, clock=time.time)
    dialogue = advance(turn)
    effect = next(dialogue)                      # raises EventNotAccepted, GuardRejected or FateUnknown
    while True:
        effect = dialogue.send(perform(effect))  # dialogue.throw(error) if it failed
    # StopIteration.value is the Outcome

`AuthFlow` is such a driver for asyncio and trio, in a dozen lines. A `Checkpoint` is the flow's
record from then on, even if the dialogue is given up: its `unanswered` says that a request is about to
leave, so that nobody sends it again. To keep that promise if the process dies, store the record
before going on.
"""

from __future__ import annotations

from auth_flow.states._effects import Call, Checkpoint, Compute, Effect, Outcome
from auth_flow.states._turn import Turn, advance

__all__ = ["Call", "Checkpoint", "Compute", "Effect", "Outcome", "Turn", "advance"]
