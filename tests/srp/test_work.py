from __future__ import annotations

import os
import threading

import anyio
import pytest
from anyio import to_thread, wait_all_tasks_blocked

from auth_flow._work import compute

pytestmark = pytest.mark.anyio

PATIENCE = 10
"""Seconds after which something that should have happened never will."""


class Gate:
    """Computations that stand still until they are let through, and what is to be seen of them."""

    def __init__(self) -> None:
        self._open, self._entered, self._lock = (
            threading.Event(),
            threading.Semaphore(0),
            threading.Lock(),
        )
        self.inside = self.most = self.done = 0

    def __call__(self) -> int:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self._entered.release()
        assert self._open.wait(PATIENCE)
        with self._lock:
            self.inside -= 1
            self.done += 1
        return threading.get_ident()

    async def entered(self, count: int) -> None:
        for _ in range(count):
            assert await to_thread.run_sync(self._entered.acquire, True, PATIENCE)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    count: int = request.param
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(count)), raising=False)
    return count


async def test_it_runs_in_another_thread_and_the_loop_goes_on() -> None:
    gate, threads = Gate(), []

    async def run() -> None:
        threads.append(await compute(gate))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await gate.entered(1)
        gate.open()
    assert threads != [threading.get_ident()]


async def test_errors_come_through() -> None:
    with pytest.raises(ZeroDivisionError):
        await compute(lambda: 1 // 0)


@pytest.mark.parametrize(("cores", "at_once"), [(1, 1), (2, 1), (4, 3)], indirect=["cores"])
@pytest.mark.usefixtures("cores")
async def test_one_core_is_left_to_the_loop(at_once: int) -> None:
    gate = Gate()
    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(compute, gate)
        await gate.entered(at_once)
        await wait_all_tasks_blocked()
        assert gate.inside == at_once
        gate.open()
    assert gate.most == at_once


@pytest.mark.parametrize("cores", [2], indirect=True)
@pytest.mark.usefixtures("cores")
async def test_cancelling_leaves_no_computation_behind() -> None:
    gate = Gate()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(compute, gate)
            await gate.entered(1)
            await wait_all_tasks_blocked()
            group.cancel_scope.cancel()
            gate.open()
        assert (gate.inside, gate.most, gate.done) == (0, 1, 2), (
            "what had no thread was never begun"
        )
        assert await compute(lambda: "done") == "done"
