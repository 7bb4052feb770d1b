"""Many tasks want the same thing; one of them gets it for all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")

GRACE = 5.0
"""Seconds that a cancelled task still gives the work it has begun on behalf of all."""


class SingleFlight(Generic[T]):
    """Runs one piece of work at a time, and hands its result, or its error, to everybody who asked meanwhile.

    The first to ask does the work in a task of its own. Each who asks can be cancelled. Where that is the first one, the work
    has `grace` seconds left to end for the others; after that it is cancelled too, and one of the others begins anew. So the
    first one's cancellation takes up to `grace` seconds: an answer that spends a one-time token must not be thrown away unread.
    """

    def __init__(self, grace: float = GRACE) -> None:
        self._grace = grace
        self._flight: _Flight[T] | None = None

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work`, or the work that is under way already, returns; raise what it raises."""
        while (flight := self._flight) is not None:
            await flight.landed.wait()
            if flight.outcome is not None:
                return flight.outcome()
        flight = self._flight = _Flight()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._carry, flight, work)
            try:
                await flight.landed.wait()
            except anyio.get_cancelled_exc_class():
                flight.shelter.deadline = anyio.current_time() + self._grace
                raise
        assert flight.outcome is not None
        return flight.outcome()

    async def _carry(self, flight: _Flight[T], work: Callable[[], Awaitable[T]]) -> None:
        try:
            with flight.shelter:
                flight.outcome = await _attempt(work)
        finally:
            self._flight = None
            flight.landed.set()


class _Flight(Generic[T]):
    """Work under way. It has `landed` without an outcome where it was given up."""

    def __init__(self) -> None:
        self.landed = anyio.Event()
        self.shelter = anyio.CancelScope(shield=True)
        self.outcome: Callable[[], T] | None = None


async def _attempt(work: Callable[[], Awaitable[T]]) -> Callable[[], T]:
    try:
        value = await work()
    except Exception as error:  # noqa: BLE001 - it is raised again for each who asked, outside of the task group that would wrap it
        failure, traceback = error, error.__traceback__

        def fail() -> T:
            raise failure.with_traceback(traceback)

        return fail
    return lambda: value
