"""Arithmetic in worker threads, so that it does not block the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")

THREADS = 2
"""The number of computations of an event loop that run at once.

SRP works without the GIL for three quarters of its time, so two threads keep both cores of a small
machine busy. A third one would make the event loop wait longer for the GIL.
"""


async def compute(work: Callable[[], T]) -> T:
    """Run `work` in a worker thread and return its result.

    At most `THREADS` computations of a loop run at once, and the others wait. Cancelling takes
    effect at once while the call waits for a thread; work that a thread has taken is done to its
    end.
    """
    threads = _threads.get(None)
    if threads is None:
        _threads.set(threads := CapacityLimiter(THREADS))
    return await to_thread.run_sync(work, limiter=threads)


_threads = RunVar[CapacityLimiter]("auth_flow._threads")
