"""One POST over httpx: out goes a request, back comes a bounded answer or a typed error."""

from __future__ import annotations

import platform
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

import httpx

from auth_flow.errors import ConnectFailed, ConnectionLost, MalformedResponse, TimedOut
from auth_flow.transports.http import http_transport
from auth_flow.transports.pool import LIMITS
from auth_flow.transports.timeouts import Timeouts


def _user_agent() -> str:
    try:
        version = f"/{metadata.version('auth-flow')}"
    except metadata.PackageNotFoundError:
        version = ""  # a checkout that is not installed
    return f"auth-flow{version} httpx/{httpx.__version__} python/{platform.python_version()}"


_USER_AGENT = _user_agent()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer read to its end. `headers` are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """Sends requests to one URL, through what the caller gave, which stays open, or through a transport of ours.

    A client is used as a whole. A bare transport is called without one around it: redirects, cookies, authentication and hooks
    are of no use to JSON RPC and cost as much as the request.
    """

    def __init__(
        self,
        url: str,
        through: httpx.AsyncClient | httpx.AsyncBaseTransport | None,
        *,
        timeouts: Timeouts,
        max_in_flight: int,
        max_reply_bytes: int,
    ) -> None:
        try:
            self._url, self._max_reply_bytes = httpx.URL(url), max_reply_bytes
            _ = self._url.host  # a host that is no IDNA is found out only when it is looked at
        except httpx.InvalidURL as problem:
            raise ValueError(str(problem)) from None
        self._owned = through is None
        self._through = through or http_transport(
            url, limits=httpx.Limits(max_connections=max_in_flight, keepalive_expiry=LIMITS.keepalive_expiry)
        )
        self._extensions = {
            "timeout": {
                "connect": timeouts.connect,
                "pool": timeouts.pool,
                "read": timeouts.read,
                "write": timeouts.write,
            }
        }

    async def post(self, operation: str, headers: Mapping[str, str], content: bytes, *, repeatable: bool) -> Answer:
        """POST `content`. `repeatable` tells whether the request may be made again although its answer was lost."""
        with _typed_errors(operation, repeatable):
            response = await self._send({"user-agent": _USER_AGENT, "accept-encoding": "identity", **headers}, content)
            try:
                return Answer(response.status_code, response.headers, await self._read(operation, response))
            finally:
                await response.aclose()

    async def aclose(self) -> None:
        """Close what is ours."""
        if self._owned:
            await self._through.aclose()

    async def _send(self, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        if isinstance(self._through, httpx.AsyncClient):
            request = self._through.build_request("POST", self._url, headers=headers, content=content)
            return await self._through.send(request, stream=True, follow_redirects=False)
        request = httpx.Request("POST", self._url, headers=headers, content=content, extensions=self._extensions)
        return await self._through.handle_async_request(request)

    async def _read(self, operation: str, response: httpx.Response) -> bytes:
        """The body as it came: no encoding was asked for, so none is undone, and a small answer stays small."""
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._check_size(int(response.headers.get("content-length", 0)), operation, response)
        content = bytearray()
        async for chunk in response.stream:
            content += chunk
            self._check_size(len(content), operation, response)
        return bytes(content)

    def _check_size(self, size: int, operation: str, response: httpx.Response) -> None:
        if size > self._max_reply_bytes:
            message = f"an answer of more than {self._max_reply_bytes} bytes."
            raise MalformedResponse(message, operation=operation, status=response.status_code)


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
