"""The session as authentication for an httpx client."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from functools import cache
from types import ModuleType
from typing import Protocol

import httpx

from auth_flow.states._tokens import Tokens
from auth_flow.transports._clients import library_of


class TokenSource(Protocol):
    """The part of a session that authentication needs."""

    async def fresh_tokens(self) -> Tokens:
        """Return tokens that have not expired."""
        ...

    async def refresh(self, stale: Tokens) -> Tokens:
        """Return other tokens than `stale`."""
        ...


class SessionAuth(httpx.Auth):
    """Adds the session's access token to each request, as a bearer token (RFC 6750).

    After a 401 the session refreshes its tokens, and the request is made once more; concurrent
    requests share one refresh. If the body of a request is a stream, it is not repeated, because
    the stream has been read. Errors of the refresh are raised as they are.
    """

    def __init__(self, session: TokenSource) -> None:
        self._session = session

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Raise `RuntimeError`: tokens are refreshed in an event loop."""
        raise RuntimeError("A session authenticates an httpx.AsyncClient, not an httpx.Client.")

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Make the request, once more with a new token if the first one was not accepted."""
        tokens = await self._session.fresh_tokens()
        response = yield _signed(request, tokens)
        if (
            response.status_code != 401
            or tokens.refresh_token is None
            or not isinstance(request.stream, library_of(request.stream).ByteStream)
        ):
            return
        yield _signed(request, await self._session.refresh(tokens))


def authentication(session: TokenSource) -> SessionAuth:
    """Return the authentication of a session, for httpx and, if it has been imported, for httpx2.

    Each of the two takes only objects that are derived from its own class.
    """
    httpx2 = sys.modules.get("httpx2")
    return SessionAuth(session) if httpx2 is None else _for_both(httpx2)(session)


@cache
def _for_both(httpx2: ModuleType) -> type[SessionAuth]:
    return type("SessionAuth", (SessionAuth, httpx2.Auth), {"__doc__": SessionAuth.__doc__})


def _signed(request: httpx.Request, tokens: Tokens) -> httpx.Request:
    request.headers["Authorization"] = tokens.bearer
    return request
