"""A storm of faults and cancellations over one pool, from a seed; afterwards nothing may be left of
it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import sniffio
import trustme
from anyio.abc import AnyByteStream, ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSListener

from auth_flow.transports import ConnectionPool
from tests.transports.faults import http

CONNECTIONS = 10
FLOWS = 30
_OK = http(b'{"Username": "ada"}' * 40)
_DEEDS = (
    "ok",
    "ok",
    "ok",
    "ok",
    "slow",
    "drop",
    "cut",
    "garbage",
    "close",
    "chunked",
    "reset",
    "half",
    "more",
    "never",
)
_CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


async def storm(requests: int, seed: int) -> Counter[str]:
    """Make `requests` requests, each of which may be cancelled at any await; count how they ended.

    Raises AssertionError where a slot, a connection, a socket or a task is left, or the next
    request fails."""
    rng = random.Random(seed)
    authority = trustme.CA()
    client_tls, server_tls = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(client_tls)
    authority.issue_cert("127.0.0.1").configure_cert(server_tls)
    async with (
        _listening(rng, None) as plain,
        _listening(rng, server_tls) as tls,
        _refusing() as refused,
    ):
        await anyio.wait_all_tasks_blocked()
        sockets, tasks = _open_sockets(), len(anyio.get_running_tasks())
        async with ConnectionPool(
            verify=client_tls,
            limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=0.2),
        ) as pool:
            urls = [f"http://127.0.0.1:{plain}/"] * 30 + [f"https://127.0.0.1:{tls}/"] * 4
            urls += [f"http://127.0.0.1:{refused}/", f"https://127.0.0.1:{plain}/"]
            ends = await _rage(pool, rng, urls, requests)
            here = pool._loops.get()
            assert here.slots.taken == 0, f"{here.slots.taken} slots were never given back"
            assert len(here.idle) <= CONNECTIONS
            assert await _post(pool, urls[0], "calm", read=5.0) == "200"
        with anyio.move_on_after(
            5
        ):  # the other ends of closed connections, here in the server, take a moment
            while (_open_sockets(), len(anyio.get_running_tasks())) != (sockets, tasks):  # noqa: ASYNC110 (the kernel tells nobody)
                await anyio.sleep(0.01)
        assert _open_sockets() == sockets, "a socket is left"
        assert len(anyio.get_running_tasks()) == tasks, "a task is left"
    return ends


async def _rage(
    pool: ConnectionPool, rng: random.Random, urls: list[str], requests: int
) -> Counter[str]:
    ends = Counter[str]()
    left = iter(range(requests))

    async def flow() -> None:
        for _ in left:
            url, checkpoints = (
                rng.choice(urls),
                rng.choice((None, rng.randrange(12), rng.randrange(60))),
            )
            ends[await _cancelled(pool, url, checkpoints, rng.random() < 0.5)] += 1

    async with anyio.create_task_group() as flows:
        for _ in range(FLOWS):
            flows.start_soon(flow)
    return ends


async def _cancelled(
    pool: ConnectionPool, url: str, checkpoints: int | None, natively: bool
) -> str:
    """Post, and cancel that after so many turns of the loop, by anyio or, on asyncio, as
    `asyncio.wait_for` and its like do.
    """
    if checkpoints is None:
        return await _post(pool, url)
    if natively and sniffio.current_async_library() == "asyncio":
        task = asyncio.create_task(_post(pool, url))
        for _ in range(checkpoints):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return await task
        return "cancelled"
    end = "cancelled"

    async def post() -> None:
        nonlocal end
        end = await _post(pool, url)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(post)
        for _ in range(checkpoints):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    return end


async def _post(pool: ConnectionPool, url: str, act: str = "", read: float = 0.05) -> str:
    timeout = {"connect": 1.0, "pool": 1.0, "read": read, "write": 0.05}
    request = httpx.Request(
        "POST", url, content=b"{}" * 100, headers={"x-act": act}, extensions={"timeout": timeout}
    )
    try:
        response = await pool.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
    except httpx.RequestError as error:
        return type(error).__name__
    return str(response.status_code)


# Server


@contextlib.asynccontextmanager
async def _listening(rng: random.Random, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)

    async def serve(stream: ByteStream) -> None:
        with contextlib.suppress(
            anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, OSError
        ):
            async with stream:
                received = BufferedByteReceiveStream(stream)
                while b"x-act: calm" in (await _request(received)) or await _misbehave(stream, rng):
                    await stream.send(_OK)

    async def refuse(error: BaseException, stream: AnyByteStream) -> None:
        """Close without a log line: a failed handshake is part of the weather."""
        await anyio.aclose_forcefully(stream)
        if not isinstance(error, Exception):
            raise error

    secured = TLSListener(listener, tls, standard_compatible=False) if tls else listener
    if isinstance(secured, TLSListener):
        secured.handle_handshake_error = refuse  # type: ignore[method-assign]
    async with secured, anyio.create_task_group() as tasks:
        tasks.start_soon(secured.serve, serve)
        yield port
        tasks.cancel_scope.cancel()


async def _request(received: BufferedByteReceiveStream) -> bytes:
    head = (await received.receive_until(b"\r\n\r\n", 65536)).lower()
    await received.receive_exactly(
        int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    )
    return head


async def _misbehave(stream: ByteStream, rng: random.Random) -> bool:
    """Do something; true where an answer is still due on this connection."""
    match rng.choice(_DEEDS):
        case "slow":
            await anyio.sleep(rng.random() * 0.005)
        case "drop":
            return False
        case "cut":
            await stream.send(_OK[: rng.randrange(len(_OK))])
            return False
        case "garbage":
            await stream.send(rng.randbytes(200))
            return False
        case "close":
            await stream.send(_OK.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
            return False
        case "chunked":
            await stream.send(_CHUNKED)
            await stream.receive()
            return False
        case "reset":
            raw: socket.socket = stream.extra(SocketAttribute.raw_socket)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        case "half":
            with contextlib.suppress(NotImplementedError):  # TLS has no half-closed connection
                await stream.send_eof()
            await stream.receive()
            return False
        case "more":
            await stream.send(_OK)
        case "never":
            await stream.receive()
            return False
        case _:
            pass
    return True


@contextlib.asynccontextmanager
async def _refusing() -> AsyncIterator[int]:
    """A port that is taken and does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def _open_sockets() -> int:
    """How many sockets this process holds, as Linux tells it; 0 elsewhere."""
    count = 0
    for link in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # the folder itself was one of them
            count += str(link.readlink()).startswith("socket:")
    return count
