"""The time limits of a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: for a connection to be made, for a turn to send, for each read and each write, and
    for a whole call.

    `total` spans every attempt of a call and the waits between them. A client of the caller's keeps
    its own times for the others.
    """

    connect: float = 5.0
    pool: float = 10.0
    read: float = 15.0
    write: float = 10.0
    total: float = 30.0
