"""The httpx transport that carries a request: our pool, or httpx's own for proxies and HTTP/2."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import httpx

from auth_flow.errors import TransportClosed
from auth_flow.transports._connection_pool import LIMITS, ConnectionPool
from auth_flow.transports._loops import PerLoop, close_with_loop
from auth_flow.transports._proxies import checked_proxy, environment_proxy
from auth_flow.transports._tls import Cert, Verify


def http_transport(
    url: str,
    *,
    verify: Verify = True,
    cert: Cert | None = None,
    trust_env: bool = True,
    http2: bool = False,
    limits: httpx.Limits = LIMITS,
    proxy: str | httpx.URL | httpx.Proxy | None = None,
) -> httpx.AsyncBaseTransport:
    """Return a transport for requests to `url`, with the settings of `httpx.AsyncClient`.

    A proxy is given by `proxy` or by the usual environment variables (`HTTPS_PROXY`, `ALL_PROXY`,
    `NO_PROXY` …), which are read unless `trust_env` is false. Proxies and HTTP/2 are left to
    httpx's own transport; everything else goes through `ConnectionPool`. Either may serve several
    event loops.

    Raises `ValueError` if the proxy's URL cannot be used, or if it names a SOCKS proxy and the
    package `socksio` is not installed. The message shows neither the proxy's user nor its password.
    """
    used = checked_proxy(proxy) if proxy else environment_proxy(url) if trust_env else None
    if used is None and not http2:
        return ConnectionPool(verify=verify, cert=cert, trust_env=trust_env, limits=limits)
    return LoopTransport(
        lambda: httpx.AsyncHTTPTransport(
            verify=verify, cert=cert, trust_env=trust_env, http2=http2, limits=limits, proxy=used
        )
    )


class LoopTransport(httpx.AsyncBaseTransport):
    """A transport of httpx's, made anew in each event loop and closed when that loop ends."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._loops = PerLoop(lambda: _LoopTransport(make()))
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over the transport of this event loop."""
        if self._closed:
            raise TransportClosed
        return await self._loops.get().transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the transport of this event loop and refuse further requests."""
        self._closed = True
        here = self._loops.pop()
        if here is not None:
            await here.closing.aclose()


class _LoopTransport:
    """A transport of one event loop."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.transport = transport
        self.closing: AsyncGenerator[None] = close_with_loop(transport.aclose)
