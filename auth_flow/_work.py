"""Arithmetic in worker threads, so that it does not block the event loop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")


async def compute(work: Callable[[], T]) -> T:
    """Run `work` in a worker thread and return its result.

    One core is left to the event loop: at most cores - 1 computations of a loop run at once (or
    one), and the others wait. Cancelling takes effect at once while the call waits for a thread;
    work that a thread has taken is done to its end.
    """
    workers = _workers.get(None)
    if workers is None:
        _workers.set(workers := _Workers(max(1, _cores() - 1)))
    return await to_thread.run_sync(workers.run, work, limiter=workers.limiter)


class _Workers:
    """The threads of one event loop. With anyio's own limit, 40 computations at once would fight
    the loop for the processor.

    One thread more than may compute has the next work in hand. Otherwise a core would stand idle
    until the loop, which may be busy, has heard of a result and handed on the next piece: an eighth
    fewer sign-ins a second.
    """

    def __init__(self, at_once: int) -> None:
        self.limiter = CapacityLimiter(at_once + 1)
        self._turns = threading.Semaphore(at_once)

    def run(self, work: Callable[[], T]) -> T:
        with self._turns:
            return work()


_workers = RunVar[_Workers]("auth_flow._work")


def _cores() -> int:
    """Return the number of cores that this process may use: its CPU affinity if the system has one,
    otherwise all cores.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
