"""Compare the cost of an SRP sign-in, and its effect on the event loop, with pycognito.

    python -m benchmarks.srp

Needs auth-flow and pycognito. The service's half is not measured: both clients answer the same
prepared challenge. The row "nothing" is the heartbeat alone; it shows the delays of the machine
itself, especially a shared one.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import anyio
from anyio import to_thread
from pycognito.aws_srp import AWSSRP

from auth_flow._threads import compute
from auth_flow.states import _srp as srp
from benchmarks.heartbeat import heartbeat

# pycognito makes its TIMESTAMP with utcnow().
warnings.filterwarnings("ignore", category=DeprecationWarning, module="pycognito")

EXCHANGES = 40
FLOWS = 50
ROUNDS = 5

GROUP, USER, PASSWORD = "Abc123", "0a1b2c3d-ada", "correct horse"
CHALLENGE = {
    "USER_ID_FOR_SRP": USER,
    "SALT": "7a" * 16,
    "SRP_B": f"{pow(2, secrets.randbits(256), srp.N):x}",
    "SECRET_BLOCK": base64.b64encode(secrets.token_bytes(1200)).decode(),
}


def sign(keys: srp.ClientKeys) -> str:
    return srp.claim(
        keys,
        CHALLENGE,
        group=GROUP,
        user=USER,
        password=PASSWORD,
        timestamp=srp.timestamp(time.time()),
    )


def auth_flow() -> None:
    sign(srp.ClientKeys.generate())


def pycognito() -> None:
    # The client that it is given is never called: making one would cost more than the arithmetic.
    peer = AWSSRP("ada", PASSWORD, f"eu-west-1_{GROUP}", "1example", client=object())
    peer.process_challenge(CHALLENGE, peer.get_auth_params())


async def auth_flow_compute() -> None:
    keys = await compute(srp.ClientKeys.generate)
    await compute(partial(sign, keys))


async def pycognito_threads() -> None:
    await to_thread.run_sync(pycognito)


async def pycognito_inline() -> None:
    pycognito()


def cpu(exchange: Callable[[], None]) -> float:
    """Milliseconds of CPU for one exchange."""
    start = time.process_time()
    exchange()
    return (time.process_time() - start) * 1000


async def worst_gap(exchange: Callable[[], Awaitable[None]]) -> float:
    """The longest time in milliseconds from one beat to the next of a task that sleeps 1 ms, beside
    FLOWS exchanges at once.
    """
    async with heartbeat() as gaps, anyio.create_task_group() as flows:
        for _ in range(FLOWS):
            flows.start_soon(exchange)
    return max(gaps)


def gaps(ways: dict[str, Callable[[], Awaitable[None]]]) -> dict[str, list[float]]:
    """The worst gap of each round, the ways taken in turns."""
    rounds = [
        {name: anyio.run(worst_gap, way) for name, way in ways.items()} for _ in range(ROUNDS)
    ]
    return {name: [each[name] for each in rounds] for name in ways}


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """Every core has another process to serve as well."""
    spinners = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def main() -> None:
    auth_flow()  # imports gmpy2
    times = [(cpu(auth_flow), cpu(pycognito)) for _ in range(EXCHANGES)]
    # The least is what the work takes: whatever else runs on the machine can only add to it.
    ours, theirs = (min(column) for column in zip(*times, strict=True))
    print(f"CPU of one SRP sign-in, least of {EXCHANGES}, taken in turns")
    print(f"  auth-flow            {ours:7.2f} ms")
    print(
        f"  pycognito            {theirs:7.2f} ms   auth-flow takes 1/{theirs / ours:.1f} of "
        "it (goal: 1/14)"
    )

    ways = {
        "nothing": partial(anyio.sleep, 0.4),
        "auth-flow": auth_flow_compute,
        "pycognito, threads": pycognito_threads,
        "pycognito, inline": pycognito_inline,
    }
    free = gaps(ways)
    with busy_cores():
        busy = gaps(ways)
    print(
        f"Worst gap of a 1 ms heartbeat beside {FLOWS} SRP sign-ins on asyncio: median (and "
        f"worst) of {ROUNDS} rounds, in ms"
    )
    print(
        f"  (goal: + 5)                  cores free           cores busy   ({os.cpu_count()} cores)"
    )
    for name in ways:
        print(
            f"  {name:20}",
            *(f"{statistics.median(g[name]):11.1f} ({max(g[name]):7.1f})" for g in (free, busy)),
        )


if __name__ == "__main__":
    main()
