"""One request over httpx: out it goes, back comes a bounded answer or a typed error."""

from __future__ import annotations

import platform
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import TypeAlias

import httpx

from auth_flow.errors import ConnectFailed, ConnectionLost, MalformedResponse, TimedOut
from auth_flow.transports._connection import OutgoingRequest
from auth_flow.transports._connection_pool import LIMITS, ConnectionPool, origin_of
from auth_flow.transports._http import http_transport
from auth_flow.transports._replies import request_id_of
from auth_flow.transports._timeouts import Timeouts


def _user_agent() -> str:
    try:
        version = f"/{metadata.version('auth-flow')}"
    except metadata.PackageNotFoundError:
        version = ""  # a checkout that is not installed
    return f"auth-flow{version} httpx/{httpx.__version__} python/{platform.python_version()}"


_HEADERS = {"user-agent": _user_agent(), "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An HTTP answer read to its end. `headers` are looked up by lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes


_Begun: TypeAlias = tuple[int, Mapping[str, str], httpx.AsyncByteStream]
"""An answer whose body is still to be read: status, headers, body."""


class Wire:
    """Sends requests to one URL, through what the caller gave, which stays open, or through a
    transport of ours.

    A client is used as a whole. A bare transport is called without one around it: redirects,
    cookies, authentication and hooks are of no use to JSON RPC and cost as much as the request. Our
    own pool is spared httpx's request and response objects too.
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
            self._origin = origin_of(
                self._url
            )  # a host that is no IDNA is found out only when it is looked at
        except httpx.InvalidURL as problem:
            raise ValueError(str(problem)) from None
        self._owned = through is None
        self._through = through or http_transport(
            url,
            limits=httpx.Limits(
                max_connections=max_in_flight, keepalive_expiry=LIMITS.keepalive_expiry
            ),
        )
        self._seconds = {
            "connect": timeouts.connect,
            "pool": timeouts.pool,
            "read": timeouts.read,
            "write": timeouts.write,
        }

    async def send(
        self,
        operation: str,
        headers: Mapping[str, str],
        content: bytes,
        *,
        repeatable: bool,
        method: str = "POST",
    ) -> HttpReply:
        """Send one request. `repeatable` says that it may be made again if its answer was lost."""
        headers = {**_HEADERS, **headers}
        send = (
            self._send_to_pool if isinstance(self._through, ConnectionPool) else self._send_by_httpx
        )
        with _typed_errors(operation, repeatable):
            status, received, body = await send(method, headers, content)
            try:
                read = await self._read(body)
            finally:
                await body.aclose()
        if read is None:
            message, request_id = (
                f"an answer of more than {self._max_reply_bytes} bytes.",
                request_id_of(received),
            )
            raise MalformedResponse(
                message, operation=operation, status=status, request_id=request_id
            )
        return HttpReply(status, received, read)

    async def aclose(self) -> None:
        """Close what is ours."""
        if self._owned:
            await self._through.aclose()

    async def _send_to_pool(
        self, method: str, headers: Mapping[str, str], content: bytes
    ) -> _Begun:
        assert isinstance(self._through, ConnectionPool)
        fields = [(name.encode(), text.encode()) for name, text in headers.items()]
        fields += [(b"host", self._url.netloc), (b"content-length", b"%d" % len(content))]
        request = OutgoingRequest(method, self._url.raw_path, fields, content)
        incoming = await self._through.send(self._origin, request, self._seconds)
        received = {
            name.decode("ascii"): text.decode("latin-1") for name, text in incoming.head.headers
        }
        return incoming.head.status_code, received, incoming

    async def _send_by_httpx(
        self, method: str, headers: Mapping[str, str], content: bytes
    ) -> _Begun:
        if isinstance(self._through, httpx.AsyncClient):
            request = self._through.build_request(
                method, self._url, headers=headers, content=content
            )
            response = await self._through.send(request, stream=True, follow_redirects=False)
        else:
            request = httpx.Request(
                method,
                self._url,
                headers=headers,
                content=content,
                extensions={"timeout": self._seconds},
            )
            response = await self._through.handle_async_request(request)
        # A hook of the caller's client may have read the body, which cannot be read twice.
        body = (
            httpx.ByteStream(response.content) if response.is_stream_consumed else response.stream
        )
        assert isinstance(body, httpx.AsyncByteStream)
        return response.status_code, response.headers, body

    async def _read(self, body: httpx.AsyncByteStream) -> bytes | None:
        """The body as it came: no encoding was asked for, so none is undone, and a small answer
        stays small. None: too large.
        """
        content = bytearray()
        async for chunk in body:
            content += chunk
            if len(content) > self._max_reply_bytes:
                return None
        return bytes(content)


@contextmanager
def _typed_errors(operation: str, repeatable: bool) -> Generator[None]:
    """Turn httpx's errors into ours. They are not chained: they hold the request, and protocol
    errors quote what was received.
    """
    try:
        yield
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise TimedOut(
            "no connection within the time allowed; nothing was sent.",
            operation=operation,
            retryable=True,
        ) from None
    except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
        raise ConnectFailed(
            f"no connection could be made: {error}", operation=operation, retryable=True
        ) from None
    except httpx.TimeoutException:
        raise TimedOut(
            "the answer did not come within the time allowed.",
            operation=operation,
            retryable=repeatable,
        ) from None
    except httpx.RequestError as error:
        raise ConnectionLost(
            f"the connection broke before the answer was complete ({type(error).__name__}).",
            operation=operation,
            retryable=repeatable,
        ) from None
