"""Plain HTTP beside Cognito's JSON API: the token endpoint of a domain, the keys of an issuer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import anyio
import anyio.to_thread

from auth_flow.errors import ConnectFailed, TimedOut
from auth_flow.transports._timeouts import Timeouts

if TYPE_CHECKING:
    import httpx

    from auth_flow.transports._wire import Wire


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
        client: httpx.AsyncClient | httpx.AsyncBaseTransport | None = None,
        *,
        timeouts: Timeouts | None = None,
        max_reply_bytes: int = 1 << 20,
    ) -> None:
        self._client = client
        self._timeouts = timeouts or Timeouts()
        self._max_reply_bytes = max_reply_bytes
        self._wires: dict[str, Wire] = {}
        self._opening = anyio.Lock()

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> Fetched:
        """Make one request; see `Fetcher.fetch`."""
        operation = f"{method} {url.partition('?')[0]}"
        wire = self._wires.get(url) or await self._open(url, operation)
        repeatable = method == "GET"
        with anyio.move_on_after(self._timeouts.total):
            answer = await wire.send(
                operation, headers, content, repeatable=repeatable, method=method
            )
            return Fetched(answer.status, answer.content)
        raise TimedOut(
            f"no answer within {self._timeouts.total} s.",
            operation=operation,
            retryable=repeatable,
        )

    async def aclose(self) -> None:
        """Close the connections, except those of the caller's client."""
        while self._wires:
            await self._wires.popitem()[1].aclose()

    async def _open(self, url: str, operation: str) -> Wire:
        async with self._opening:
            if url not in self._wires:
                try:
                    self._wires[url] = await anyio.to_thread.run_sync(self._make_wire, url)
                except (ValueError, ImportError) as problem:
                    raise ConnectFailed(
                        f"there is no way to it: {problem}", operation=operation
                    ) from None
        return self._wires[url]

    def _make_wire(self, url: str) -> Wire:
        from auth_flow.transports._wire import Wire

        return Wire(
            url,
            self._client,
            timeouts=self._timeouts,
            max_in_flight=8,
            max_reply_bytes=self._max_reply_bytes,
        )
