"""A small connection pool under httpx: HTTP/1.1 with keep-alive on anyio and h11, the same on
asyncio and trio.

Theory of operation
-------------------

A connection is always in one of three places:

- *Idle*, in the queue of its event loop. The server owes it nothing, so if its socket is readable,
  the server has closed it or has sent something that belongs to no request. Either way it is not
  used again (`Connection.silent`).
- *In use*, held by exactly one request or, once the head of the reply has come, by the `Incoming`
  that its caller reads.
- *Closed*.

A request first takes a slot, then an idle connection or a new one. The slot bounds the connections
in use; idle ones make room when a new one would exceed the limit. `LoopConnections._leave` is the
only way back: an exception, a cancellation at any await, the end of the body and `Incoming.aclose`
all lead there, exactly once each. It asks h11 whether both sides are done with the exchange
(`Connection.reusable`): if so the connection becomes idle, and in all other cases it is closed,
because the rest of one reply must never be read as the beginning of the next. Then it gives up the
slot. So no path leaks a slot or a connection, and none repeats a request: a reused connection that
breaks after the first byte was sent is reported, because the server may have acted on the request.

All of this exists once for each event loop (`PerLoop`), so the limits hold for each loop, too. A
loop never touches the connections of another, and a forked child never those of its parent. When a
loop ends, its idle connections are closed with it.
"""

from __future__ import annotations

import sys

import httpx

from auth_flow.errors import TransportClosed
from auth_flow.transports._connection import Origin, OutgoingRequest
from auth_flow.transports._loop_connections import Bounds, Incoming, LoopConnections, Seconds
from auth_flow.transports._loops import PerLoop
from auth_flow.transports._tls import Cert, LazyContext, Verify

_PORTS = {"http": 80, "https": 443}
LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=15.0)


def origin_of(url: httpx.URL) -> Origin:
    """Return the scheme, host and port that connections for a URL lead to."""
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

    One pool may serve several event loops and forked processes: each has connections of its own,
    within `limits` of its own.
    """

    def __init__(
        self,
        *,
        verify: Verify = True,
        cert: Cert | None = None,
        trust_env: bool = True,
        limits: httpx.Limits = LIMITS,
    ) -> None:
        bounds = Bounds(
            _or_unlimited(limits.max_connections),
            _or_unlimited(limits.max_keepalive_connections),
            sys.maxsize if limits.keepalive_expiry is None else limits.keepalive_expiry,
        )
        tls = LazyContext(verify, cert, trust_env)
        self._loops = PerLoop(lambda: LoopConnections(bounds, tls))
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx's and return its response, whose body is still to be read or
        closed.
        """
        assert isinstance(request.stream, httpx.AsyncByteStream)
        content = b"".join([chunk async for chunk in request.stream])
        plain = OutgoingRequest(request.method, request.url.raw_path, request.headers.raw, content)
        incoming = await self.send(
            origin_of(request.url), plain, request.extensions.get("timeout", {})
        )
        head = incoming.head
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=incoming,
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    async def send(self, origin: Origin, request: OutgoingRequest, seconds: Seconds) -> Incoming:
        """Send a request without httpx's objects, which take a fifth of the time of a request."""
        if self._closed:
            raise TransportClosed
        return await self._loops.get().send(origin, request, seconds)

    async def aclose(self) -> None:
        """Close the idle connections of this event loop and refuse further requests.

        A connection in use is closed when its reply has been read. The idle connections of another
        loop are closed when that loop ends.
        """
        self._closed = True
        for connections in self._loops:
            connections.closed = True
        here = self._loops.pop()
        if here is not None:
            await here.aclose()


def _or_unlimited(limit: int | None) -> int:
    return sys.maxsize if limit is None else limit
