"""Cognito's own protocol, AWS JSON 1.1: an operation's name in a header, JSON there and back."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.to_thread

from auth_flow.errors import AuthFlowError, ConnectFailed, TimedOut, TransportClosed
from auth_flow.transports._endpoints import checked_url
from auth_flow.transports._fetch import Fetched, HttpFetcher
from auth_flow.transports._replies import read_reply
from auth_flow.transports._retries import IDEMPOTENT, Retries
from auth_flow.transports._slots import Slots
from auth_flow.transports._timeouts import Timeouts

if TYPE_CHECKING:
    import httpx

    from auth_flow.transports._wire import Wire

_log = logging.getLogger(__name__)
_encode = json.JSONEncoder(separators=(",", ":")).encode


class CognitoTransport:
    """Carries operations to Cognito over httpx.

    ::

        async with CognitoTransport(endpoint_for("eu-west-1_Abc")) as transport:
            reply = await transport.call("InitiateAuth", {"AuthFlow": …})

    - `endpoint` is the whole URL of the service, path included.
    - `client` is an `httpx.AsyncClient`, used as a whole (its hooks, proxies, timeouts), or an httpx transport such as
      `http_transport(…)` or `httpx.ASGITransport`. It stays the caller's to close, and what its
      hooks raise is raised as it is. Without one, the transport makes a connection pool at the
      first call and closes it.
    - At most `max_in_flight` requests are under way at once, the others wait their turn: 64 over a pool of ours (`http_transport`
      mostly gives one), else 8, since httpx's own pool spends more on each request the more of them
      it holds.
    - An answer of more than `max_reply_bytes` bytes is not read to its end.
    - `headers` are added to every request and win over the transport's own; `target` is the service's name in the protocol.

    One transport serves any number of flows, in the event loop of its first call.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        client: httpx.AsyncClient | httpx.AsyncBaseTransport | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        max_in_flight: int | None = None,
        max_reply_bytes: int = 1 << 20,
        headers: Mapping[str, str] | None = None,
        target: str = "AWSCognitoIdentityProviderService",
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._endpoint, self._client, self._target, self._sleep = (
            checked_url(endpoint),
            client,
            target,
            sleep,
        )
        self._timeouts, self._retries = timeouts or Timeouts(), retries or Retries()
        self._max_reply_bytes = max_reply_bytes
        self._extra_headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._max_in_flight = max_in_flight or _default_in_flight(client)
        self._slots = Slots(self._max_in_flight)
        self._opening = anyio.Lock()
        self._wire: Wire | None = None
        self._closed = False
        self._fetcher = HttpFetcher(
            client, timeouts=self._timeouts, max_reply_bytes=max_reply_bytes
        )

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Carry one request, repeated where that is safe, and return the decoded reply; see
        `Transport.call`.
        """
        if self._closed:
            raise TransportClosed
        sending = _Sending(operation, self._headers(operation), _encode(body).encode())
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
            f"no answer within {self._timeouts.total} s.", operation=operation, retryable=repeatable
        )

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> Fetched:
        """Make a plain HTTP request over the same client or settings; see `Fetcher.fetch`."""
        return await self._fetcher.fetch(method, url, headers=headers, content=content)

    async def aclose(self) -> None:
        """Let go of connections; the caller's own client stays open."""
        self._closed = True
        await self._fetcher.aclose()
        if self._wire is not None:
            await self._wire.aclose()

    async def __aenter__(self) -> Self:
        """Nothing is opened yet: that is the first call's doing."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _attempt(self, sending: _Sending) -> dict[str, Any]:
        wire = self._wire or await self._open(sending.operation)
        if not await self._slots.take(self._timeouts.pool):
            message = "too many requests are under way; nothing was sent."
            raise TimedOut(message, operation=sending.operation, retryable=True)
        sending.begun = True
        try:
            answer = await wire.send(
                sending.operation, sending.headers, sending.content, repeatable=sending.repeatable
            )
        finally:
            self._slots.leave()
        return read_reply(sending.operation, answer.status, answer.headers, answer.content)

    async def _open(self, operation: str) -> Wire:
        """Import httpx and load the root certificates beside the event loop: each would block it
        for tens of milliseconds.
        """
        async with self._opening:
            if self._wire is None:
                try:
                    self._wire = await anyio.to_thread.run_sync(self._make_wire)
                except (
                    ValueError,
                    ImportError,
                ) as problem:  # of a proxy in the environment, or a host that has no such name
                    raise ConnectFailed(
                        f"no way to {self._endpoint}: {problem}", operation=operation
                    ) from None
        return self._wire

    def _make_wire(self) -> Wire:
        from auth_flow.transports._wire import Wire

        return Wire(
            self._endpoint,
            self._client,
            timeouts=self._timeouts,
            max_in_flight=self._max_in_flight,
            max_reply_bytes=self._max_reply_bytes,
        )

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
    content: bytes
    begun: bool = False

    @property
    def repeatable(self) -> bool:
        return self.operation in IDEMPOTENT


def _default_in_flight(client: httpx.AsyncClient | httpx.AsyncBaseTransport | None) -> int:
    if client is None:
        return 64
    from auth_flow.transports._connection_pool import (
        ConnectionPool,
    )  # httpx is there: the caller has made something of it

    return 64 if isinstance(client, ConnectionPool) else 8
