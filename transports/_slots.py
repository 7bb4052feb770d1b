"""A bounded number of requests at once."""

from __future__ import annotations

import anyio


class Slots:
    """Slots for `number` requests; one that finds none free waits, in the order of arrival."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._free = anyio.Semaphore(number)

    @property
    def taken(self) -> int:
        """The number of slots in use."""
        return self._number - self._free.value

    async def take(self, seconds: float | None) -> bool:
        """Take a slot; return false if none came free within `seconds` (None: no limit).

        If one is free, it is taken without waiting and without a timer.
        """
        try:
            self._free.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(seconds) as waiting:
                await self._free.acquire()
            return not waiting.cancelled_caught
        return True

    def leave(self) -> None:
        """Hand the slot to the request that has waited longest."""
        self._free.release()
