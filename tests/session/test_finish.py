from __future__ import annotations

import asyncio

import anyio
import pytest

from auth_flow._finish import finish_despite_cancel

pytestmark = pytest.mark.anyio


class Work:
    """Ends when it is let, and says whether it did."""

    def __init__(self) -> None:
        self.release = anyio.Event()
        self.done = False

    async def __call__(self) -> int:
        await self.release.wait()
        self.done = True
        return 7


async def test_undisturbed_it_is_just_the_work() -> None:
    work = Work()
    work.release.set()
    assert await finish_despite_cancel(work) == 7


async def test_it_ends_for_a_caller_who_is_gone() -> None:
    work = Work()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(finish_despite_cancel, work, 60)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
            work.release.set()
    assert work.done
    assert scope.cancelled_caught


async def test_its_time_is_limited() -> None:
    work = Work()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(finish_despite_cancel, work, 0.01)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert not work.done
    assert scope.cancelled_caught


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_asyncios_own_cancellation_is_no_different() -> None:
    work = Work()
    task = asyncio.create_task(finish_despite_cancel(work, 60))
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    await anyio.wait_all_tasks_blocked()
    work.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.done


async def test_an_error_comes_as_it_is() -> None:
    async def work() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await finish_despite_cancel(work)
