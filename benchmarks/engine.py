"""Measure the CPU time of one event in the state machine, without a transport.

    python -m benchmarks.engine

The peer is the chart alone, which takes the same two transitions. The difference is the cost of the
turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from auth_flow.core import Call, Checkpoint, Turn, advance
from auth_flow.states import AnswerChallenge, EnterCode, Record, SignIn
from auth_flow.states.chart import CHART
from benchmarks.replies import CUSTOM, POOL, SMS, TOKENS

ROUNDS, REPEATS = 2000, 5


def turn_of(record: Record, event: Any) -> Turn:
    """The turn of an event, early enough for every answer."""
    return Turn(record, event, POOL, clock=lambda: 1_700_000_000.0)


def turn(record: Record, event: Any, reply: Mapping[str, Any]) -> Record:
    """Handle one event, with an immediate reply."""
    conversation = advance(turn_of(record, event))
    effect = next(conversation)
    if isinstance(effect, Checkpoint):
        effect = conversation.send(None)
    assert isinstance(effect, Call)
    try:
        conversation.send(reply)
    except StopIteration as stop:
        return stop.value.record
    raise AssertionError("one request was expected")


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU time of each round in milliseconds, from the best of a few runs."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(ROUNDS):
            work()
        best = min(best, time.process_time() - start)
    return best / ROUNDS * 1000


def main() -> None:
    """Print a line for each case."""
    sign_in = SignIn(username="ada", password="Passw0rd!", auth_flow_type="USER_PASSWORD_AUTH")
    at_custom, at_sms = turn(Record(), sign_in, CUSTOM), turn(Record(), sign_in, SMS)
    answer, code = AnswerChallenge(answer="blue"), EnterCode(code="123456")

    bare_turn = turn_of(at_custom, answer)

    def transitions() -> None:
        CHART.begin(bare_turn)
        CHART.settle("AUTHENTICATING", "DONE")

    bare = cpu(transitions)
    print(f"{'two transitions, nothing else':44}{bare:8.3f} ms")
    for what, case in {
        "sign_in, answered by a challenge": lambda: turn(Record(), sign_in, CUSTOM),
        "answer_challenge, answered by another": lambda: turn(at_custom, answer, CUSTOM),
        "enter_code, answered by tokens": lambda: turn(at_sms, code, TOKENS),
    }.items():
        taken = cpu(case)
        print(f"{what:44}{taken:8.3f} ms   {taken / bare:4.2f} of the transitions")


if __name__ == "__main__":
    main()
