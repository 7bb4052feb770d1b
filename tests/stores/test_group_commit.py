"""Writes to SQLite that come at the same time share a commit."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from auth_flow import AnswerChallenge, Sealer, SharedFlows, SQLiteStore, new_key
from auth_flow.errors import StoreConflict, StoreUnavailable
from auth_flow.stores import _batches
from benchmarks.shared_flows import POOL, SIGN_IN, Challenges

pytestmark = pytest.mark.anyio


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the statements of all connections by their first word."""
    statements = Counter[str]()
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*args, **options)
        connection.set_trace_callback(lambda text: statements.update([text.split()[0]]))
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    return statements


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    return SQLiteStore(tmp_path / "entries")


async def together(count: int, work: Callable[[int], Any]) -> None:
    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(work, number)


async def test_32_flows_need_at_most_one_commit_for_three_writes(
    store: SQLiteStore, statements: Counter[str]
) -> None:
    flows = SharedFlows(store, Sealer([new_key()]), POOL, transport=Challenges())

    async def talk(number: int) -> None:
        async with flows.take(str(number)) as flow:
            await flow.send(SIGN_IN)
        for _ in range(5):
            async with flows.take(str(number)) as flow:
                await flow.send(AnswerChallenge(answer="yes"))

    await together(32, talk)
    assert statements["REPLACE"] == 32 * 6 * 3
    assert 3 * statements["COMMIT"] <= statements["REPLACE"]
    await store.aclose()


async def test_a_write_waits_for_others_only_if_another_key_was_written_just_before(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(_batches, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(anyio, "sleep", sleep)
    for later, key, waits in [
        (0, "one", False),
        (0, "one", False),
        (0.01, "other", True),
        (0.01, "other", True),
        (1, "other", False),
        (1, "one", False),
    ]:
        now += later
        await store.delete(key)
        assert pauses == [0.002] * waits, (now, key)
        pauses.clear()
    for key in ("one", "other", "one"):
        await store.load(key)
    assert not pauses, "what is read need not reach the disk"
    await store.aclose()


async def test_each_write_of_a_batch_has_its_own_outcome(store: SQLiteStore) -> None:
    version = await store.save("key", "0", expected=None)
    outcomes = Counter[str]()

    async def save(number: int) -> None:
        try:
            await store.save("key", str(number), expected=version)
            outcomes["saved"] += 1
        except StoreConflict:
            outcomes["refused"] += 1

    await together(10, save)
    assert outcomes == {"saved": 1, "refused": 9}
    await store.aclose()


async def test_a_batch_that_fails_fails_for_everybody(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "no folder" / "entries")
    failed: list[int] = []

    async def save(number: int) -> None:
        with pytest.raises(StoreUnavailable, match="SQLite"):
            await store.save(str(number), "value", expected=None)
        failed.append(number)

    await together(5, save)
    assert len(failed) == 5


async def test_a_write_that_is_cancelled_in_the_queue_is_not_done(store: SQLiteStore) -> None:
    await store.save("other", "", expected=None)
    async with anyio.create_task_group() as group:

        async def give_up() -> None:
            with anyio.move_on_after(0):
                await store.save("key", "value", expected=None)

        group.start_soon(give_up)
    assert await store.load("key") is None
    await store.save("key", "another value", expected=None)
    await store.aclose()


async def test_one_store_in_two_event_loops(store: SQLiteStore) -> None:
    async def elsewhere() -> str:
        return await store.save("key", "value", expected=None)

    version = await anyio.to_thread.run_sync(lambda: anyio.run(elsewhere))
    entry = await store.load("key")
    assert entry
    assert entry.version == version
    await store.aclose()
