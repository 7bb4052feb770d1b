"""Keep entries in Redis or Valkey, for any number of machines.

The client is our own, because the package redis supports only asyncio, and this library runs on
trio too.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import suppress

import anyio

from auth_flow.errors import StoreConflict, StoreUnavailable
from auth_flow.stores._base import Entry, new_version
from auth_flow.stores._redis_client import ClientCommands, RedisClient
from auth_flow.stores._resp import Lost, Reply, RespConnection, Server
from auth_flow.transports._loops import PerLoop, close_with_loop

# An entry is one string, "VERSION VALUE". A space stands for the version of a missing entry. Redis
# runs a script without interruption.
_NONE = " "
_SAVE = """
local held = redis.call('GET', KEYS[1])
local version = held and held:match('^%S+') or ' '
if version ~= ARGV[1] and version ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[3])
if ARGV[4] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1
"""
_DELETE = """
local held = redis.call('GET', KEYS[1])
if held and ARGV[1] ~= ' ' and held:match('^%S+') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
"""


class RedisStore:
    """A Redis or Valkey server: `redis://[[username]:password@]host[:port][/database]`,
    `rediss://…` for TLS.

    Values are stored as they are; use a `SealedStore` around it to seal them. Every key begins with
    `prefix`. At most `max_connections` connections are open, for simultaneous commands. A command
    fails after `timeout` seconds. `ssl_context` replaces the system's.

    For Sentinel, a cluster or IAM authentication, pass an open `coredis` client in place of a URL::

        async with coredis.RedisCluster("localhost", 7000) as client:
            store = RedisStore(client=client)

    The client stays the caller's to close, and it works in the event loop that opened it.
    Otherwise, one store serves any number of event loops and forked processes, each with its own
    connections.

    If the server loses its last writes in a crash, rotated refresh tokens are lost as well. With
    `appendfsync always` it loses none.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        client: RedisClient | None = None,
        prefix: str = "auth-flow:",
        max_connections: int = 16,
        timeout: float = 10.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        if (url is None) == (client is None):
            raise ValueError("RedisStore takes a URL or a client: RedisStore('redis://localhost').")
        self._client = ClientCommands(client, timeout) if client is not None else None
        self._server = Server.of(url) if url is not None else None
        self._prefix = prefix
        self._timeout = timeout
        self._ssl_context = ssl_context
        self._loops = PerLoop(lambda: _LoopConnections(max_connections))

    async def load(self, key: str) -> Entry | None:
        """`Store.load`."""
        held = await self._ask("GET", self._prefix + key)
        if held is None:
            return None
        version, _, value = str(held).partition(" ")
        return Entry(value, version)

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        """`Store.save`."""
        version = new_version()
        expiry = "" if ttl is None else str(round(ttl * 1000))
        if not await self._ask(
            "EVAL", _SAVE, "1", self._prefix + key, _given(expected), version, value, expiry
        ):
            raise StoreConflict
        return version

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        """`Store.delete`."""
        if not await self._ask("EVAL", _DELETE, "1", self._prefix + key, _given(expected)):
            raise StoreConflict

    async def aclose(self) -> None:
        """Close the connections of this event loop; another use opens them again."""
        here = self._loops.pop()
        if here is not None:
            await here.aclose()

    async def _ask(self, *words: str) -> Reply:
        """Send a command and return the reply. If an idle connection turns out to be lost, send the
        command again on a new one.

        Commands may be sent twice, because a save that finds its own version has succeeded. If the
        second attempt is refused, another client may have written in between, and the outcome is
        unknown.
        """
        if self._client is not None:
            return await self._client.ask(*words)
        assert self._server is not None
        try:
            with anyio.fail_after(self._timeout):
                here = self._loops.get()
                async with here.slots:
                    again = bool(here.idle)
                    if here.idle:
                        with suppress(Lost):
                            return await here.ask(here.idle.pop(), words)
                    connection = await RespConnection.open(self._server, self._ssl_context)
                    reply = await here.ask(connection, words)
                    if again and reply == 0:
                        raise Lost
                    return reply
        except Lost:
            raise StoreUnavailable("The connection to Redis was lost.") from None
        except TimeoutError:
            raise StoreUnavailable("Redis did not reply in time.") from None


class _LoopConnections:
    """The connections of one event loop."""

    def __init__(self, max_connections: int) -> None:
        self.slots = anyio.Semaphore(max_connections)
        self.idle: list[RespConnection] = []
        self._closing: AsyncGenerator[None] | None = None

    async def ask(self, connection: RespConnection, words: tuple[str, ...]) -> Reply:
        """Send a command, and keep the connection for the next one if this succeeds."""
        try:
            reply = await connection.ask(*words)
        except BaseException:
            await connection.aclose()
            raise
        if self._closing is None:
            self._closing = close_with_loop(self._close_idle)
        self.idle.append(connection)
        return reply

    async def aclose(self) -> None:
        if self._closing is not None:
            await self._closing.aclose()

    async def _close_idle(self) -> None:
        self._closing = None
        while self.idle:
            await self.idle.pop().aclose()


def _given(version: str | None) -> str:
    return _NONE if version is None else version
