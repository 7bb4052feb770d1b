"""What stores do that several processes share."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.stores.places import open_store

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("kind", ["file", "keyring", "sqlite", "redis"]),
]

PATIENCE = 60


class Worker:
    """One of the other processes, which speaks in lines."""

    def __init__(self, process: Process) -> None:
        assert process.stdout
        self.process, self._lines = process, BufferedByteReceiveStream(process.stdout)

    async def tell(self, line: str | None) -> None:
        assert self.process.stdin
        await self.process.stdin.send(f"{line or ''}\n".encode())

    async def end_of_input(self) -> None:
        assert self.process.stdin
        await self.process.stdin.aclose()

    async def line(self) -> str:
        return (await self._lines.receive_until(b"\n", 1000)).decode()


@asynccontextmanager
async def working(backend: str, *task: str) -> AsyncGenerator[Worker]:
    """A worker that does not outlive the test."""
    command = [sys.executable, "-m", "tests.stores.worker", backend, *task]
    async with await anyio.open_process(command, stderr=None) as process:
        try:
            yield Worker(process)
        finally:
            if process.returncode is None:
                process.kill()


@pytest.fixture
def backend(anyio_backend_name: str) -> str:
    return anyio_backend_name


async def test_of_several_saves_on_one_version_one_is_done_and_no_count_is_lost(
    kind: str, place: str, key: str, backend: str
) -> None:
    """They also make the file, the database or the key of the keyring all at the same time."""
    task = (backend, kind, place, key, "race")
    with anyio.fail_after(PATIENCE):
        async with working(*task) as one, working(*task) as two, working(*task) as three:
            workers = (one, two, three)
            assert [await worker.line() for worker in workers] == ["ready"] * 3
            version = None
            for _ in range(15):
                for worker in workers:
                    await worker.tell(version)
                answers = sorted([await worker.line() for worker in workers])
                assert answers[:2] == ["lost", "lost"]
                said, _, version = answers[2].partition(" ")
                assert said == "won"
            for worker in workers:
                await worker.end_of_input()
            assert [await worker.process.wait() for worker in workers] == [0, 0, 0]
    store = open_store(kind, place)
    held = await store.load(key)
    await store.aclose()
    assert held
    assert held.value == "75"


async def test_a_store_outlives_workers_that_are_killed(
    kind: str, place: str, key: str, backend: str
) -> None:
    store = open_store(kind, place)
    with anyio.fail_after(PATIENCE):
        for round_ in range(3):
            async with working(backend, kind, place, key, "hammer") as worker:
                saved = 0
                for _ in range(3 + 7 * round_):
                    saved = int(await worker.line())
                worker.process.kill()
            held = await store.load(key)
            assert held
            numbers = set(held.value.split())
            assert len(numbers) == 1, "the value is whole"
            number = int(numbers.pop())
            assert number >= saved, "what was said to be saved is saved"
            await store.save(key, f"{number} " * 2000, expected=held.version)
    await store.aclose()
