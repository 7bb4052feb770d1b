"""Compare the SRP sign-ins a second of 32 flows with those of pycognito in 32 threads.

    python -m benchmarks.srp_sign_in [--rounds 3] [--sign-ins 96]

A server in another process replies immediately, first with a challenge and then with tokens. It
checks nothing, so that the clients never wait for it. The two take turns. The output has the
medians, their ratio, and the worst gap of a 1 ms heartbeat beside our sign-ins. Needs pycognito and
boto3.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

import anyio
import boto3
from botocore.config import Config
from pycognito import AWSSRP

from auth_flow import AuthFlow, Done, SignIn, UserPool
from auth_flow.transports._cognito import CognitoTransport
from benchmarks.engine import TOKENS
from benchmarks.transport import Server

FLOWS = 32
POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example23456789")
EVENT = SignIn(username="ada", password="Correct-Horse-1")
CHALLENGE = {
    "ChallengeName": "PASSWORD_VERIFIER",
    "ChallengeParameters": {
        "USERNAME": "ada",
        "USER_ID_FOR_SRP": "ada",
        "SALT": "2b0f6c1de9a4c37f5a1b90d2c4e87f13",
        "SRP_B": "a5" * 384,
        "SECRET_BLOCK": "c2VjcmV0" * 200,
    },
}


class SignInServer(Server):
    """Reply to InitiateAuth with a challenge, and to its answer with tokens."""

    def data_received(self, data: bytes) -> None:
        """Choose the reply by the operation, which is in the head."""
        if b"InitiateAuth" in data or b"RespondToAuthChallenge" in data:
            body = json.dumps(CHALLENGE if b"InitiateAuth" in data else TOKENS).encode()
            head = (
                b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n"
                b"content-length: %d\r\n\r\n" % len(body)
            )
            self.ANSWER = head + body
        super().data_received(data)


def serve(ready: Connection) -> None:
    """Send the port to the parent, and serve until killed."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(
            SignInServer, "127.0.0.1", 0, backlog=1024
        )
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def ours(url: str, sign_ins: int) -> tuple[float, float]:
    """Return the sign-ins a second, and the worst gap of the heartbeat in milliseconds."""
    left, worst = iter(range(sign_ins)), 0.0

    async def flow() -> None:
        for _ in left:
            assert isinstance(await AuthFlow(POOL, transport=transport).send(EVENT), Done)

    async def heartbeat() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.001)
            worst = max(worst, time.perf_counter() - before - 0.001)

    async with CognitoTransport(url) as transport:
        await AuthFlow(POOL, transport=transport).send(EVENT)  # imports and connects
        async with anyio.create_task_group() as beating:
            beating.start_soon(heartbeat)
            start = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                for _ in range(FLOWS):
                    tasks.start_soon(flow)
            taken = time.perf_counter() - start
            beating.cancel_scope.cancel()
    return sign_ins / taken, worst * 1000


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
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        url = f"http://127.0.0.1:{here.recv()}/"
        rates, gaps, peers = [], [], []
        for _ in range(options.rounds):
            rate, gap = anyio.run(ours, url, options.sign_ins * 8)
            rates.append(rate)
            gaps.append(gap)
            peers.append(theirs(url, options.sign_ins))
    finally:
        process.kill()
    mine, peer = statistics.median(rates), statistics.median(peers)
    print(f"auth-flow {mine:.0f}/s, pycognito {peer:.0f}/s, ratio {mine / peer:.1f}")
    print(f"worst gap of the loop in a round: {', '.join(f'{gap:.1f}' for gap in gaps)} ms")


if __name__ == "__main__":
    main()
