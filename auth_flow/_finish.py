"""Work that continues for a while after its caller was cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")

GRACE = 5.0
"""Seconds that the work may continue after its caller was cancelled."""


async def finish_despite_cancel(work: Callable[[], Awaitable[T]], grace: float = GRACE) -> T:
    """Do `work` and return its result. If the caller is cancelled, that takes effect when the work
    has ended, or after `grace` seconds.

    Use it for a reply that must not be lost, such as the one to a request with a one-time token.
    The work runs in a task of its own, so that asyncio's native cancellation does not reach it
    either.
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
    """Do `work`, and return a function that returns its result, or raises its exception, any number
    of times.
    """
    try:
        value = await work()
    except Exception as error:  # noqa: BLE001 - the caller raises it again, outside of any task group
        failure, traceback = error, error.__traceback__

        def fail() -> T:
            raise failure.with_traceback(traceback)

        return fail
    return lambda: value
