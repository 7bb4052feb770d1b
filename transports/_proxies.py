"""Proxies: which one a request goes through, checked before httpx sees it.

A proxy's URL often holds a password, and httpx's errors quote parts of URLs that they cannot read.
So the URL is checked here, and a message names its scheme and host at most.
"""

from __future__ import annotations

import importlib.util
import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

_SCHEMES = ("http", "https", "socks5", "socks5h")


def environment_proxy(url: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for `url`, None if it names none.

    Raises `ValueError` as `checked_proxy` does.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    variable = parts.scheme if proxies.get(parts.scheme) else "all"
    proxy = proxies.get(variable)
    if not proxy or _bypassed(parts.netloc.rpartition("@")[2], parts.hostname or "", proxies):
        return None
    return checked_proxy(
        proxy if "://" in proxy else f"http://{proxy}", f"{variable.upper()}_PROXY"
    )


def checked_proxy(proxy: str | httpx.URL | httpx.Proxy, source: str = "proxy") -> httpx.Proxy:
    """Return a proxy as httpx takes it. `source` is the setting that error messages name.

    Raises `ValueError` if the URL cannot be used, without quoting user or password.
    """
    if isinstance(proxy, httpx.Proxy):
        return proxy
    try:
        scheme, host, port = _parts(str(proxy))
    except ValueError:
        raise ValueError(
            f"{source} is not a proxy URL, as in 'http://user:password@proxy.example:3128'."
            " Characters such as # / ? @ in user or password must be percent-encoded."
        ) from None
    if scheme not in _SCHEMES:
        raise ValueError(
            f"{source} has the scheme {scheme!r}; a proxy's scheme is http, https, socks5 or"
            " socks5h."
        )
    if scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise ValueError(f"{source} names a SOCKS proxy, which needs: pip install 'httpx[socks]'")
    with suppress(httpx.InvalidURL, ValueError, UnicodeError):
        return httpx.Proxy(proxy)
    raise ValueError(f"{source} names a proxy that cannot be used: {host}:{port}.")


def _parts(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port. Raises `ValueError` if the URL has no host, or goes on after
    it: a `#` or a `/` in a password that is not encoded ends the host early.
    """
    parts = urlsplit(url)
    port = parts.port
    fits = (
        parts.hostname
        and parts.hostname.isascii()
        and url.isprintable()
        and " " not in url
        and parts.path in ("", "/")
        and not parts.query
        and not parts.fragment
        and not url.endswith(("#", "?"))
        and port != 0
    )
    if not fits:
        raise ValueError
    return parts.scheme, parts.hostname or "", port


def _bypassed(netloc: str, host: str, proxies: dict[str, str]) -> bool:
    """Return whether NO_PROXY, or the system's list, exempts a host.

    urllib compares texts, so it knows neither networks nor the spellings of an IPv6 address.
    """
    if proxy_bypass(netloc):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(_covers(entry.strip(), address) for entry in proxies.get("no", "").split(","))


def _covers(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if entry.startswith("["):  # with a port, perhaps; all ports of an address are meant
        entry = entry[1:].partition("]")[0]
    with suppress(ValueError):
        return address in ipaddress.ip_network(entry, strict=False)
    return False
