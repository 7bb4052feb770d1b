"""Measure where the CPU time of a sign-in goes.

    python -m benchmarks.shares [--rounds 5] [--sign-ins 200]

Each kind of sign-in is measured whole, without HTTP, as turns of the state machine alone, and as
transitions of the chart alone. The parts are the differences, in milliseconds, and their shares.
Needs pycognito, like `benchmarks.srp`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio

from auth_flow import AuthFlow, Done, EnterCode, Event, Record, SignIn
from auth_flow.core import Call, Compute, Turn, advance
from auth_flow.states.chart import CHART
from auth_flow.transports import CognitoTransport, Transport
from benchmarks.replies import POOL, answer, reply_to
from benchmarks.server import serve
from benchmarks.srp import auth_flow as exchange

PASSWORD = "Correct-Horse-1"
KINDS: dict[str, tuple[Event, ...]] = {
    "password": (SignIn(username="ada", password=PASSWORD, auth_flow_type="USER_PASSWORD_AUTH"),),
    "password and code": (
        SignIn(username="grace", password=PASSWORD, auth_flow_type="USER_PASSWORD_AUTH"),
        EnterCode(code="123456"),
    ),
    "SRP": (SignIn(username="ada", password=PASSWORD),),
}


class Replies:
    """A transport that has the replies at hand."""

    async def call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        return reply_to(body)

    async def aclose(self) -> None: ...


async def sign_in(events: tuple[Event, ...], transport: Transport) -> None:
    flow = AuthFlow(POOL, transport=transport)
    for event in events:
        await flow.send(event)
    assert isinstance(flow.step, Done)


def turns(events: tuple[Event, ...]) -> list[Turn]:
    """Take the turns of a sign-in, and return them."""
    record, taken = Record(), []
    for event in events:
        taken.append(Turn(record, event, POOL, clock=time.time))
        dialogue, result = advance(taken[-1]), None
        try:
            while True:
                match dialogue.send(result):
                    case Call(_, body):
                        result = reply_to(body)
                    case Compute(work):
                        result = work()
                    case _:
                        result = None
        except StopIteration as stop:
            record = stop.value.record
    return taken


def transitions(taken: list[Turn]) -> None:
    for turn in taken:
        CHART.begin(turn)
        CHART.settle("AUTHENTICATING", "DONE")


def cpu(work: Callable[[], object], times: int) -> float:
    """Return the milliseconds of CPU of each time."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1000


async def async_cpu(work: Callable[[], Any], times: int) -> float:
    """Return the milliseconds of CPU of each time."""
    start = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - start) / times * 1000


async def layers(events: tuple[Event, ...], transport: Transport, times: int) -> list[float]:
    """Return the milliseconds of the whole, and of ever fewer layers of it."""
    return [
        await async_cpu(partial(sign_in, events, transport), times),
        await async_cpu(partial(sign_in, events, Replies()), times),
        cpu(partial(turns, events), times),
        cpu(partial(transitions, turns(events)), times),
    ]


async def measure(url: str, rounds: int, times: int) -> dict[str, dict[str, float]]:
    """Return the parts of each kind, by the least of the rounds."""
    measured: dict[str, list[list[float]]] = {kind: [] for kind in KINDS}
    arithmetic: list[float] = []
    async with CognitoTransport(url) as transport:
        for events in KINDS.values():
            await sign_in(events, transport)  # imports and connects
        for _ in range(rounds):
            arithmetic.append(cpu(exchange, times))
            for kind, events in KINDS.items():
                measured[kind].append(await layers(events, transport, times))
    return {
        kind: parts(*map(min, zip(*rows, strict=True)), min(arithmetic) if kind == "SRP" else 0.0)
        for kind, rows in measured.items()
    }


def parts(
    whole: float, without_http: float, core: float, chart: float, arithmetic: float
) -> dict[str, float]:
    return {
        "arithmetic": arithmetic,
        "HTTP": whole - without_http,
        "flow, session, threads": without_http - core,
        "dialogue": core - chart - arithmetic,
        "chart": chart,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sign-ins", type=int, default=200)
    options = parser.parse_args()
    exchange()  # imports gmpy2 and makes the table
    with serve(answer) as url:
        measured = anyio.run(measure, url, options.rounds, options.sign_ins)
    print(f"{'milliseconds of CPU':24}" + "".join(f"{kind:>20}" for kind in measured))
    for part in next(iter(measured.values())):
        row = [(each[part], each[part] / sum(each.values())) for each in measured.values()]
        print(f"{part:24}" + "".join(f"{taken:13.3f} ({share:4.0%})" for taken, share in row))
    print(
        f"{'sum':24}" + "".join(f"{sum(each.values()):13.3f}       " for each in measured.values())
    )


if __name__ == "__main__":
    main()
