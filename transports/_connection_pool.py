"""A small connection pool under httpx: HTTP/1.1 with keep-alive on anyio and h11, the same on
asyncio and trio.

A request waits its turn for a slot, in the order of arrival, then takes an idle connection or makes
one. Whatever happens next, an answer read to its end, an error, a cancellation at any await: the
slot comes free again, and the connection is kept or closed.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import anyio
import h11
import httpx

from auth_flow.transports._connection import Connection, Origin, OutgoingRequest
from auth_flow.transports._slots import Slots
from auth_flow.transports._tls import Cert, LazyContext, Verify

_PORTS = {"http": 80, "https": 443}
LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=15.0)


def origin_of(url: httpx.URL) -> Origin:
    """Where connections for a URL lead."""
    if url.scheme not in _PORTS:
        raise httpx.UnsupportedProtocol(f"{url.scheme!r} is neither http nor https")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


class ConnectionPool(httpx.AsyncBaseTransport):
    """An httpx transport for plain and TLS connections straight to the server, without proxies and
    HTTP/2.

    `verify`, `cert`, `trust_env` and `limits` are httpx's, and so are the timeouts that come with
    each request and the errors: after `ConnectError`, `ConnectTimeout` and `PoolTimeout` nothing
    was sent. An idle connection that the server has closed is replaced before anything is sent, and
    never after.
    """

    def __init__(
        self,
        *,
        verify: Verify = True,
        cert: Cert | None = None,
        trust_env: bool = True,
        limits: httpx.Limits = LIMITS,
    ) -> None:
        self._tls = LazyContext(verify, cert, trust_env)
        self._max_connections = (
            sys.maxsize if limits.max_connections is None else limits.max_connections
        )
        self._max_idle = (
            sys.maxsize
            if limits.max_keepalive_connections is None
            else limits.max_keepalive_connections
        )
        self._expiry = sys.maxsize if limits.keepalive_expiry is None else limits.keepalive_expiry
        self._slots = Slots(self._max_connections)
        self._idle = deque[Connection]()  # the longest idle first
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The way in for httpx: send a request and return its answer, whose body is still to be
        read or closed.
        """
        assert isinstance(request.stream, httpx.AsyncByteStream)
        content = b"".join([chunk async for chunk in request.stream])
        said = OutgoingRequest(request.method, request.url.raw_path, request.headers.raw, content)
        incoming = await self.send(
            origin_of(request.url), said, request.extensions.get("timeout", {})
        )
        head = incoming.head
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=incoming,
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    async def send(
        self, origin: Origin, request: OutgoingRequest, seconds: Mapping[str, float | None]
    ) -> Incoming:
        """The short way in, without httpx's objects. `seconds` are httpx's timeouts: `pool`,
        `connect`, `write`, `read`.
        """
        if not await self._slots.take(seconds.get("pool")):
            raise httpx.PoolTimeout(f"no connection came free for {seconds['pool']} s")
        connection: Connection | None = None
        try:
            connection = await self._connection(origin, seconds.get("connect"))
            head = await connection.send(
                request, write=seconds.get("write"), read=seconds.get("read")
            )
        except BaseException:
            await self._leave(connection)
            raise
        return Incoming(head, connection, self._leave, seconds.get("read"))

    async def aclose(self) -> None:
        """Close what is idle; a connection in use is closed when its answer has been read."""
        self._closed = True
        while self._idle:
            await self._idle.popleft().aclose()

    async def _connection(self, origin: Origin, seconds: float | None) -> Connection:
        if self._closed:
            raise RuntimeError("The pool is closed.")
        return await self._reuse(origin) or await self._connect(origin, seconds)

    async def _reuse(self, origin: Origin) -> Connection | None:
        """The connection to `origin` that was idle for the shortest time. Those found expired or
        closed are let go.
        """
        now = time.monotonic()
        while self._idle and self._idle[0].expires_at <= now:
            await self._idle.popleft().aclose()
        while connection := next(
            (one for one in reversed(self._idle) if one.origin == origin), None
        ):
            self._idle.remove(connection)
            if connection.silent:
                return connection
            await connection.aclose()
        return None

    async def _connect(self, origin: Origin, seconds: float | None) -> Connection:
        if self._idle and self._slots.taken + len(self._idle) > self._max_connections:
            await self._idle.popleft().aclose()
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
            if self._closed or not connection.reusable or len(self._idle) >= self._max_idle:
                await connection.aclose()
            else:
                connection.expires_at = time.monotonic() + self._expiry
                self._idle.append(connection)
        finally:
            self._slots.leave()


class Incoming(httpx.AsyncByteStream):
    """An answer whose head has come. The end of its body, an error and `aclose` each give the
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
        self._leave, self._seconds = leave, seconds

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
        """Give the connection back. It is kept where the body has been read to its end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._leave(connection)
