"""Decide which web pages may call the service.

AWS signatures are not checked, so a web page that reaches the service is an administrator. Two
rules keep foreign pages out. The `Host` header must name this machine, because a page that was
rebound to 127.0.0.1 sends its own host name. And only pages of known origins get CORS headers;
without these, a browser sends none of the service's requests.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

Headers = tuple[tuple[str, str], ...]

METHODS = "GET, HEAD, POST, OPTIONS"
EXPOSED = "x-amzn-requestid, x-amzn-errortype"
PREFLIGHT_SECONDS = 7200
"""Seconds for which a browser may remember the reply to a preflight request."""

IN_PROCESS = "embedded"
"""The host of requests that do not leave the process."""


@dataclass(frozen=True)
class Access:
    """Hosts and origins that are allowed besides those of this machine.

    A host is a name without a port; an origin is as browsers send it, such as
    `https://app.example.org`, or `*` for all.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, hosts: Iterable[str], origins: Iterable[str]) -> Access:
        """Return the rules for these further hosts and origins."""
        return cls(
            frozenset(host.lower() for host in hosts),
            frozenset(origin.rstrip("/").lower() for origin in origins),
        )

    def allows_host(self, header: str) -> bool:
        """Check a `Host` header.

        Any IP address is allowed: rebinding needs a name.
        """
        try:
            host = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        return _is_local_name(host) or _address(host) is not None or host in self.hosts

    def cors(self, origin: str | None) -> Headers:
        """Return the headers that let a page of this origin read a response."""
        vary = (("vary", "Origin"),)
        if origin is None or not self._allows_origin(origin):
            return vary
        return (
            *vary,
            ("access-control-allow-origin", origin),
            ("access-control-expose-headers", EXPOSED),
        )

    def preflight(self, origin: str | None, requested: str, *, private_network: bool) -> Headers:
        """Return the headers that answer a preflight request.

        `requested` is its `Access-Control-Request-Headers`. They are allowed by name, because `*`
        does not include `authorization`.
        """
        cors = self.cors(origin)
        if len(cors) == 1:
            return cors
        network = (("access-control-allow-private-network", "true"),) if private_network else ()
        return (
            *cors,
            ("access-control-allow-methods", METHODS),
            ("access-control-allow-headers", requested),
            ("access-control-max-age", str(PREFLIGHT_SECONDS)),
            *network,
        )

    def _allows_origin(self, origin: str) -> bool:
        if "*" in self.origins or origin.lower() in self.origins:
            return True
        try:
            parts = urlsplit(origin)
            host = parts.hostname or ""
        except ValueError:
            return False
        address = _address(host)
        return parts.scheme in ("http", "https") and (
            _is_local_name(host) or (address is not None and address.is_loopback)
        )


def _is_local_name(host: str) -> bool:
    return host in ("localhost", IN_PROCESS) or host.endswith(".localhost")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
