"""A wire that is opened at its first request, off the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from auth_flow.errors import ConnectFailed, TransportClosed
from auth_flow.transports._loops import PerLoop
from auth_flow.transports._timeouts import Timeouts

if TYPE_CHECKING:
    from auth_flow.transports._clients import HttpClient
    from auth_flow.transports._wire import Wire


class LazyWire:
    """Makes a `Wire` when it is first needed, in a worker thread.

    Importing httpx and loading the root certificates would each block the event loop for tens of
    milliseconds.
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
        self._url = url
        self._client = client
        self._timeouts = timeouts
        self._max_in_flight = max_in_flight
        self._max_reply_bytes = max_reply_bytes
        self._opening = PerLoop(anyio.Lock)
        self._made: dict[str, Wire] = {}
        self._closed = False

    async def get(self, operation: str) -> Wire:
        """Return the wire. `operation` is the request that errors are reported for.

        Raises `ConnectFailed` if there is no way to the URL, `TransportClosed` after `aclose`, and
        `WrongEventLoop` if the caller's client belongs to another event loop or process.
        """
        if self._closed:
            raise TransportClosed
        wire = self._wire or await self._open(operation)
        wire.check_loop()
        return wire

    async def aclose(self) -> None:
        """Close the connections; the caller's own client stays open."""
        self._closed = True
        if self._wire is not None:
            await self._wire.aclose()

    async def _open(self, operation: str) -> Wire:
        async with self._opening.get():
            if self._wire is None:
                try:
                    made = await anyio.to_thread.run_sync(self._make)
                except (ValueError, ImportError) as error:  # of a proxy, or a host name
                    problem = str(error)
                else:
                    # Threads with a loop each may come here at once. The first wire stays: of
                    # another one, nobody would close the connections.
                    return self._made.setdefault("wire", made)
                raise ConnectFailed(
                    f"there is no way to {self._url}: {problem}", operation=operation
                )
        return self._wire

    @property
    def _wire(self) -> Wire | None:
        return self._made.get("wire")

    def _make(self) -> Wire:
        from auth_flow.transports._wire import Wire

        return Wire(
            self._url,
            self._client,
            timeouts=self._timeouts,
            max_in_flight=self._max_in_flight,
            max_reply_bytes=self._max_reply_bytes,
        )
