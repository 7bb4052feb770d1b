"""One store in several event loops, threads and forked processes."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable

import anyio
import pytest

from auth_flow.errors import StoreConflict
from auth_flow.stores import MemoryStore, Store
from tests.stores.places import open_store


@pytest.fixture
def store(kind: str, request: pytest.FixtureRequest) -> Store:
    if kind == "memory":
        return MemoryStore()
    return open_store(kind, request.getfixturevalue("place"))


async def _step(action: Callable[[], Awaitable[object]]) -> None:
    await action()


def test_each_step_may_have_a_loop_of_its_own(store: Store) -> None:
    version: str | None = None

    async def step() -> None:
        nonlocal version
        entry = await store.load("key")
        assert (entry and entry.version) == version
        version = await store.save("key", "value", expected=version)

    for backend in ("asyncio", "trio", "asyncio", "trio"):
        anyio.run(step, backend=backend)
    asyncio.run(_step(store.aclose))


def test_two_threads_write_it_at_once_with_a_loop_each(store: Store) -> None:
    counted = 10

    async def count() -> None:
        done = 0
        while done < counted:
            entry = await store.load("counter")
            number = int(entry.value) if entry else 0
            try:
                await store.save(
                    "counter", str(number + 1), expected=entry.version if entry else None
                )
            except StoreConflict:
                continue
            done += 1

    threads = [threading.Thread(target=anyio.run, args=(count,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def check() -> None:
        entry = await store.load("counter")
        assert entry is not None
        assert entry.value == str(2 * counted)
        await store.aclose()

    asyncio.run(check())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_and_its_parent_do_not_disturb_each_other(store: Store, kind: str) -> None:
    if kind == "keyring":
        pytest.skip("the keyring of these tests is not made for several processes")

    async def write(who: str) -> None:
        for number in range(5):
            await store.save(f"{who}/{number}", who, expected=None)
            entry = await store.load(f"{who}/{number}")
            assert entry is not None
            assert entry.value == who

    async def parent() -> int:
        await write("before")
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(write("child"))
                os._exit(0)
            except BaseException:  # noqa: BLE001 - the child must not go on with other tests
                os._exit(1)
        await write("parent")
        status = os.waitpid(child, 0)[1]  # noqa: ASYNC222 - nothing else goes on here
        entry = await store.load("child/4")
        assert (entry is not None) == (kind != "memory")
        await store.aclose()
        return os.waitstatus_to_exitcode(status)

    assert asyncio.run(parent()) == 0
