"""The TLS context: made when it is first needed, off the event loop, and shared."""

from __future__ import annotations

import os
import ssl
from functools import cache

import anyio
import anyio.to_thread
import httpx

from auth_flow.transports._loops import PerLoop

Verify = ssl.SSLContext | str | bool
Cert = str | tuple[str, str] | tuple[str, str, str]


class LazyContext:
    """A context with httpx's settings and roots.

    With `trust_env`, the roots are those of `SSL_CERT_FILE` or `SSL_CERT_DIR` if one of them is
    set, otherwise certifi's. Reading them blocks for tens of milliseconds, so a worker thread does
    it, once for each group of settings in the process.
    """

    def __init__(self, verify: Verify, cert: Cert | None, trust_env: bool) -> None:
        self._settings = (verify, cert, trust_env)
        self._context: ssl.SSLContext | None = None
        self._making = PerLoop(anyio.Lock)

    async def get(self) -> ssl.SSLContext:
        """Return the context."""
        if self._context is None:
            async with self._making.get():
                if self._context is None:
                    self._context = await anyio.to_thread.run_sync(make_context, *self._settings)
        return self._context


@cache
def make_context(verify: Verify, cert: Cert | None, trust_env: bool) -> ssl.SSLContext:
    """Return the process's context for these settings.

    Raises `httpx.ConnectError` if a file that they name cannot be used.
    """
    try:
        return httpx.create_ssl_context(verify, cert, trust_env)
    except OSError as error:  # of ssl too; neither says which file
        named = (
            verify
            if isinstance(verify, str)
            else os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
        )
        raise httpx.ConnectError(
            f"roots or certificate for TLS cannot be loaded ({cert or named}): {error}"
        ) from error
