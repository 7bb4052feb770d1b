"""Cognito's own protocol, AWS JSON 1.1: an operation's name in a header, JSON there and back."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, Self

import anyio

from auth_flow.errors import AuthFlowError, InvalidRequest, TimedOut
from auth_flow.transports._base import Content, Headers
from auth_flow.transports._clients import checked_client
from auth_flow.transports._endpoints import checked_url
from auth_flow.transports._fetch import Fetched, HttpFetcher
from auth_flow.transports._lazy_wire import LazyWire
from auth_flow.transports._loops import PerLoop
from auth_flow.transports._replies import clock_difference, read_reply
from auth_flow.transports._retries import IDEMPOTENT, Retries
from auth_flow.transports._slots import Slots
from auth_flow.transports._timeouts import Timeouts

if TYPE_CHECKING:
    from auth_flow.transports._clients import HttpClient

_log = logging.getLogger(__name__)
_encode = json.JSONEncoder(separators=(",", ":")).encode
_OPERATION = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?|")


class Service(Protocol):
    """Anything that has the URL of a service, such as a `UserPool`."""

    @property
    def url(self) -> str:
        """The URL that requests go to."""
        ...


class CognitoTransport:
    """Carries operations to Cognito over httpx.

    ::

        async with CognitoTransport(pool) as transport:
            reply = await transport.call("InitiateAuth", {"AuthFlow": …})

    - `service` is the user pool, or the whole URL of the service, path included.
    - `client` is an `AsyncClient` of httpx or httpx2, which is used as a whole (its hooks, proxies,
      timeouts), or a transport such as `http_transport(…)` or `httpx.ASGITransport`. It stays the
      caller's to close, and errors of its hooks are raised as they are. Without one, the transport
      makes a connection pool at the first call and closes it.
    - At most `max_in_flight` requests are under way at once in each event loop; the others wait for
      their turn. The default is 64, or 8 over a client or transport of httpx's, because httpx's own
      pool takes more time for each request the more connections it holds.
    - A reply of more than `max_reply_bytes` bytes is not read to its end.
    - `headers` are added to every request and replace the transport's own; `target` is the
      service's name in the protocol.

    One transport serves any number of flows, in any number of event loops, threads and forked
    processes: each event loop has connections of its own. A client of the caller's works only in
    the event loop that first uses it; in another one, `call` raises `WrongEventLoop`.

    Raises `ValueError` if the URL or a header cannot be used, and `TypeError` if `client` is of
    another kind.
    """

    def __init__(
        self,
        service: str | Service,
        *,
        client: HttpClient | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        max_in_flight: int | None = None,
        max_reply_bytes: int = 1 << 20,
        headers: Mapping[str, str] | None = None,
        target: str = "AWSCognitoIdentityProviderService",
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        checked_client(client)
        self._target = target
        self._sleep = sleep
        self._timeouts = timeouts or Timeouts()
        self._retries = retries or Retries()
        self._extra_headers = _checked_headers(headers or {})
        in_flight = max_in_flight or _default_in_flight(client)
        self._slots = PerLoop(lambda: Slots(in_flight))
        self._wire = LazyWire(
            checked_url(service if isinstance(service, str) else service.url),
            client,
            timeouts=self._timeouts,
            max_in_flight=in_flight,
            max_reply_bytes=max_reply_bytes,
        )
        self._clock_difference: float | None = None
        self._fetcher = HttpFetcher(
            client, timeouts=self._timeouts, max_reply_bytes=max_reply_bytes
        )

    @property
    def clock_difference(self) -> float | None:
        """Seconds that the service's clock is ahead of this machine's, by the last reply's `Date`.

        None before the first reply. Proofs of a password contain the time, which the service
        compares with its own.
        """
        return self._clock_difference

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Carry one request, repeated if that is safe, and return the decoded reply.

        Raises the errors of `Transport.call`, and before anything is sent `InvalidRequest` if
        `operation` is not a name, `TransportClosed` after `aclose`, and `WrongEventLoop` if the
        caller's client belongs to another event loop or process.
        """
        if not _OPERATION.fullmatch(operation):
            raise InvalidRequest(f"{operation!r} is not the name of an operation.")
        sending = _Sending(operation, self._headers(operation), Content(_encode(body).encode()))
        del body  # so that a report of an error with the values of its frames does not hold it
        with anyio.move_on_after(self._timeouts.total):
            for attempt in count(1):
                sending.headers["amz-sdk-request"] = (
                    f"attempt={attempt}; max={self._retries.attempts}"
                )
                try:
                    return await self._attempt(sending)
                except AuthFlowError as error:
                    wait = self._retries.wait(attempt, error)
                    if (
                        wait is None
                        or wait >= anyio.current_effective_deadline() - anyio.current_time()
                    ):
                        raise
                    _log.info(
                        "%s: attempt %d ended in %s; again in %.1f s",
                        operation,
                        attempt,
                        type(error).__name__,
                        wait,
                    )
                await self._sleep(wait)
        repeatable = sending.repeatable or not sending.begun
        raise TimedOut(
            f"no reply within {self._timeouts.total} s.", operation=operation, retryable=repeatable
        )

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> Fetched:
        """Make a plain HTTP request over the same client or settings; see `Fetcher.fetch`."""
        content, headers = Content(content), Headers(headers)  # which reports of errors hide
        return await self._fetcher.fetch(method, url, headers=headers, content=content)

    async def aclose(self) -> None:
        """Close the connections and refuse further requests; the caller's own client stays open."""
        await self._fetcher.aclose()
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        """Return the transport. Nothing is opened before the first call."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _attempt(self, sending: _Sending) -> dict[str, Any]:
        wire = await self._wire.get(sending.operation)
        slots = self._slots.get()
        if not await slots.take(self._timeouts.pool):
            message = "too many requests are under way; nothing was sent."
            raise TimedOut(message, operation=sending.operation, retryable=True)
        sending.begun = True
        try:
            reply = await wire.send(
                sending.operation, sending.headers, sending.content, repeatable=sending.repeatable
            )
        finally:
            slots.leave()
        difference = clock_difference(reply.headers, time.time())
        if difference is not None:
            self._clock_difference = difference
        return read_reply(sending.operation, reply.status, reply.headers, reply.content)

    def _headers(self, operation: str) -> dict[str, str]:
        return {
            "content-type": "application/x-amz-json-1.1",
            "cache-control": "no-store",
            "x-amz-target": f"{self._target}.{operation}",
            "amz-sdk-invocation-id": str(uuid.uuid4()),
            **self._extra_headers,
        }


@dataclass(slots=True)
class _Sending:
    """A request, and whether it may have left."""

    operation: str
    headers: dict[str, str]
    content: Content
    begun: bool = False

    @property
    def repeatable(self) -> bool:
        return self.operation in IDEMPOTENT


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by lower-case names. The error of one that HTTP does not allow names it, but
    not its value, which may be secret.
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(
                f"The header {name!r} cannot be sent: HTTP allows printable ASCII characters only,"
                " without spaces around a value."
            )
    return {name.lower(): value for name, value in headers.items()}


def _default_in_flight(client: HttpClient | None) -> int:
    if client is None:
        return 64
    # httpx has been imported: the caller has made something of it.
    from auth_flow.transports._connection_pool import ConnectionPool

    return 64 if isinstance(client, ConnectionPool) else 8
