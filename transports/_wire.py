"""One request over httpx: out it goes, back comes a bounded reply or a typed error."""

from __future__ import annotations

import platform
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, NamedTuple, Protocol

import httpx

from auth_flow.errors import (
    AuthFlowError,
    ConnectFailed,
    ConnectionLost,
    InvalidRequest,
    MalformedResponse,
    TimedOut,
)
from auth_flow.transports._base import Content
from auth_flow.transports._clients import (
    HttpClient,
    bound,
    holds_connections,
    is_client,
    library_of,
)
from auth_flow.transports._connection import OutgoingRequest
from auth_flow.transports._connection_pool import LIMITS, ConnectionPool, origin_of
from auth_flow.transports._http import LoopTransport, http_transport
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
    """An HTTP reply read to its end. `headers` are looked up by lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: Content


class _Body(AsyncIterable[bytes], Protocol):
    async def aclose(self) -> None: ...


class _Begun(NamedTuple):
    """A reply whose body is still to be read."""

    status: int
    headers: Mapping[str, str]
    body: _Body


class Wire:
    """Sends requests to one URL, over the caller's client or over a transport of ours.

    A client is used as a whole, and left open. A bare transport is called without a client around
    it: redirects, cookies, authentication and hooks are of no use to a JSON API and cost as much as
    the request. Our own pool is spared httpx's request and response objects too.
    """

    def __init__(
        self,
        url: str,
        client: HttpClient | None,
        *,
        timeouts: Timeouts,
        max_in_flight: int,
        max_reply_bytes: int,
    ) -> None:
        try:
            self._url = httpx.URL(url)
            self._origin = origin_of(self._url)  # reads the host name, which may not be valid IDNA
        except httpx.InvalidURL as problem:
            raise ValueError(str(problem)) from None
        self._max_reply_bytes = max_reply_bytes
        self._owned = None if client is not None else _opened(url, max_in_flight)
        self._through: Any = client or self._owned
        self._library = library_of(self._through)
        self._send = self._sender()
        self._bound = (
            None
            if isinstance(self._through, ConnectionPool | LoopTransport)
            or not holds_connections(self._through)
            else bound(self._through)
        )
        self._seconds = {
            "connect": timeouts.connect,
            "pool": timeouts.pool,
            "read": timeouts.read,
            "write": timeouts.write,
        }

    def check_loop(self) -> None:
        """Raise `WrongEventLoop` if the client of the caller belongs to another loop or process."""
        if self._bound is not None:
            self._bound.check()

    async def send(
        self,
        operation: str,
        headers: Mapping[str, str],
        content: Content,
        *,
        repeatable: bool,
        method: str = "POST",
    ) -> HttpReply:
        """Send one request. `repeatable` says that it may be made again if its reply was lost."""
        try:
            begun = await self._send(method, {**_HEADERS, **headers}, content)
            try:
                read = await self._read(begun.body)
            finally:
                await begun.body.aclose()
        except self._library.RequestError as error:
            failure: AuthFlowError = self._typed(error, operation, repeatable)
        else:
            if read is not None:
                return HttpReply(begun.status, begun.headers, read)
            failure = MalformedResponse(
                f"a reply of more than {self._max_reply_bytes} bytes.",
                operation=operation,
                status=begun.status,
                request_id=request_id_of(begun.headers),
            )
        # Raised here, the error has no context: that would hold the request, body included.
        raise failure

    async def aclose(self) -> None:
        """Close the connections that are ours."""
        if self._owned is not None:
            await self._owned.aclose()

    def _sender(self) -> Any:
        if isinstance(self._through, ConnectionPool):
            return self._send_to_pool
        return self._send_by_client if is_client(self._through) else self._send_by_transport

    async def _send_to_pool(
        self, method: str, headers: Mapping[str, str], content: bytes
    ) -> _Begun:
        fields = [(name.encode(), text.encode()) for name, text in headers.items()]
        fields += [(b"host", self._url.netloc), (b"content-length", b"%d" % len(content))]
        request = OutgoingRequest(method, self._url.raw_path, fields, content)
        incoming = await self._through.send(self._origin, request, self._seconds)
        received = {
            name.decode("ascii"): text.decode("latin-1") for name, text in incoming.head.headers
        }
        return _Begun(incoming.head.status_code, received, incoming)

    async def _send_by_client(
        self, method: str, headers: Mapping[str, str], content: bytes
    ) -> _Begun:
        request = self._through.build_request(
            method, str(self._url), headers=headers, content=content
        )
        return self._begun(await self._through.send(request, stream=True, follow_redirects=False))

    async def _send_by_transport(
        self, method: str, headers: Mapping[str, str], content: bytes
    ) -> _Begun:
        request = self._library.Request(
            method,
            str(self._url),
            headers=headers,
            content=content,
            extensions={"timeout": self._seconds},
        )
        return self._begun(await self._through.handle_async_request(request))

    def _begun(self, response: Any) -> _Begun:
        # A hook of the caller's client may have read the body, which cannot be read twice.
        body = (
            self._library.ByteStream(response.content)
            if response.is_stream_consumed
            else response.stream
        )
        return _Begun(response.status_code, response.headers, body)

    async def _read(self, body: _Body) -> Content | None:
        """Return the body as it came, or None if it is too large.

        No content encoding was asked for, so none is undone, and a small reply stays small.
        """
        content = bytearray()
        chunks: Any = aiter(body)
        try:
            async for chunk in chunks:
                content += chunk
                if len(content) > self._max_reply_bytes:
                    return None
        finally:
            # httpx iterates by a generator, which must not be left to the garbage collector.
            if hasattr(chunks, "aclose"):
                await chunks.aclose()
        return Content(content)

    def _typed(
        self, error: Exception, operation: str, repeatable: bool
    ) -> ConnectFailed | ConnectionLost | TimedOut | InvalidRequest:
        """Return our error for one of httpx's. Only connect errors are quoted, because protocol
        errors quote the data that was sent or received.
        """
        kinds = self._library
        if isinstance(error, kinds.ConnectTimeout | kinds.PoolTimeout):
            return TimedOut(
                "no connection within the time allowed; nothing was sent.",
                operation=operation,
                retryable=True,
            )
        if isinstance(error, kinds.ConnectError | kinds.ProxyError | kinds.UnsupportedProtocol):
            return ConnectFailed(
                f"no connection could be made: {error}", operation=operation, retryable=True
            )
        if isinstance(error, kinds.TimeoutException):
            return TimedOut(
                "the reply did not come within the time allowed.",
                operation=operation,
                retryable=repeatable,
            )
        if isinstance(error, kinds.LocalProtocolError) and "header" in str(error).lower():
            return InvalidRequest(
                f"{operation}: HTTP does not allow one of the request's headers; nothing was sent."
            )
        return ConnectionLost(
            f"the connection broke before the reply was complete ({type(error).__name__}).",
            operation=operation,
            retryable=repeatable,
        )


def _opened(url: str, max_connections: int) -> httpx.AsyncBaseTransport:
    return http_transport(
        url,
        limits=httpx.Limits(
            max_connections=max_connections, keepalive_expiry=LIMITS.keepalive_expiry
        ),
    )
