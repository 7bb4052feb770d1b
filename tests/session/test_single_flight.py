from __future__ import annotations

import anyio
import pytest

from auth_flow.errors import OutageError
from auth_flow.session._single_flight import SingleFlight

pytestmark = pytest.mark.anyio


class Work:
    """Counts its runs, and ends when it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.release = anyio.Event()

    async def __call__(self) -> int:
        self.begun += 1
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


async def test_one_who_waits_is_cancelled() -> None:
    flight, work = SingleFlight[int](), Work()
    scope = anyio.CancelScope()
    results: list[int] = []

    async def ask(scope: anyio.CancelScope) -> None:
        with scope:
            results.append(await flight.run(work))

    async with anyio.create_task_group() as tasks:
        for one in (anyio.CancelScope(), scope, anyio.CancelScope()):
            tasks.start_soon(ask, one)
            await anyio.wait_all_tasks_blocked()
        scope.cancel()
        await anyio.wait_all_tasks_blocked()
        work.release.set()
    assert results == [1, 1]


async def test_one_who_works_is_cancelled_and_another_begins_anew() -> None:
    flight, work = SingleFlight[int](), Work()
    scope = anyio.CancelScope()
    results: list[int] = []

    async def ask(scope: anyio.CancelScope) -> None:
        with scope:
            results.append(await flight.run(work))

    async with anyio.create_task_group() as tasks:
        for one in (scope, anyio.CancelScope(), anyio.CancelScope()):
            tasks.start_soon(ask, one)
            await anyio.wait_all_tasks_blocked()
        scope.cancel()
        await anyio.wait_all_tasks_blocked()
        work.release.set()
    assert results == [2, 2]


async def test_all_are_cancelled() -> None:
    flight, work = SingleFlight[int](), Work()
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(flight.run, work)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert work.begun == 1
    work.release.set()
    assert await flight.run(work) == 2


async def test_a_bug_is_not_wrapped_in_a_group() -> None:
    async def work() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await SingleFlight[int]().run(work)
