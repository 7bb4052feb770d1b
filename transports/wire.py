"""One POST over httpx: out goes a request, back comes a bounded answer or a typed error.

This module and the pool under it are all that knows httpx; both are first imported when the first request is made.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from auth_flow.errors import ConnectFailed, ConnectionLost, MalformedResponse, TimedOut
from auth_flow.transports.timeouts import Timeouts


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer read to its end. `headers` are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """Sends requests through the caller's own client, used as a whole, or through a client of ours, which it closes."""

    def __init__(self, client: httpx.AsyncClient | None, *, timeouts: Timeouts, max_reply_bytes: int) -> None:
        self._owned = client is None
        self._client = client or httpx.AsyncClient(
            timeout=httpx.Timeout(connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.pool)
        )
        self._max_reply_bytes = max_reply_bytes

    async def post(self, operation: str, url: str, headers: Mapping[str, str], content: bytes, *, repeatable: bool) -> Answer:
        """POST `content`. `repeatable` tells whether the request may be made again although its answer was lost."""
        with _typed_errors(operation, repeatable):
            request = self._client.build_request("POST", url, headers=dict(headers), content=content)
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                return Answer(response.status_code, response.headers, await self._read(operation, response))
            finally:
                await response.aclose()

    async def _read(self, operation: str, response: httpx.Response) -> bytes:
        """The body as it came: no encoding was asked for, so none is undone, and a small answer stays small."""
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > self._max_reply_bytes:
                raise MalformedResponse(
                    f"an answer of more than {self._max_reply_bytes} bytes.", operation=operation, status=response.status_code
                )
        return bytes(content)

    async def aclose(self) -> None:
        """Close the client where it is ours."""
        if self._owned:
            await self._client.aclose()


@contextmanager
def _typed_errors(operation: str, repeatable: bool) -> Generator[None]:
    """Turn httpx's errors into ours. They are not chained: they hold the request, and protocol errors quote what was received."""
    try:
        yield
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise TimedOut("no connection within the time allowed; nothing was sent.", operation=operation, retryable=True) from None
    except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
        raise ConnectFailed(f"no connection could be made: {error}", operation=operation, retryable=True) from None
    except httpx.TimeoutException:
        raise TimedOut("the answer did not come within the time allowed.", operation=operation, retryable=repeatable) from None
    except httpx.RequestError as error:
        raise ConnectionLost(
            f"the connection broke before the answer was complete ({type(error).__name__}).",
            operation=operation,
            retryable=repeatable,
        ) from None
