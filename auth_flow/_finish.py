"""Work that outlasts, for a while, the cancellation of whoever began it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")

GRACE = 5.0
"""Seconds that work has left to end once its caller is cancelled."""


async def finish_despite_cancel(work: Callable[[], Awaitable[T]], grace: float = GRACE) -> T:
    """Return what `work` returns, or raise what it raises. Cancelling takes effect once the work
    has ended, or after `grace`.

    For an answer that must not be thrown away unread, such as the one that spends a one-time token:
    what the work does with it stays done. The work runs in a task of its own, so that asyncio's own
    cancellation does not get at it either.
    """
    outcome: Callable[[], T] | None = None
    ended = anyio.Event()
    shelter = anyio.CancelScope(shield=True)

    async def carry() -> None:
        nonlocal outcome
        with shelter:
            outcome = await attempt(work)
        ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(carry)
        try:
            await ended.wait()
        except anyio.get_cancelled_exc_class():
            shelter.deadline = anyio.current_time() + grace
            raise
    assert outcome is not None
    return outcome()


async def attempt(work: Callable[[], Awaitable[T]]) -> Callable[[], T]:
    """Do `work`; return a function that returns what it returned, or raises what it raised, to any
    number of callers.
    """
    try:
        value = await work()
    except Exception as error:  # noqa: BLE001 - it is raised again where the caller is, outside of any task group
        failure, traceback = error, error.__traceback__

        def fail() -> T:
            raise failure.with_traceback(traceback)

        return fail
    return lambda: value
