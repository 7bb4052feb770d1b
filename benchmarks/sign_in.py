"""Compare the CPU time of a USER_PASSWORD_AUTH sign-in with the bare httpx POST that it contains.

    python -m benchmarks.sign_in [--rounds 7] [--requests 400]

Flows sign in one after the other over one shared transport, to a server in another process. An
`httpx.AsyncClient` posts the same body to it. Both take turns. The output has the medians of the
rounds in milliseconds of CPU for each sign-in or POST, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Awaitable, Callable

import anyio
import httpx

from auth_flow import AuthFlow, Done, SignIn
from auth_flow.transports import CognitoTransport
from benchmarks.replies import POOL, answer
from benchmarks.server import serve
from benchmarks.transport import CONTENT, HEADERS

EVENT = SignIn(username="ada", password="Correct-Horse-1", auth_flow_type="USER_PASSWORD_AUTH")


async def cpu(work: Callable[[], Awaitable[object]], requests: int) -> float:
    """Return the CPU time of each request in milliseconds."""
    start = time.process_time()
    for _ in range(requests):
        await work()
    return (time.process_time() - start) / requests * 1000


async def compare(url: str, rounds: int, requests: int) -> None:
    """Measure both in turns, and print the result."""
    async with CognitoTransport(url) as transport, httpx.AsyncClient() as client:

        async def sign_in() -> None:
            assert isinstance(await AuthFlow(POOL, transport=transport).send(EVENT), Done)

        async def post() -> None:
            (await client.post(url, content=CONTENT, headers=HEADERS)).json()

        await cpu(sign_in, 20)
        await cpu(post, 20)
        ours, bare = [], []
        for _ in range(rounds):
            ours.append(await cpu(sign_in, requests))
            bare.append(await cpu(post, requests))
    signing_in, posting = statistics.median(ours), statistics.median(bare)
    print(
        f"sign-in {signing_in:.3f} ms, bare httpx POST {posting:.3f} ms, ratio "
        f"{signing_in / posting:.2f}"
    )


def main() -> None:
    """Start the server, measure, stop the server."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=400)
    options = parser.parse_args()
    with serve(answer) as url:
        anyio.run(compare, url, options.rounds, options.requests)


if __name__ == "__main__":
    main()
