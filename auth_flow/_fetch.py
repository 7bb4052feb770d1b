"""Plain HTTP requests over whatever transport a flow or a session has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_flow.transports._fetch import Fetched, Fetcher, HttpFetcher

if TYPE_CHECKING:
    from auth_flow.states._effects import Fetch
    from auth_flow.transports._base import Transport


async def fetch(transport: Transport, request: Fetch) -> Fetched:
    """Make a plain HTTP request: by the transport if it is a `Fetcher`, else over a connection that
    is opened for this request. Raises as `Fetcher.fetch` does.
    """
    if isinstance(transport, Fetcher):
        return await _through(transport, request)
    own = HttpFetcher()
    try:
        return await _through(own, request)
    finally:
        await own.aclose()


async def _through(fetcher: Fetcher, request: Fetch) -> Fetched:
    return await fetcher.fetch(
        request.method, request.url, headers=request.headers, content=request.content
    )
