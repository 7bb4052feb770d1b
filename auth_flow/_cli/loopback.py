"""A web server for one request: the browser's return from a redirect sign-in (RFC 8252, 7.3)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
import h11
from anyio.abc import Listener, SocketStream

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 1.1rem system-ui; margin: 4rem auto; max-width: 30rem; padding: 0 1rem }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #eee }} }}</style>
<h1>{title}</h1><p>{text}</p></html>
"""
_HEADERS = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ("connection", "close"),
]
_LARGEST_REQUEST = 64 * 1024
_PATIENCE = 5.0


@dataclass
class Loopback:
    """Waits for the browser on the host and port of a redirect URI, which must be of this machine.

    `url` is set once the browser has come back. Requests for other paths, such as a favicon, are
    answered with 404 and do not count.
    """

    redirect_uri: str
    url: str = field(default="", repr=False)
    _returned: anyio.Event = field(default_factory=anyio.Event)

    async def wait(self) -> str:
        """Wait for the browser, and return the URL that it came back to."""
        await self._returned.wait()
        return self.url

    async def serve(self, stream: SocketStream) -> None:
        """Answer one connection."""
        async with stream:
            with anyio.move_on_after(_PATIENCE):
                await self._answer(stream)

    async def _answer(self, stream: SocketStream) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_REQUEST)
        try:
            while (event := http.next_event()) is h11.NEED_DATA:
                http.receive_data(await stream.receive())
        except (h11.RemoteProtocolError, anyio.EndOfStream, anyio.BrokenResourceError):
            return
        if not isinstance(event, h11.Request):
            return
        target = event.target.decode("ascii", "replace")
        mine = event.method == b"GET" and target.partition("?")[0] == self._path
        title = "Back to the terminal" if mine else "Nothing is here"
        text = "You can close this window." if mine else "This address waits for a sign-in."
        await stream.send(
            _response(http, 200 if mine else 404, _PAGE.format(title=title, text=text))
        )
        if mine and not self._returned.is_set():
            parts = urlsplit(self.redirect_uri)
            self.url = f"{parts.scheme}://{parts.netloc}{target}"
            self._returned.set()

    @property
    def _path(self) -> str:
        return urlsplit(self.redirect_uri).path or "/"


def _response(http: h11.Connection, status: int, page: str) -> bytes:
    content = page.encode()
    headers = [*_HEADERS, ("content-length", str(len(content)))]
    events = (
        h11.Response(status_code=status, headers=headers),
        h11.Data(data=content),
        h11.EndOfMessage(),
    )
    return b"".join(http.send(event) or b"" for event in events)


@asynccontextmanager
async def loopback(redirect_uri: str) -> AsyncGenerator[Loopback]:
    """Listen for the browser's return while the block runs.

    Raises `OSError` if the port is taken. For `localhost` both loopback addresses are listened on,
    as a browser may try either; a machine may have no IPv6.
    """
    parts = urlsplit(redirect_uri)
    host, port = parts.hostname or "localhost", parts.port or 80
    waiting = Loopback(redirect_uri)
    async with AsyncExitStack() as stack:
        listeners = [await _listen("127.0.0.1" if host == "localhost" else host, port)]
        await stack.enter_async_context(listeners[0])
        if host == "localhost":
            with suppress(OSError):
                listeners.append(await stack.enter_async_context(await _listen("::1", port)))
        tasks = await stack.enter_async_context(anyio.create_task_group())
        for listener in listeners:
            tasks.start_soon(listener.serve, waiting.serve)
        yield waiting
        tasks.cancel_scope.cancel()


async def _listen(host: str, port: int) -> Listener[SocketStream]:
    return await anyio.create_tcp_listener(local_host=host, local_port=port)
