"""Which httpx transport carries a request: the pool of ours, or httpx's own for what that one does
not do.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from auth_flow.transports._connection_pool import LIMITS, ConnectionPool
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
    """A transport for requests to `url`, with the settings of `httpx.AsyncClient`.

    A proxy, given here or by the usual environment variables (`HTTPS_PROXY`, `ALL_PROXY`,
    `NO_PROXY` …, read unless `trust_env` is false), and HTTP/2 are httpx's own affair; everything
    else goes through `ConnectionPool`.
    """
    proxy = proxy or (_environment_proxy(url) if trust_env else None)
    if proxy is None and not http2:
        return ConnectionPool(verify=verify, cert=cert, trust_env=trust_env, limits=limits)
    return httpx.AsyncHTTPTransport(
        verify=verify, cert=cert, trust_env=trust_env, http2=http2, limits=limits, proxy=proxy
    )


def _environment_proxy(url: str) -> str | None:
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
