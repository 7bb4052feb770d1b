"""A bounded number of requests at once."""

from __future__ import annotations

import anyio


class Slots:
    """`number` slots; who finds none free waits, and gets one in the order of arrival."""

    def __init__(self, number: int) -> None:
        self._number, self._free = number, anyio.Semaphore(number)

    @property
    def taken(self) -> int:
        """How many are in use."""
        return self._number - self._free.value

    async def take(self, seconds: float | None) -> bool:
        """Take a slot; false where none came free in time. Where one is free, there is no wait and
        no timer.
        """
        try:
            self._free.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(seconds) as waiting:
                await self._free.acquire()
            return not waiting.cancelled_caught
        return True

    def leave(self) -> None:
        """Hand the slot to whoever has waited longest."""
        self._free.release()
