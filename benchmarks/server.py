"""A minimal HTTP server in another process. The clients never wait for it."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection

Answer = Callable[[bytes], bytes]
"""Returns the body of the reply to the body of a request. Another process must find it by name."""


class Server(asyncio.Protocol):
    """Reply to each request as soon as it is complete."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if separator and len(body) >= int(
            head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        ):
            self.received = b""
            reply = self.answer(body)
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n"
                b"x-amzn-requestid: 1\r\ncontent-length: %d\r\n\r\n" % len(reply) + reply
            )


@contextmanager
def serve(answer: Answer) -> Iterator[str]:
    """Run the server, and give its URL."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(there, answer), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}/"
    finally:
        process.kill()


def _serve(ready: Connection, answer: Answer) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(
            partial(Server, answer), "127.0.0.1", 0, backlog=1024
        )
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())
