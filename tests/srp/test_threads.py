from __future__ import annotations

import threading

import anyio
import pytest
from anyio import to_thread, wait_all_tasks_blocked

from auth_flow._threads import compute

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


async def test_two_computations_run_at_once() -> None:
    gate = Gate()
    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(compute, gate)
        await gate.entered(2)
        await wait_all_tasks_blocked()
        assert gate.inside == 2
        gate.open()
    assert (gate.most, gate.done) == (2, 8)


async def test_cancelling_leaves_no_computation_behind() -> None:
    gate = Gate()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(compute, gate)
            await gate.entered(2)
            await wait_all_tasks_blocked()
            group.cancel_scope.cancel()
            gate.open()
        assert (gate.inside, gate.most, gate.done) == (0, 2, 2), (
            "what had no thread was never begun"
        )
        assert await compute(lambda: "done") == "done"
