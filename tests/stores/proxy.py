"""A network between a store and Redis, which does what networks do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketAttribute, SocketStream, TaskGroup


class Proxy:
    """`connections` counts those made. While `deaf`, nothing comes through. `lose_replies` is how
    many of the next ones get lost, and their connections with them; `on_loss` is awaited before
    anybody notices."""

    def __init__(self, port: int) -> None:
        self._port, self._groups = port, list[TaskGroup]()
        self.connections = self.lose_replies = self._open = 0
        self._closed = anyio.Event()
        self.deaf = False
        self.on_loss: Callable[[], Awaitable[object]] = anyio.lowlevel.checkpoint
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        self.url = f"redis://:open%20sesame@127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, self._serve)
            yield
            group.cancel_scope.cancel()

    def cut(self) -> None:
        """Break all connections there are."""
        for group in self._groups:
            group.cancel_scope.cancel()

    async def all_are_closed(self) -> None:
        """Wait until no connection is open."""
        while self._open:
            await self._closed.wait()

    async def _serve(self, client: SocketStream) -> None:
        self.connections += 1
        self._open += 1
        try:
            async with (
                client,
                await anyio.connect_tcp("127.0.0.1", self._port) as server,
                anyio.create_task_group() as group,
            ):
                self._groups.append(group)
                group.start_soon(self._carry_commands, client, server, group)
                group.start_soon(self._carry_replies, server, client, group)
        finally:
            self._open -= 1
            self._closed.set()
            self._closed = anyio.Event()

    async def _carry_commands(
        self, client: SocketStream, server: SocketStream, group: TaskGroup
    ) -> None:
        async for chunk in client:
            if not self.deaf:
                await server.send(chunk)
        group.cancel_scope.cancel()

    async def _carry_replies(
        self, server: SocketStream, client: SocketStream, group: TaskGroup
    ) -> None:
        async for chunk in server:
            if self.lose_replies:
                self.lose_replies -= 1
                await self.on_loss()
                break
            await client.send(chunk)
        group.cancel_scope.cancel()
