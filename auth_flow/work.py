"""Arithmetic that would stop the event loop, done in worker threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")

_limiter = RunVar[CapacityLimiter]("auth_flow.work")


async def compute(work: Callable[[], T]) -> T:
    """Run `work` in a worker thread and return what it returns, or raise what it raises.

    One core is left to the event loop: at most cores - 1 computations of a loop run at once (or one), and the others wait.
    A cancelled call returns at once; a computation that has begun ends unheard.
    """
    return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=_own_limiter())


def _own_limiter() -> CapacityLimiter:
    """The limiter of the running loop. With anyio's own one, 40 computations at once would fight the loop for the processor."""
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(max(1, _cores() - 1))
        _limiter.set(limiter)
    return limiter


def _cores() -> int:
    """How many cores this process may use: its affinity where the system has such a thing, else what the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
