"""One session in several event loops: it refreshes once, and waits for no loop that has ended."""

from __future__ import annotations

import asyncio
import threading

import anyio
import anyio.to_thread
import httpx
import httpx2
import pytest

from auth_flow.session._single_flight import SingleFlight

from .service import TokenService


def test_two_threads_share_one_piece_of_work() -> None:
    flight, results = SingleFlight[int](), list[int]()
    begun, joined = threading.Event(), threading.Event()
    runs = 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        begun.set()
        assert await anyio.to_thread.run_sync(joined.wait, 5)
        return runs

    async def ask() -> None:
        results.append(await flight.run(work))

    async def join() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            joined.set()

    def second() -> None:
        assert begun.wait(5)
        anyio.run(join, backend="trio")

    other = threading.Thread(target=second)
    other.start()
    asyncio.run(ask())
    other.join()
    assert results == [1, 1]


def test_work_of_a_loop_that_has_ended_is_begun_anew() -> None:
    flight = SingleFlight[int]()

    async def never() -> int:
        await anyio.sleep_forever()
        raise AssertionError

    async def seven() -> int:
        return 7

    async def main() -> int:
        with anyio.fail_after(5):
            return await flight.run(seven)

    loop = asyncio.new_event_loop()
    left = loop.create_task(flight.run(never))
    loop.run_until_complete(asyncio.sleep(0.01))
    assert flight._flights, "the work is under way"
    loop.close()
    assert asyncio.run(main()) == 7
    left._log_destroy_pending = False  # type: ignore[attr-defined]


@pytest.mark.anyio
@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_a_session_authenticates_clients_of_both_libraries(
    service: TokenService, library: object
) -> None:
    session = service.session()
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return library.Response(401 if len(seen) == 1 else 200)  # type: ignore[attr-defined,no-any-return]

    async with library.AsyncClient(  # type: ignore[attr-defined]
        transport=library.MockTransport(answer),  # type: ignore[attr-defined]
        auth=session.auth(),
    ) as client:
        response = await client.post("http://resource/", content=b"body")
    assert response.status_code == 200
    assert len(seen) == 2
    assert seen[0] != seen[1], "a refused token is refreshed"
    assert seen[1] == session.tokens.bearer
