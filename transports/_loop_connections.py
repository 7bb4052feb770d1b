"""The connections of one event loop: their limits, the idle ones, and the ones in use."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass

import anyio
import h11
import httpx

from auth_flow.errors import TransportClosed
from auth_flow.transports._connection import Connection, Origin, OutgoingRequest
from auth_flow.transports._loops import close_with_loop
from auth_flow.transports._slots import Slots
from auth_flow.transports._tls import LazyContext

Seconds = Mapping[str, float | None]
"""httpx's timeouts: `pool`, `connect`, `write`, `read`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most connections, the most idle ones, and the seconds after which an idle one expires."""

    connections: int
    idle: int
    expiry: float


class LoopConnections:
    """Sends requests over connections that belong to one event loop; see `ConnectionPool`."""

    def __init__(self, bounds: Bounds, tls: LazyContext) -> None:
        self.slots = Slots(bounds.connections)
        self.idle = deque[Connection]()  # the longest idle first
        self.closed = False
        self._bounds = bounds
        self._tls = tls
        self._closing: AsyncGenerator[None] | None = None

    async def send(self, origin: Origin, request: OutgoingRequest, seconds: Seconds) -> Incoming:
        """Send a request; the reply's body is still to be read or closed."""
        if not await self.slots.take(seconds.get("pool")):
            raise httpx.PoolTimeout(f"no connection came free for {seconds['pool']} s")
        connection: Connection | None = None
        try:
            if self.closed:  # while this request waited for its turn
                raise TransportClosed
            connection = await self._reuse(origin)
            if connection is None:
                connection = await self._connect(origin, seconds.get("connect"))
            head = await connection.send(
                request, write=seconds.get("write"), read=seconds.get("read")
            )
        except BaseException:
            await self._leave(connection)
            raise
        return Incoming(head, connection, self._leave, seconds.get("read"))

    async def aclose(self) -> None:
        """Close the idle connections; one in use is closed when its reply has been read."""
        if self._closing is not None:
            await self._closing.aclose()

    async def _reuse(self, origin: Origin) -> Connection | None:
        """Return the connection to `origin` that was idle for the shortest time, if any.

        Those that have expired, or that the server has closed, are closed on the way.
        """
        now = time.monotonic()
        while self.idle and self.idle[0].expires_at <= now:
            await self.idle.popleft().aclose()
        while connection := next(
            (one for one in reversed(self.idle) if one.origin == origin), None
        ):
            self.idle.remove(connection)
            if connection.silent:
                return connection
            await connection.aclose()
        return None

    async def _connect(self, origin: Origin, seconds: float | None) -> Connection:
        if self._closing is None:
            self._closing = close_with_loop(self._close_idle)
        if self.slots.taken + len(self.idle) > self._bounds.connections:
            await self.idle.popleft().aclose()
        scheme, host, port = origin
        context = await self._tls.get() if scheme == "https" else None
        try:
            with anyio.fail_after(seconds):
                if context is None:
                    return Connection(origin, await anyio.connect_tcp(host, port))
                tls = await anyio.connect_tcp(
                    host, port, ssl_context=context, tls_standard_compatible=False
                )
                return Connection(origin, tls)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection to {host} for {seconds} s") from error
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            raise httpx.ConnectError(
                str(error.__cause__ or error) or "the TLS handshake was broken off"
            ) from error

    async def _leave(self, connection: Connection | None) -> None:
        """Keep the connection or close it, then let the next request have its turn."""
        try:
            if connection is None:
                return
            if self.closed or not connection.reusable or len(self.idle) >= self._bounds.idle:
                await connection.aclose()
            else:
                connection.expires_at = time.monotonic() + self._bounds.expiry
                self.idle.append(connection)
        finally:
            self.slots.leave()

    async def _close_idle(self) -> None:
        while self.idle:
            await self.idle.popleft().aclose()


class Incoming(httpx.AsyncByteStream):
    """A reply whose head has come. The end of its body, an error and `aclose` each give the
    connection back, once.
    """

    def __init__(
        self,
        head: h11.Response,
        connection: Connection,
        leave: Callable[[Connection], Awaitable[None]],
        seconds: float | None,
    ) -> None:
        self.head = head
        self._connection: Connection | None = connection
        self._leave = leave
        self._seconds = seconds

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> bytes:
        if self._connection is None:
            raise httpx.StreamClosed
        try:
            data = await self._connection.receive(read=self._seconds)
        except BaseException:
            await self.aclose()
            raise
        if not data:
            await self.aclose()
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        """Give the connection back. It is kept if the body has been read to its end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._leave(connection)
