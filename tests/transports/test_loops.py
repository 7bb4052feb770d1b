"""One transport in several event loops, threads and processes."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
import uvloop

from auth_flow.errors import TransportClosed, WrongEventLoop
from auth_flow.transports import CognitoTransport, ConnectionPool, HttpFetcher, http_transport
from auth_flow.transports._loops import PerLoop
from tests.transports.echo import EchoServer, echo_server

ROOT = Path(__file__).parents[2]
Run = Callable[[Callable[[], Awaitable[object]]], None]


@pytest.fixture
def server() -> Iterator[EchoServer]:
    with echo_server() as server:
        yield server


def with_asyncio(step: Callable[[], Awaitable[object]]) -> None:
    asyncio.run(_coroutine(step))


def with_uvloop(step: Callable[[], Awaitable[object]]) -> None:
    uvloop.run(_coroutine(step))


def with_trio(step: Callable[[], Awaitable[object]]) -> None:
    anyio.run(step, backend="trio")


def with_a_loop_that_is_just_closed(step: Callable[[], Awaitable[object]]) -> None:
    """As older frameworks do it: nothing is told that the loop ends."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(_coroutine(step))
    finally:
        loop.close()


async def _coroutine(step: Callable[[], Awaitable[object]]) -> None:
    await step()


@pytest.mark.parametrize("run", [with_asyncio, with_uvloop, with_trio])
def test_each_run_has_connections_of_its_own_and_leaves_none(server: EchoServer, run: Run) -> None:
    transport = CognitoTransport(server.url)

    async def step() -> None:
        for number in range(2):
            assert await transport.call("GetUser", {"n": number}) == {"n": number}

    for _ in range(3):
        run(step)
        assert not _sockets_to(server)
    assert (server.connections, len(server.requests)) == (3, 6)
    gc.collect()  # which would warn of a connection that was not closed


@pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_loop_that_ended_without_notice_is_left_behind(server: EchoServer) -> None:
    _use_in_loops_that_are_just_closed(server)
    gc.collect()
    assert len(server.requests) == 3


def _use_in_loops_that_are_just_closed(server: EchoServer) -> None:
    transport = CognitoTransport(server.url)

    async def step() -> None:
        assert await transport.call("GetUser", {"n": 1}) == {"n": 1}

    for _ in range(3):
        with_a_loop_that_is_just_closed(step)
        gc.collect()
    assert len(_sockets_to(server)) <= 2, "those of earlier loops were collected"
    with_asyncio(transport.aclose)


def _sockets_to(server: EchoServer) -> list[str]:
    port = f":{int(server.url.rsplit(':', 1)[1].strip('/')):04X}"
    with Path("/proc/self/net/tcp").open() as table:  # remote address and state stand in columns
        rows = [line.split() for line in table][1:]
    return [row[1] for row in rows if row[2].endswith(port) and row[3] == "01"]


def test_runs_of_several_kinds_take_turns(server: EchoServer) -> None:
    transport = CognitoTransport(server.url)

    async def step() -> None:
        assert await transport.call("GetUser", {}) == {}

    for run in (with_asyncio, with_trio, with_uvloop, with_trio, with_asyncio):
        run(step)
    assert server.connections == 5


def test_two_threads_use_it_at_once_with_a_loop_each(server: EchoServer) -> None:
    transport = CognitoTransport(server.url, max_in_flight=2)
    wrong: list[object] = []
    together = threading.Barrier(2)

    def work(name: str) -> None:
        async def one(number: int) -> None:
            body = {"from": name, "n": number}
            if await transport.call("GetUser", body) != body:
                wrong.append(body)

        async def all_of_them() -> None:
            together.wait(10)
            async with anyio.create_task_group() as tasks:
                for number in range(40):
                    tasks.start_soon(one, number)

        anyio.run(all_of_them)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(server.requests) == 80
    assert server.connections == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_child_that_was_forked_in_a_running_loop_opens_its_own(server: EchoServer) -> None:
    transport = CognitoTransport(server.url)

    async def parent() -> int:
        assert await transport.call("GetUser", {"who": "parent"}) == {"who": "parent"}
        child = os.fork()
        if child == 0:
            _in_child(transport)
        status = os.waitpid(child, 0)[1]  # noqa: ASYNC222 - nothing else goes on here
        for number in range(3):
            assert await transport.call("GetUser", {"n": number}) == {"n": number}
        return os.waitstatus_to_exitcode(status)

    assert asyncio.run(parent()) == 0
    ports = [port for port, _ in server.requests]
    assert ports[0] == ports[3] == ports[4] == ports[5], "the parent goes on with its connection"
    assert ports[1] == ports[2] != ports[0]


def _in_child(transport: CognitoTransport) -> None:
    async def step() -> None:
        for number in range(2):
            assert await transport.call("GetUser", {"child": number}) == {"child": number}

    try:
        asyncio.run(step())
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the child must not go on with the parent's tests
        os._exit(1)


def test_nest_asyncio_and_a_notebooks_running_loop(server: EchoServer) -> None:
    program = f"""
import asyncio, nest_asyncio
from auth_flow.transports import CognitoTransport

transport = CognitoTransport({server.url!r})

async def step(n):
    assert await transport.call("GetUser", {{"n": n}}) == {{"n": n}}

async def notebook():
    await step(1)
    nest_asyncio.apply()
    asyncio.run(step(2))
    await step(3)
    await transport.aclose()

asyncio.run(notebook())
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, check=True)
    assert [body for _, body in server.requests] == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert server.connections == 1


def test_closing_in_one_loop_closes_the_transport_for_all(server: EchoServer) -> None:
    transport = CognitoTransport(server.url)

    async def use() -> None:
        await transport.call("GetUser", {})

    async def close() -> None:
        await use()
        await transport.aclose()
        assert not _sockets_to(server)

    asyncio.run(use())
    asyncio.run(close())
    with pytest.raises(TransportClosed):
        asyncio.run(use())
    assert len(server.requests) == 2


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("kind", ["AsyncClient", "AsyncHTTPTransport"])
def test_what_the_caller_brought_is_refused_in_another_loop(
    server: EchoServer, library: object, kind: str
) -> None:
    async def use() -> object:
        nonlocal client, transport, fetcher
        client = client or getattr(library, kind)()
        transport = transport or CognitoTransport(server.url, client=client)
        fetcher = fetcher or HttpFetcher(client)
        return await transport.call("GetUser", {"n": 1})

    async def fetch() -> None:
        assert fetcher is not None
        await fetcher.fetch("POST", f"{server.url}other", headers={})

    async def use_it_and_close() -> None:
        assert await use() == {"n": 1}
        assert await use() == {"n": 1}
        await client.aclose()

    client, transport, fetcher = None, None, None
    asyncio.run(use_it_and_close())
    for again in (use, fetch):
        with pytest.raises(WrongEventLoop, match="another event loop or process") as refused:
            asyncio.run(again())
        assert not refused.value.retryable
    assert len(server.requests) == 2


def test_a_transport_without_weak_references_is_refused_in_another_loop_too() -> None:
    class Slotted:
        __slots__ = ()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={})

    transport = CognitoTransport("http://server", client=Slotted())

    async def use() -> None:
        assert await transport.call("GetUser", {}) == {}

    asyncio.run(use())
    with pytest.raises(WrongEventLoop):
        asyncio.run(use())


async def _application(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"application/x-amz-json-1.1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


@pytest.mark.parametrize(
    "kind", ["ConnectionPool", "HTTP/2 transport", "MockTransport", "ASGITransport"]
)
def test_what_needs_no_loop_or_opens_anew_is_taken_everywhere(
    server: EchoServer, kind: str
) -> None:
    pytest.importorskip("h2") if kind == "HTTP/2 transport" else None
    transport = CognitoTransport(
        server.url,
        client={
            "ConnectionPool": ConnectionPool,
            "HTTP/2 transport": lambda: http_transport(server.url, http2=True),
            "MockTransport": lambda: httpx.MockTransport(lambda _: httpx.Response(200, json={})),
            "ASGITransport": lambda: httpx.ASGITransport(_application),
        }[kind](),
    )

    async def use() -> None:
        assert await transport.call("GetUser", {}) == {}

    for run in (with_asyncio, with_trio, with_asyncio):
        run(use)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_values_of_a_parent_are_left_alone_in_a_forked_child() -> None:
    values = PerLoop(object)

    async def get() -> None:
        values.get()

    async def parent() -> int:
        await get()
        child = os.fork()
        if child == 0:
            asyncio.run(get())
            os._exit(len(values._values))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])  # noqa: ASYNC222 - nothing else goes on here

    assert asyncio.run(parent()) == 2


def test_values_of_loops_that_are_over_are_forgotten() -> None:
    values = PerLoop(object)

    async def get() -> object:
        assert values.get() is values.get()
        return values.get()

    seen = [asyncio.run(get()) for _ in range(20)]
    assert len(set(map(id, seen))) == 20
    assert len(values._values) == 1
