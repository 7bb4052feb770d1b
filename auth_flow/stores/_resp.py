"""A connection to Redis: the part of RESP that a store needs, over an anyio stream."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

import anyio
from anyio import to_thread
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream

from auth_flow.errors import StoreUnavailable

Reply: TypeAlias = str | int | None

_LONGEST_LINE = 65536


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a Redis server, and the user name and password for it."""

    host: str
    port: int
    tls: bool
    database: int
    username: str | None
    password: str | None = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Server:
        """Read `redis://[[username]:password@]host[:port][/database]`, or `rediss://…` for TLS.

        Raises `ValueError` if the URL has another form.
        """
        parts = urlsplit(url)
        database = parts.path.strip("/") or "0"
        try:
            port = parts.port or 6379
        except ValueError:
            port = 0
        if (
            parts.scheme not in ("redis", "rediss")
            or not parts.hostname
            or not port
            or not database.isdecimal()
        ):
            raise ValueError(
                "A Redis URL has the form redis://[[username]:password@]host[:port][/database];"
                " with TLS, it begins with rediss://."
            )
        username, password = (
            unquote(part) if part else None for part in (parts.username, parts.password)
        )
        return cls(
            parts.hostname, port, parts.scheme == "rediss", int(database), username, password
        )


class Lost(Exception):
    """The connection broke. The server may have carried out the last command."""


class RespConnection:
    """Sends a command and reads its reply, one at a time. Close it after an error or a
    cancellation.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._replies = BufferedByteReceiveStream(stream)

    @classmethod
    async def open(cls, server: Server, context: ssl.SSLContext | None) -> RespConnection:
        """Connect and authenticate."""
        try:
            stream = await _connect(server, context)
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
            raise StoreUnavailable(
                f"Redis at {server.host}:{server.port} cannot be reached."
            ) from None
        connection = cls(stream)
        try:
            if server.password is not None:
                await connection.ask(
                    "AUTH", *([server.username] if server.username else []), server.password
                )
            if server.database:
                await connection.ask("SELECT", str(server.database))
        except BaseException:
            await connection.aclose()
            raise
        return connection

    async def ask(self, *words: str) -> Reply:
        """Send a command and return its reply.

        Raises `Lost` if the connection is lost, and `StoreUnavailable` if Redis refuses.
        """
        try:
            await self._stream.send(_encoded(words))
            return await self._reply(words[0])
        except (anyio.BrokenResourceError, anyio.IncompleteRead, anyio.EndOfStream, OSError):
            raise Lost from None
        except (anyio.DelimiterNotFound, ValueError):
            raise StoreUnavailable("The server did not reply in the Redis protocol.") from None

    async def aclose(self) -> None:
        """Close immediately, without a TLS shutdown."""
        await anyio.aclose_forcefully(self._stream)

    async def _reply(self, command: str) -> Reply:
        line = await self._replies.receive_until(b"\r\n", _LONGEST_LINE)
        kind, rest = line[:1], line[1:]
        match kind:
            case b"+":
                return rest.decode()
            case b":":
                return int(rest)
            case b"$" if rest == b"-1":
                return None
            case b"$":
                size = int(rest)
                return (await self._replies.receive_exactly(size + 2))[:size].decode()
            case b"-":
                # Only the code, because the rest may quote the command.
                raise StoreUnavailable(f"Redis refused {command}: {rest.split()[0].decode()}.")
            case _:
                raise ValueError(kind)


async def _connect(server: Server, context: ssl.SSLContext | None) -> ByteStream:
    if not server.tls:
        return await anyio.connect_tcp(server.host, server.port)
    if context is None:
        # In a thread, because this reads more than a hundred certificates.
        context = await to_thread.run_sync(ssl.create_default_context)
    return await anyio.connect_tcp(server.host, server.port, ssl_context=context)


def _encoded(words: tuple[str, ...]) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        content = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(content), content))
    return b"".join(parts)
