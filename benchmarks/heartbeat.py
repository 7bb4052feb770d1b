"""A task that sleeps for 1 ms at a time, to see how long other work keeps the event loop."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Give the milliseconds from each beat to the next. Without other work, they are a little more
    than 1; what they are then shows the delays of the machine itself.
    """
    gaps: list[float] = []

    async def beat() -> None:
        last = time.perf_counter()
        while True:
            await anyio.sleep(0.001)
            now = time.perf_counter()
            gaps.append((now - last) * 1000)
            last = now

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(beat)
        await anyio.sleep(0.02)
        yield gaps
        await anyio.sleep(0.02)
        tasks.cancel_scope.cancel()


async def idle_gap() -> float:
    """Return the worst gap of half a second without other work."""
    async with heartbeat() as gaps:
        await anyio.sleep(0.5)
    return max(gaps)
