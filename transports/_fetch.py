"""Plain HTTP beside Cognito's JSON API: the token endpoint of a domain, the keys of an issuer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import anyio

from auth_flow.errors import TimedOut, TransportClosed
from auth_flow.transports._base import Content, Headers
from auth_flow.transports._lazy_wire import LazyWire
from auth_flow.transports._timeouts import Timeouts

if TYPE_CHECKING:
    from auth_flow.transports._clients import HttpClient


class Fetched(NamedTuple):
    """An HTTP answer: its status, and its content as it came."""

    status: int
    content: bytes


@runtime_checkable
class Fetcher(Protocol):
    """Makes plain HTTP requests. A transport that has this method carries redirect sign-ins too."""

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> Fetched:
        """Make one request, once, and return its answer whatever the status is.

        Redirections are not followed. Raises `TransportError` if no answer came (`retryable` if
        nothing was sent or the method is GET), and `MalformedResponse` if the answer is too large.
        """
        ...


class HttpFetcher:
    """A `Fetcher` over httpx: through the caller's client or transport, or connections of its own.

    `max_reply_bytes` bounds each answer. Nothing is opened before the first request.
    """

    def __init__(
        self,
        client: HttpClient | None = None,
        *,
        timeouts: Timeouts | None = None,
        max_reply_bytes: int = 1 << 20,
    ) -> None:
        self._client = client
        self._timeouts = timeouts or Timeouts()
        self._max_reply_bytes = max_reply_bytes
        self._wires: dict[str, LazyWire] = {}
        self._closed = False

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> Fetched:
        """Make one request; see `Fetcher.fetch`."""
        if self._closed:
            raise TransportClosed
        operation = f"{method} {url.partition('?')[0]}"
        wire = self._wires.setdefault(url, self._wire_to(url))
        content, headers = Content(content), Headers(headers)
        repeatable = method == "GET"
        with anyio.move_on_after(self._timeouts.total):
            opened = await wire.get(operation)
            answer = await opened.send(
                operation, headers, content, repeatable=repeatable, method=method
            )
            return Fetched(answer.status, answer.content)
        raise TimedOut(
            f"no reply within {self._timeouts.total} s.",
            operation=operation,
            retryable=repeatable,
        )

    async def aclose(self) -> None:
        """Close the connections, except those of the caller's client, and refuse requests."""
        self._closed = True
        while self._wires:
            await self._wires.popitem()[1].aclose()

    def _wire_to(self, url: str) -> LazyWire:
        return LazyWire(
            url,
            self._client,
            timeouts=self._timeouts,
            max_in_flight=8,
            max_reply_bytes=self._max_reply_bytes,
        )
