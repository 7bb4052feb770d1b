"""One HTTP/1.1 connection: h11 knows what may come next, an anyio stream carries the bytes."""

from __future__ import annotations

import select
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import h11
import httpx
from anyio.abc import ByteStream, SocketAttribute

Origin = tuple[str, str, int]
"""Scheme, host and port: what a connection can be used again for."""

_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


class Connection:
    """Takes one request after the other, each answered to its end before the next.

    Times are seconds, None for no limit. After an error or a cancellation the connection is no longer `reusable`, whatever was
    going on: h11 then stands in the middle of a message.
    """

    def __init__(self, origin: Origin, stream: ByteStream) -> None:
        self.origin = origin
        self.expires_at = 0.0
        self._stream = stream
        self._descriptor = stream.extra(SocketAttribute.raw_socket).fileno()  # noqa: S610 (anyio's, not Django's)
        self._h11 = h11.Connection(h11.CLIENT)

    @property
    def reusable(self) -> bool:
        """Whether both sides are done with the last exchange and nothing follows it, such as an answer nobody asked for."""
        return self._h11.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE} and not self._h11.trailing_data[0]

    @property
    def silent(self) -> bool:
        """Whether the server has sent nothing since the last answer. All that it can have to say meanwhile is good-bye."""
        return not _readable(self._descriptor)

    async def send(self, request: httpx.Request, *, write: float | None, read: float | None) -> h11.Response:
        """Send a request whole and return the head of its answer."""
        with _protocol_errors():
            if self._h11.our_state is h11.DONE:
                self._h11.start_next_cycle()
            await self._send_request(request, write)
            while isinstance(head := await self._next_event(read), h11.InformationalResponse):
                pass
            assert isinstance(head, h11.Response), "h11 announces an answer by its head"
            return head

    async def receive(self, *, read: float | None) -> bytes:
        """The next part of the answer's body, `b""` at its end."""
        with _protocol_errors():
            event = await self._next_event(read)
            return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def aclose(self) -> None:
        """Close the stream, without any TLS farewell. Done before the first await, so that no cancellation can prevent it."""
        with anyio.CancelScope(shield=True):
            await self._stream.aclose()

    async def _send_request(self, request: httpx.Request, seconds: float | None) -> None:
        """Head and body in one piece: what a JSON RPC sends is small, and a body that fails to be made costs no connection."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        content = b"".join([chunk async for chunk in request.stream])
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        message = (head, h11.Data(data=content), h11.EndOfMessage())
        await self._write(b"".join(self._h11.send(part) or b"" for part in message), seconds)

    async def _write(self, data: bytes, seconds: float | None) -> None:
        try:
            with anyio.move_on_after(seconds):
                return await self._stream.send(data)
        except _BROKEN as error:
            raise httpx.WriteError(str(error) or "the connection broke") from error
        raise httpx.WriteTimeout(f"nothing could be sent for {seconds} s")

    async def _next_event(self, seconds: float | None) -> h11.Event:
        while not isinstance(event := self._h11.next_event(), h11.Event):
            self._h11.receive_data(await self._read(seconds))
        return event

    async def _read(self, seconds: float | None) -> bytes:
        try:
            with anyio.move_on_after(seconds):
                return await self._stream.receive()
        except anyio.EndOfStream:
            return b""
        except _BROKEN as error:
            raise httpx.ReadError(str(error) or "the connection broke") from error
        raise httpx.ReadTimeout(f"nothing came for {seconds} s")


@contextmanager
def _protocol_errors() -> Generator[None]:
    try:
        yield
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error


def _readable(descriptor: int) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
