"""Work of many tasks, done by one worker thread at a time in batches.

Theory of operation
-------------------

A durable commit waits for the disk, and takes about as long for one write as for thirty. Therefore
a task puts its work into a queue and waits for a lock. The task that gets the lock passes the whole
queue to a worker thread; the other tasks find their work done when they get the lock. This also
limits the number of threads: thirty threads that compete for the interpreter would cost more than
the work itself.

If the disk is fast, the queue seldom holds more than one write. Therefore the task with the lock
can wait a moment for more work. It does so only if another key was written shortly before, so a
single flow never waits.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")
Connection = TypeVar("Connection")

_RECENT = 0.05
"""Seconds after the use of another key in which more work is likely."""


class Job(NamedTuple, Generic[Connection]):
    """A piece of work in the queue, and the future of its result."""

    work: Callable[[Connection], Any]
    outcome: Future[Any]


class Batches(Generic[Connection]):
    """Runs work in batches. `perform` does a batch in a worker thread, and settles its outcomes.

    `moment` is the time in seconds to wait for more work if more is likely. The tasks may belong
    to several event loops: `perform` then runs in several threads at once.
    """

    def __init__(
        self, perform: Callable[[Sequence[Job[Connection]]], None], *, moment: float = 0.0
    ) -> None:
        self._perform = perform
        self._moment = moment
        self._queue = deque[Job[Connection]]()
        self._turns = RunVar[anyio.Lock](f"auth_flow.stores.{id(self)}")
        self._last_key = ""
        self._last_at = self._busy_at = float("-inf")

    async def run(self, key: str, work: Callable[[Connection], T]) -> T:
        """Run `work` in a batch and return its result.

        If the task is cancelled while it waits, the work is not done at all.
        """
        outcome = Future[T]()
        self._queue.append(Job(work, outcome))
        self._note(key)
        try:
            async with self._turn():
                if not outcome.done():
                    if self._moment and time.monotonic() - self._busy_at < _RECENT:
                        await anyio.sleep(self._moment)
                    await to_thread.run_sync(self._perform_queue)
        finally:
            outcome.cancel()  # unless it has begun
        return outcome.result()

    def _perform_queue(self) -> None:
        jobs = [self._queue.popleft() for _ in range(len(self._queue))]
        self._perform([job for job in jobs if job.outcome.set_running_or_notify_cancel()])

    def _note(self, key: str) -> None:
        now = time.monotonic()
        if key != self._last_key and now - self._last_at < _RECENT:
            self._busy_at = now
        self._last_key = key
        self._last_at = now

    def _turn(self) -> anyio.Lock:
        """Return the lock of this event loop."""
        turn = self._turns.get(None)
        if turn is None:
            self._turns.set(turn := anyio.Lock(fast_acquire=True))
        return turn


def attempt(
    job: Job[Connection], connection: Connection, *refusals: type[Exception]
) -> Callable[[], None]:
    """Do a job, and return a function that settles its outcome with the result, or with the
    exception if it is one of `refusals`.
    """
    try:
        value = job.work(connection)
    except refusals as refusal:
        return partial(job.outcome.set_exception, refusal)
    return partial(job.outcome.set_result, value)
