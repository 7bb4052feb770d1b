"""The time the service goes by: the machine's, or one that a test turns."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since the epoch."""


class TurnableClock:
    """A clock that runs with the machine's and can be put forward: `clock.turn(minutes=4)`."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        """The present time in seconds since the epoch."""
        return time.time() + self._ahead

    def turn(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Put the clock forward (or back, with negative figures)."""
        self._ahead += seconds + 60 * minutes + 3600 * hours + 86400 * days
