"""One operation at a time for each user.

An operation that hashes a password waits for a worker thread between its check and its change, so
two requests about the same user could both pass the check. Each request therefore takes the user's
turn before it begins and keeps it until its reply.

A trigger may call the service about the very user it was fired for, as Lambda functions often do.
So the turn is given up while a trigger runs (`out_of_turn`), and taken again afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio
import anyio.lowlevel


class _Turn:
    """The lock of one user in one event loop, and the number of requests that hold or want it."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.wanted = 0


_current: ContextVar[_Turn | None] = ContextVar("turn", default=None)


class Turns:
    """The turns of all users. Event loops do not share them."""

    def __init__(self) -> None:
        self._turns: dict[Hashable, _Turn] = {}

    @asynccontextmanager
    async def of(self, subject: Hashable | None) -> AsyncGenerator[None]:
        """Wait for the subject's turn and keep it for the length of the block."""
        if subject is None:
            yield
            return
        key = (anyio.lowlevel.current_token(), subject)
        turn = self._turns.setdefault(key, _Turn())
        turn.wanted += 1
        try:
            await turn.lock.acquire()
            before = _current.set(turn)
            try:
                yield
            finally:
                _current.reset(before)
                turn.lock.release()
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[key]


@asynccontextmanager
async def out_of_turn() -> AsyncGenerator[None]:
    """Let other operations on the same user run during the block."""
    turn = _current.get()
    if turn is None:
        yield
        return
    before = _current.set(None)
    turn.lock.release()
    try:
        yield
    finally:
        # Whatever happens, the operation that holds the turn is the one that releases it.
        with anyio.CancelScope(shield=True):
            await turn.lock.acquire()
        _current.reset(before)
