from __future__ import annotations

import asyncio

import anyio
import pytest

from auth_flow.errors import OutageError
from auth_flow.single_flight import SingleFlight

pytestmark = pytest.mark.anyio


class Work:
    """Counts its runs, and ends when it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.begun_again = anyio.Event()
        self.release = anyio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        if self.begun == 2:
            self.begun_again.set()
        await self.release.wait()
        return self.begun


async def test_a_thousand_share_one_result() -> None:
    flight, work = SingleFlight[int](), Work()
    results: list[int] = []

    async def ask() -> None:
        results.append(await flight.run(work))

    async with anyio.create_task_group() as tasks:
        for _ in range(1000):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        work.release.set()
    assert results == [1] * 1000
    assert await flight.run(work) == 2, "what is over is not asked again"


async def test_an_error_is_everybodys() -> None:
    flight, error = SingleFlight[int](), OutageError("down", operation="GetUser")
    seen: list[Exception] = []
    release = anyio.Event()

    async def work() -> int:
        await release.wait()
        raise error

    async def ask() -> None:
        try:
            await flight.run(work)
        except OutageError as failure:
            seen.append(failure)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        release.set()
    assert seen == [error] * 3


@pytest.mark.parametrize("place", [0, 1])
async def test_one_is_cancelled_and_the_others_get_the_result(place: int) -> None:
    """The first to ask (0) does the work; its cancellation waits for it, as it is being done for all."""
    flight, work = SingleFlight[int](grace=60), Work()
    scopes = [anyio.CancelScope() for _ in range(3)]
    results: dict[int, int] = {}

    async def ask(number: int) -> None:
        with scopes[number]:
            results[number] = await flight.run(work)

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(ask, number)
            await anyio.wait_all_tasks_blocked()
        scopes[place].cancel()
        await anyio.wait_all_tasks_blocked()
        work.release.set()
    assert results == {number: 1 for number in range(3) if number != place}
    assert scopes[place].cancelled_caught


async def test_all_are_cancelled_and_the_work_is_given_up() -> None:
    flight, work = SingleFlight[int](grace=0.01), Work()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(flight.run, work)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert work.begun == 1
    work.release.set()
    assert await flight.run(work) == 2


async def test_work_that_is_given_up_is_taken_over() -> None:
    flight, work = SingleFlight[int](grace=0.01), Work()
    results: list[int] = []
    first = anyio.CancelScope()

    async def ask(scope: anyio.CancelScope) -> None:
        with scope:
            results.append(await flight.run(work))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, first)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(ask, anyio.CancelScope())
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        await work.begun_again.wait()
        work.release.set()
    assert results == [2]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_asyncios_own_cancellation_is_no_different() -> None:
    flight, work = SingleFlight[int](grace=60), Work()
    first = asyncio.create_task(flight.run(work))
    await anyio.wait_all_tasks_blocked()
    second = asyncio.create_task(flight.run(work))
    await anyio.wait_all_tasks_blocked()
    first.cancel()
    await anyio.wait_all_tasks_blocked()
    work.release.set()
    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_bug_is_not_wrapped_in_a_group() -> None:
    async def work() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await SingleFlight[int]().run(work)
