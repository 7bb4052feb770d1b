"""Clients and transports that a caller may bring: those of httpx, and those of httpx2.

httpx2 is the API-compatible successor of httpx. The two have classes of their own, so a request for
an httpx2 transport must be made by httpx2, and its errors are httpx2's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias
from weakref import WeakKeyDictionary

from auth_flow.transports._loops import Bound


class AsyncClient(Protocol):
    """The methods that we use of `httpx.AsyncClient` and `httpx2.AsyncClient`."""

    @property
    def build_request(self) -> Callable[..., Any]: ...
    @property
    def send(self) -> Callable[..., Any]: ...


class AsyncTransport(Protocol):
    """The methods that we use of `httpx.AsyncBaseTransport` and its like in httpx2."""

    @property
    def handle_async_request(self) -> Callable[..., Any]: ...


HttpClient: TypeAlias = AsyncClient | AsyncTransport
"""A client or a transport, of httpx or httpx2."""

_LIBRARIES = ("httpx", "httpx2")
_WITHOUT_CONNECTIONS = {"ASGITransport", "MockTransport"}


def checked_client(client: object) -> None:
    """Raise `TypeError` if `client` can carry no requests of an event loop, such as a client of
    httpx for threads.
    """
    if client is not None and not (
        hasattr(client, "handle_async_request")
        or (hasattr(client, "build_request") and library_of(client).AsyncClient in _kinds(client))
    ):
        raise TypeError(
            "client must be an AsyncClient or an asynchronous transport of httpx or httpx2, not "
            f"{type(client).__module__}.{type(client).__qualname__}."
        )


def library_of(client: object) -> Any:
    """Return the module, httpx or httpx2, that the class of `client` is derived from.

    It is httpx for a class that is derived from neither.
    """
    for kind in _kinds(client):
        name = kind.__module__.partition(".")[0]
        if name in _LIBRARIES:
            return sys.modules[name]
    import httpx

    return httpx


def is_client(client: object) -> bool:
    """Return whether `client` is used as a whole, with its hooks, proxies and timeouts."""
    return hasattr(client, "build_request")


def holds_connections(client: object) -> bool:
    """Return whether `client` may hold connections that only work in the loop that opened them."""
    return _WITHOUT_CONNECTIONS.isdisjoint(kind.__name__ for kind in _kinds(client))


def bound(client: object) -> Bound:
    """Return the mark of a client of the caller's: one for all transports that use it."""
    try:
        return _bounds.setdefault(client, Bound("The HTTP client of this transport"))
    except TypeError:  # a class of the caller's without weak references, or without a hash
        return Bound("The HTTP client of this transport")


_bounds: WeakKeyDictionary[object, Bound] = WeakKeyDictionary()


def _kinds(client: object) -> tuple[type, ...]:
    return type(client).__mro__
