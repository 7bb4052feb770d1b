"""Compare the SRP sign-ins a second of 32 flows with those of pycognito in 32 threads.

    python -m benchmarks.srp_sign_in [--rounds 3] [--sign-ins 96]

A server in another process replies immediately, first with a challenge and then with tokens. It
checks nothing, so that the clients never wait for it. The two take turns. The output has the
medians, their ratio, and the worst gap of a 1 ms heartbeat, beside our sign-ins and without any.
Needs pycognito and boto3.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import boto3
from botocore.config import Config
from pycognito import AWSSRP

from auth_flow import AuthFlow, Done, SignIn
from auth_flow.transports import CognitoTransport
from benchmarks.heartbeat import heartbeat, idle_gap
from benchmarks.replies import POOL, answer
from benchmarks.server import serve

FLOWS = 32
EVENT = SignIn(username="ada", password="Correct-Horse-1")


async def ours(url: str, sign_ins: int) -> tuple[float, float]:
    """Return the sign-ins a second, and the worst gap of the heartbeat in milliseconds."""
    left = iter(range(sign_ins))

    async def flow() -> None:
        for _ in left:
            assert isinstance(await AuthFlow(POOL, transport=transport).send(EVENT), Done)

    async with CognitoTransport(url) as transport:
        await AuthFlow(POOL, transport=transport).send(EVENT)  # imports and connects
        async with heartbeat() as gaps:
            start = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                for _ in range(FLOWS):
                    tasks.start_soon(flow)
            taken = time.perf_counter() - start
    return sign_ins / taken, max(gaps)


def theirs(url: str, sign_ins: int) -> float:
    """Return the sign-ins a second of pycognito in threads."""
    client = boto3.client(
        "cognito-idp",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="a",
        aws_secret_access_key="s",
        config=Config(max_pool_connections=FLOWS),
    )

    def sign_in(_: int) -> None:
        AWSSRP(
            "ada", "Correct-Horse-1", POOL.user_pool_id, POOL.client_id, client=client
        ).authenticate_user()

    sign_in(0)
    start = time.perf_counter()
    with ThreadPoolExecutor(FLOWS) as threads:
        list(threads.map(sign_in, range(sign_ins)))
    return sign_ins / (time.perf_counter() - start)


def main() -> None:
    """Measure both in turns, and print the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sign-ins", type=int, default=96)
    options = parser.parse_args()
    rates, gaps, idle, peers = [], [], [], []
    with serve(answer) as url:
        for _ in range(options.rounds):
            rate, gap = anyio.run(ours, url, options.sign_ins * 8)
            rates.append(rate)
            gaps.append(gap)
            idle.append(anyio.run(idle_gap))
            peers.append(theirs(url, options.sign_ins))
    mine, peer = statistics.median(rates), statistics.median(peers)
    print(f"auth-flow {mine:.0f}/s, pycognito {peer:.0f}/s, ratio {mine / peer:.1f}")
    print(f"worst gap of the loop in each round: {', '.join(f'{gap:.1f}' for gap in gaps)} ms")
    print(f"the same without sign-ins:           {', '.join(f'{gap:.1f}' for gap in idle)} ms")


if __name__ == "__main__":
    main()
