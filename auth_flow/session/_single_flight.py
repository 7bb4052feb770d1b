"""Many tasks want the same thing; one of them gets it for all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

from auth_flow._finish import attempt

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs one piece of work at a time, and hands its result, or its error, to everybody who asked
    meanwhile.

    The first to ask does the work, the others wait. Each of them can be cancelled; where that is
    the first one, another begins the work anew.
    """

    def __init__(self) -> None:
        self._flight: _Flight[T] | None = None

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work`, or the work that is under way already, returns; raise what it
        raises.
        """
        while (flight := self._flight) is not None:
            await flight.landed.wait()
            if flight.outcome is not None:
                return flight.outcome()
        flight = self._flight = _Flight()
        try:
            flight.outcome = await attempt(work)
        finally:
            self._flight = None
            flight.landed.set()
        return flight.outcome()


class _Flight(Generic[T]):
    """Work under way. It has landed without an outcome where whoever did it was cancelled."""

    def __init__(self) -> None:
        self.landed = anyio.Event()
        self.outcome: Callable[[], T] | None = None
