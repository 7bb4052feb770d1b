"""A Redis client of the caller's, for servers that our own connections do not reach."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

import anyio

from auth_flow.errors import StoreUnavailable
from auth_flow.stores._resp import Reply
from auth_flow.transports._loops import Bound


class RedisClient(Protocol):
    """The two commands that a store needs, as `coredis.Redis` and `coredis.RedisCluster` have them.

    The client has to be open.
    """

    def get(self, key: str, /) -> Awaitable[Any]:
        """Return the value of `key`, as text or bytes; None if there is none."""
        ...

    def eval(self, script: str, keys: Sequence[str], args: Sequence[str]) -> Awaitable[Any]:
        """Run a Lua script."""
        ...


class ClientCommands:
    """Sends the commands of a store through the caller's client, which stays open.

    Whatever the client raises becomes `StoreUnavailable`: clients have error classes of their own.
    Only the name of the class is shown, because messages may quote a command.
    """

    def __init__(self, client: RedisClient, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._bound = Bound("the Redis client")

    async def ask(self, *words: str) -> Reply:
        """Send a command and return the reply."""
        self._bound.check()
        try:
            with anyio.fail_after(self._timeout):
                reply: Any = await self._command(words)
        except TimeoutError:
            raise StoreUnavailable("Redis did not reply in time.") from None
        except Exception as error:  # noqa: BLE001 - see the docstring of the class
            raise StoreUnavailable(f"The Redis client failed: {type(error).__name__}.") from None
        return reply.decode() if isinstance(reply, bytes) else reply

    def _command(self, words: tuple[str, ...]) -> Awaitable[Any]:
        if words[0] == "GET":
            return self._client.get(words[1])
        _, script, _, key, *arguments = words
        return self._client.eval(script, [key], arguments)
