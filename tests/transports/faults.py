"""A loopback HTTP server that does to each request what its script says, however rude."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSListener


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    content: bytes

    @property
    def operation(self) -> str:
        return self.headers["x-amz-target"].rpartition(".")[2]


Act = Callable[[ByteStream], Awaitable[None]]
"""What is done to a request that has been read; the connection is kept afterwards unless it was
closed.
"""


def http(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """An answer's bytes."""
    fields = {
        "content-type": "application/x-amz-json-1.1",
        "content-length": str(len(content)),
        **(headers or {}),
    }
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def say(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Act:
    """Answer with JSON."""
    return send(http(json.dumps(body).encode(), status, headers))


def send(raw: bytes) -> Act:
    """Send these bytes and keep the connection."""

    async def act(stream: ByteStream) -> None:
        await stream.send(raw)

    return act


def break_after(raw: bytes) -> Act:
    """Send these bytes and close the connection."""

    async def act(stream: ByteStream) -> None:
        await stream.send(raw)
        await stream.aclose()

    return act


async def hang(stream: ByteStream) -> None:
    """Never answer."""
    await anyio.sleep_forever()


async def drip(stream: ByteStream) -> None:
    """Answer a byte at a time, far slower than anybody waits in all, yet never silent for long."""
    for byte in http(b" " * 100_000):
        await stream.send(bytes([byte]))
        await anyio.sleep(0.01)


@dataclass
class FaultServer:
    """Plays `script`, an act for each request in the order of their arrival; the last act stands
    for all that follow.
    """

    script: list[Act]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0
    _change: anyio.Event = field(default_factory=anyio.Event)

    async def arrived(self, requests: int) -> None:
        """Wait until so many requests have been read."""
        while len(self.requests) < requests:
            await self._change.wait()

    async def closed(self, *, but: int = 0) -> None:
        """Wait until all connections are closed, but so many."""
        with anyio.fail_after(5):
            while self.open_connections > but:
                await self._change.wait()

    def _changed(self) -> None:
        self._change.set()
        self._change = anyio.Event()

    async def serve(self, stream: ByteStream) -> None:
        self.connections += 1
        self.open_connections += 1
        try:
            async with stream:
                received = BufferedByteReceiveStream(stream)
                while True:
                    self.requests.append(await _read_request(received))
                    self._changed()
                    await self.script[min(len(self.requests), len(self.script)) - 1](stream)
        except (
            anyio.EndOfStream,
            anyio.IncompleteRead,
            anyio.BrokenResourceError,
            anyio.ClosedResourceError,
        ):
            pass
        finally:
            self.open_connections -= 1
            self._changed()


async def _read_request(received: BufferedByteReceiveStream) -> Request:
    head = (await received.receive_until(b"\r\n\r\n", 65536)).decode()
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    content = await received.receive_exactly(int(headers.get("content-length", "0")))
    return Request(first, headers, content)


@asynccontextmanager
async def fault_server(
    *script: Act, tls: ssl.SSLContext | None = None
) -> AsyncIterator[FaultServer]:
    """A server on a free loopback port, gone with all its connections at the end."""
    server = FaultServer(list(script))
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
    secured = TLSListener(listener, tls, standard_compatible=False) if tls else listener
    async with secured, anyio.create_task_group() as tasks:
        tasks.start_soon(secured.serve, server.serve)
        yield server
        tasks.cancel_scope.cancel()
