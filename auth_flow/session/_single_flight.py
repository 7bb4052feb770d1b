"""One piece of work for many tasks that want its result at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

from auth_flow._finish import attempt
from auth_flow.transports._loops import running_loop

T = TypeVar("T")

_PAUSE = 0.02
"""Seconds between two looks at work in another event loop, which cannot wake a task here."""


class SingleFlight(Generic[T]):
    """Runs one piece of work at a time, and gives its result, or its error, to all tasks that asked
    for it meanwhile, in this event loop and in those of other threads.

    The first task does the work, the others wait. Each of them can be cancelled; if the first one
    is, another begins the work anew. So it is if the event loop of the first one has ended, or if
    this is a forked child of its process.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[T]] = {}  # at most one; setdefault is atomic

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `work`, or of the work that is under way already, or raise its
        error.
        """
        mine = _Flight[T]()
        while (flight := self._flights.setdefault("", mine)) is not mine:
            await flight.wait()
            if flight.outcome is not None:
                return flight.outcome()
            if self._flights.get("") is flight:  # its loop has ended
                del self._flights[""]
        try:
            mine.outcome = await attempt(work)
        finally:
            self._flights.pop("", None)
            mine.landed.set()
        return mine.outcome()


class _Flight(Generic[T]):
    """Work under way. It lands without an outcome if the task that does it is cancelled."""

    def __init__(self) -> None:
        self.loop = running_loop()
        self.landed = anyio.Event()
        self.outcome: Callable[[], T] | None = None

    async def wait(self) -> None:
        """Wait until the work has ended, or cannot end any more."""
        if self.loop == running_loop():
            await self.landed.wait()
        # An event of anyio's does not reach the other loop, so this one looks again and again.
        while not self.landed.is_set() and not self.loop.over:  # noqa: ASYNC110
            await anyio.sleep(_PAUSE)
