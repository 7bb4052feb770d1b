"""An HTTP/1.1 connection: h11 handles the protocol, and an anyio stream carries the bytes."""

from __future__ import annotations

import select
from typing import NamedTuple

import anyio
import h11
import httpx
from anyio.abc import ByteStream, SocketAttribute

Origin = tuple[str, str, int]
"""Scheme, host and port. A connection can be reused for requests to the same origin."""


class OutgoingRequest(NamedTuple):
    """A request with all of its bytes. `headers` are complete, `host` and `content-length` among
    them.
    """

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    content: bytes


_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)


class Connection:
    """Handles one request at a time, up to the end of its response.

    Times are in seconds, or None for no limit. After an error or a cancellation the connection is
    no longer `reusable`, because h11 is in the middle of a message.
    """

    expires_at: float
    """The time, by `time.monotonic`, at which an idle connection expires."""

    def __init__(self, origin: Origin, stream: ByteStream) -> None:
        self.origin = origin
        self._stream = stream
        self._descriptor = stream.extra(SocketAttribute.raw_socket).fileno()  # noqa: S610 (anyio's, not Django's)
        self._h11 = h11.Connection(h11.CLIENT)

    @property
    def reusable(self) -> bool:
        """True if the reply to the last request has been read and no surplus bytes follow it."""
        return self._h11.their_state is h11.DONE and not self._h11.trailing_data[0]

    @property
    def silent(self) -> bool:
        """True if the server has sent nothing since the last response. If it has, it closed the
        connection.
        """
        return not _readable(self._descriptor)

    async def send(
        self, request: OutgoingRequest, *, write: float | None, read: float | None
    ) -> h11.Response:
        """Send a whole request and return the head of its reply."""
        if self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
        try:
            await self._write(self._message(request), write)
            self._h11.receive_data(await self._read(read))  # nothing of the reply is here yet
            while isinstance(head := await self._next_event(read), h11.InformationalResponse):
                pass
        except h11.ProtocolError as error:
            raise _httpx_error(error) from error
        assert isinstance(head, h11.Response), "h11 announces a reply by its head"
        return head

    async def receive(self, *, read: float | None) -> bytes:
        """Return the next part of the reply's body, `b""` at its end."""
        try:
            event = await self._next_event(read)
        except h11.ProtocolError as error:
            raise _httpx_error(error) from error
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def aclose(self) -> None:
        """Close the stream, without TLS's closing message.

        The shield keeps a cancellation from preventing it.
        """
        with anyio.CancelScope(shield=True):
            await self._stream.aclose()

    def _message(self, request: OutgoingRequest) -> bytes:
        """Return head and body in one piece, because the requests of a JSON RPC are small."""
        head = h11.Request(method=request.method, target=request.target, headers=request.headers)
        return b"".join(
            self._h11.send(part) or b""
            for part in (head, h11.Data(data=request.content), h11.EndOfMessage())
        )

    async def _write(self, data: bytes, seconds: float | None) -> None:
        try:
            with anyio.move_on_after(seconds):
                return await self._stream.send(data)
        except _BROKEN as error:
            raise httpx.WriteError("the connection broke") from error
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
            raise httpx.ReadError("the connection broke") from error
        raise httpx.ReadTimeout(f"nothing came for {seconds} s")


def _httpx_error(error: h11.ProtocolError) -> httpx.ProtocolError:
    kind = (
        httpx.RemoteProtocolError
        if isinstance(error, h11.RemoteProtocolError)
        else httpx.LocalProtocolError
    )
    return kind(str(error))


def _readable(descriptor: int) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
