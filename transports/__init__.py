"""Transports: they carry requests to Cognito and return the replies."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from auth_flow.transports._base import (
    Transport,
)
from auth_flow.transports._endpoints import (
    endpoint_for,
)
from auth_flow.transports._fetch import Fetched, Fetcher, HttpFetcher
from auth_flow.transports._retries import (
    Retries,
)
from auth_flow.transports._timeouts import (
    Timeouts,
)

if TYPE_CHECKING:
    from auth_flow.transports._cognito import (
        CognitoTransport,
    )
    from auth_flow.transports._connection_pool import (
        ConnectionPool,
    )
    from auth_flow.transports._http import (
        http_transport,
    )
else:
    _HOMES = {
        "CognitoTransport": "_cognito",
        "ConnectionPool": "_connection_pool",
        "http_transport": "_http",
    }

    def __getattr__(name):
        """Import the names that need httpx on first use, so that the library imports quickly."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


__all__ = [
    "CognitoTransport",
    "ConnectionPool",
    "Fetched",
    "Fetcher",
    "HttpFetcher",
    "Retries",
    "Timeouts",
    "Transport",
    "endpoint_for",
    "http_transport",
]
