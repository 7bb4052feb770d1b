"""The service's clock: the machine's, or one that a test moves."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since the epoch."""


class TurnableClock:
    """A clock that runs with the machine's and can be moved: `clock.turn(minutes=4)`."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        """Return the present time in seconds since the epoch."""
        return time.time() + self._ahead

    def turn(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Move the clock forward, or back by negative values."""
        self._ahead += seconds + 60 * minutes + 3600 * hours + 86400 * days
