"""Malformed lines for `drive`, the same ones for the same seed.

As a program it feeds as many as you like, and stops at the first line that is not answered::

    python -m tests.cli.fuzz_lines --lines 100000 --seed 7
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

import anyio

from auth_flow import AuthFlow, UserPool
from auth_flow._cli.drive import answer
from auth_flow._cli.drive.calls import CALLS
from auth_flow.errors import TransportError
from auth_flow.states import EVENTS

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, 10**400, "", " ", "ada", "\ud800", "\x00", "é" * 300, "9" * 5000),
    *([], [[]], {}, {"a": {"a": []}}, ["email"], {"SMS": 1}, "ENABLED", "submit", {"\ud800": ""}),
    *({"code": "\ud800"}, {"username": "ada", "password": "x"}, {"username": 5}, "+" * 2000),
)
NAMES = (*EVENTS, *CALLS, "fill", "form", "", "__class__", "\ud800")
FIELDS = tuple(
    {
        name
        for model in (*EVENTS.values(), *CALLS.values())
        for name in (*model.model_fields, "values", "action", "global", "event", "call")
    }
)


class Unreachable:
    """A transport without a network."""

    async def call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        json.dumps(body).encode()
        raise TransportError("there is no network.", operation=operation)

    async def aclose(self) -> None: ...


def lines(seed: int) -> Iterator[bytes]:
    """Make lines without end: objects with odd fields, and lines that were damaged on their way."""
    chance = random.Random(seed)
    fields = sorted(FIELDS)
    while True:
        kind = chance.choice(("event", "call"))
        line: dict[Any, Any] = {kind: chance.choice(NAMES if chance.random() < 0.95 else ODD)}
        for name in chance.sample(fields, chance.randrange(4)):
            line[name] = chance.choice(ODD)
        if isinstance(line.get("event"), str) and (model := EVENTS.get(line["event"])):
            for name, field in model.model_fields.items():
                if field.is_required():
                    line[name] = chance.choice(ODD)
        if chance.random() < 0.05:
            line = {"parallel": [line, chance.choice(ODD), line]}
        text = json.dumps(line, ensure_ascii=chance.random() < 0.5)
        damaged = bytearray(text.encode("utf-8", "surrogatepass"))
        for _ in range(chance.choice((0, 0, 0, 1, 1, 5))):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        yield bytes(damaged).replace(b"\n", b" ")


async def feed(count: int, seed: int) -> int:
    """Feed lines to one flow. Every one has to be answered, and the answer has to be JSON.

    Return how many were refused as no line at all.
    """
    pool = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
    flow = AuthFlow(pool, transport=Unreachable())
    invalid = 0
    for _, line in zip(range(count), lines(seed), strict=False):
        try:
            reply = await answer(flow, line)
            json.dumps(reply, allow_nan=False)
        except Exception as error:
            error.add_note(f"The line was {line!r}")
            raise
        invalid += reply.get("error", {}).get("name") == "InvalidLine"
    return invalid


def main() -> None:
    """Feed as many lines as the options say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    invalid = anyio.run(feed, options.lines, options.seed)
    sys.stdout.write(f"{options.lines} lines answered, {invalid} of them as invalid\n")


if __name__ == "__main__":
    main()
