"""Read a request from ASGI and send a response to it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

LARGEST_BODY = 1 << 20
"""Bytes of a request's body; a larger one is refused."""


class Response(NamedTuple):
    """An HTTP response. A header may be repeated, as `set-cookie` is."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        """Return the response with further headers."""
        return self._replace(headers=(*self.headers, *headers))

    async def send(self, send: Send, *, with_body: bool) -> None:
        """Send the response; without its body if the request was a HEAD."""
        headers = (*self.headers, ("content-length", str(len(self.body))))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": self.status, "headers": encoded})
        await send({"type": "http.response.body", "body": self.body if with_body else b""})


def json_response(status: int, document: object) -> Response:
    """Return a response with a JSON document."""
    headers = (("content-type", "application/json"),)
    return Response(status, headers, json.dumps(document).encode())


@dataclass(frozen=True)
class HttpRequest:
    """A request: its body is read before it is handled."""

    method: str
    path: str
    """With one slash at the beginning, however many the URL has."""
    query: dict[str, str]
    headers: dict[str, str]
    """By lower-case name."""
    origin: str
    """Scheme and host that the client used, such as `http://localhost:9229`."""
    body: bytes = b""

    @classmethod
    async def read(cls, scope: Scope, receive: Receive) -> Self | None:
        """Read the whole request; None if the body is too large or the client went away."""
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        body = await _read_body(receive)
        if body is None:
            return None
        return cls(
            method=scope["method"],
            path="/" + scope["path"].lstrip("/"),
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=headers,
            origin=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
            body=body,
        )

    @property
    def form(self) -> dict[str, str]:
        """The fields of an `application/x-www-form-urlencoded` body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


async def _read_body(receive: Receive) -> bytes | None:
    # A body that is too large is read to its end, so that the client hears of the refusal.
    body, size = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST_BODY:
            body += part
        if not message.get("more_body", False):
            return bytes(body) if size <= LARGEST_BODY else None
