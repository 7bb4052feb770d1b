"""A worker that is cancelled, at any point and by any means, loses no accepted answer and keeps no
claim.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import anyio
import pytest

from auth_flow import EnterCode, SignIn, SmsCode, UserPool
from auth_flow.embedded import EmbeddedCognito
from auth_flow.sealing import Sealer
from auth_flow.shared import SharedFlows
from auth_flow.stores import Entry, Store
from auth_flow.transports import CognitoTransport, Transport
from tests.stores.places import KEY

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="Correct-Horse-1", auth_flow_type="USER_PASSWORD_AUTH")

POINTS = [
    (operation, moment)
    for operation in ("load", "claim", "announcement", "request", "outcome")
    for moment in ("before", "after")
]


class Interruption:
    """Calls `interrupt` once, at a point of an event: before an operation, or after it was done but
    before that is known.
    """

    def __init__(self, operation: str, moment: str) -> None:
        self.point = (operation, moment)
        self.interrupt: Callable[[], object] | None = None
        self.accepted = 0
        self._saves = iter(("claim", "announcement", "outcome"))

    async def around(self, operation: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if self.interrupt is None:
            return await work()
        name = next(self._saves, "later") if operation == "save" else operation
        await self._reach(name, "before")
        result = await work()
        await self._reach(name, "after")
        return result

    async def _reach(self, name: str, moment: str) -> None:
        if self.point == (name, moment) and self.interrupt:
            self.interrupt()
            for _ in range(3):  # until the loop has delivered it
                await anyio.lowlevel.checkpoint()


class InterruptedStore:
    def __init__(self, store: Store, interruption: Interruption) -> None:
        self._store, self._interruption = store, interruption

    async def load(self, key: str) -> Entry | None:
        found: Entry | None = await self._interruption.around("load", lambda: self._store.load(key))
        return found

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        version: str = await self._interruption.around(
            "save", lambda: self._store.save(key, value, expected=expected, ttl=ttl)
        )
        return version

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        await self._interruption.around(
            "delete", lambda: self._store.delete(key, expected=expected)
        )

    async def aclose(self) -> None: ...


class InterruptedTransport:
    def __init__(self, transport: Transport, interruption: Interruption) -> None:
        self._transport, self._interruption = transport, interruption

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        async def call() -> dict[str, Any]:
            reply = await self._transport.call(operation, body)
            self._interruption.accepted += operation == "RespondToAuthChallenge"
            return reply

        reply: dict[str, Any] = await self._interruption.around("request", call)
        return reply

    async def aclose(self) -> None: ...


async def by_scope(interruption: Interruption, work: Callable[[], Awaitable[None]]) -> None:
    with anyio.CancelScope() as scope:
        interruption.interrupt = scope.cancel
        await work()


async def by_task(interruption: Interruption, work: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.ensure_future(work())
    interruption.interrupt = lambda: [task.cancel()]
    await asyncio.wait([task])


async def by_insisting(interruption: Interruption, work: Callable[[], Awaitable[None]]) -> None:
    """Cancel the task again and again, as a server does that is shutting down."""
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()

    def insist() -> None:
        if not task.done():
            task.cancel()
            loop.call_later(0.0005, insist)

    interruption.interrupt = insist
    await asyncio.wait([task])


async def by_timeout(interruption: Interruption, work: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(None) as time:
            interruption.interrupt = lambda: time.reschedule(0)
            await work()
    except TimeoutError:
        pass


async def by_wait_for(interruption: Interruption, work: Callable[[], Awaitable[None]]) -> None:
    """`wait_for` decides by itself when to cancel, so it is made to do so by cancelling it."""
    waiting = asyncio.ensure_future(asyncio.wait_for(work(), 60))
    interruption.interrupt = lambda: [waiting.cancel()]
    await asyncio.wait([waiting])


WAYS: Any = [
    *(("asyncio", way) for way in (by_scope, by_task, by_insisting, by_timeout, by_wait_for)),
    ("trio", by_scope),
]


@pytest.fixture
def service() -> EmbeddedCognito:
    return EmbeddedCognito()


@pytest.fixture
async def transport(service: EmbeddedCognito) -> AsyncGenerator[CognitoTransport]:
    async with service.http_client() as http:
        yield CognitoTransport("http://embedded", client=http)


@pytest.mark.parametrize("kind", ["memory", "file", "sqlite", "redis"])
@pytest.mark.parametrize(
    ("anyio_backend", "way"), WAYS, ids=lambda each: getattr(each, "__name__", each)
)
@pytest.mark.parametrize(("operation", "moment"), POINTS)
async def test_a_cancelled_event(
    operation: str,
    moment: str,
    way: Callable[..., Awaitable[None]],
    store: Store,
    key: str,
    pool: UserPool,
    service: EmbeddedCognito,
    transport: CognitoTransport,
) -> None:
    interruption = Interruption(operation, moment)
    flows = SharedFlows(
        InterruptedStore(store, interruption),
        Sealer([KEY]),
        pool,
        transport=InterruptedTransport(transport, interruption),
    )
    async with flows.take(key) as flow:
        assert isinstance(await flow.send(SIGN_IN), SmsCode)
    message = service.outbox.last("ada")
    assert message

    async def answer() -> None:
        async with flows.take(key) as flow:
            await flow.send(EnterCode(code=message.code))

    await way(interruption, answer)
    interruption.interrupt = None
    view = await flows.look(key)
    assert not view.busy, "no claim is left"
    assert view.record.unanswered is None, "the fate of the answer is known"
    assert (view.step.name == "DONE") == (interruption.accepted == 1)
    if operation in ("load", "claim"):
        assert interruption.accepted == 0, "a task that is cancelled by now sends nothing"
    if view.step.name != "DONE":
        await answer()
    assert (await flows.look(key)).step.name == "DONE"
    assert interruption.accepted == 1
