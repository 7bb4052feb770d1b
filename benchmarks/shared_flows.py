"""Shared flows on SQLite: events per second, and commits per write.

    python -m benchmarks.shared_flows [--flows 32] [--seconds 5] [--folder DIR]

The flows answer custom challenges without a pause. The service is played in memory, so that the
store is what is measured. `--folder` should be on the disk that you ask about.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import anyio

from auth_flow import AnswerChallenge, Sealer, SharedFlows, SignIn, SQLiteStore, UserPool, new_key

POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
SIGN_IN = SignIn(username="ada", auth_flow_type="CUSTOM_WITHOUT_SRP")


class Challenges:
    """A transport whose service asks a custom challenge after each answer."""

    def __init__(self) -> None:
        self._numbers = count()

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Ask the next challenge, with a session as long as Cognito's."""
        session = f"{next(self._numbers):01000d}"
        return {"ChallengeName": "CUSTOM_CHALLENGE", "Session": session, "ChallengeParameters": {}}

    async def aclose(self) -> None:
        """There is nothing to close."""


async def measure(path: Path, *, flows: int, seconds: float) -> int:
    """Return the number of events in so many seconds."""
    shared = SharedFlows(SQLiteStore(path), Sealer([new_key()]), POOL, transport=Challenges())
    end, events = time.monotonic() + seconds, 0

    async def talk(key: str) -> None:
        nonlocal events
        async with shared.take(key) as flow:
            await flow.send(SIGN_IN)
        while time.monotonic() < end:
            async with shared.take(key) as flow:
                await flow.send(AnswerChallenge(answer="yes"))
            events += 1

    async with anyio.create_task_group() as group:
        for number in range(flows):
            group.start_soon(talk, f"flow-{number}")
    return events


def counted() -> Counter[str]:
    """Count the statements of all connections from now on, by their first word."""
    statements = Counter[str]()
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*args, **options)
        connection.set_trace_callback(lambda text: statements.update([text.split()[0]]))
        return connection

    sqlite3.connect = traced  # type: ignore[assignment]
    return statements


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--flows", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    statements = counted()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "flows"
        events = anyio.run(
            lambda: measure(path, flows=options.flows, seconds=options.seconds), backend="asyncio"
        )
    rate, cpu = events / options.seconds, 1000 * time.process_time() / max(1, events)
    commits = statements["COMMIT"] / max(1, statements["REPLACE"])
    print(
        f"{options.flows} flows: {rate:.0f} events/s, {cpu:.2f} ms of CPU for each event,"
        f" {commits:.2f} commits per write"
    )


if __name__ == "__main__":
    main()
