"""Flows that workers share, against the embedded pool."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import Any

import anyio
import pytest

from auth_flow import AuthFlow, Cancel, Done, EnterCode, NewPassword, SignIn, SmsCode, UserPool
from auth_flow.embedded import EmbeddedCognito, PoolSettings, SigningKey, TurnableClock
from auth_flow.errors import (
    ClaimExpired,
    EventNotAccepted,
    FlowBusy,
    SealBroken,
    SessionExpired,
    StoreConflict,
    StoreUnavailable,
)
from auth_flow.sealing import Sealer, new_key
from auth_flow.shared import _flows as shared
from auth_flow.shared._flows import SharedFlows
from auth_flow.stores import Entry, MemoryStore, Store
from auth_flow.transports._base import Transport
from auth_flow.transports._cognito import CognitoTransport

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="Correct-Horse-1", auth_flow_type="USER_PASSWORD_AUTH")


class Gate:
    """A transport in front of another, which counts the requests, and holds each of them while it
    is shut.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner, self.count = inner, 0
        self.opened, self.reached = anyio.Event(), anyio.Event()
        self.opened.set()
        self.on_reply: Callable[[], None] = lambda: None

    def shut(self) -> None:
        self.opened, self.reached = anyio.Event(), anyio.Event()

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        self.count += 1
        self.reached.set()
        await self.opened.wait()
        reply = await self._inner.call(operation, body)
        self.on_reply()
        return reply

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture(scope="module")
def signing_key() -> SigningKey:
    return SigningKey()


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def service(clock: TurnableClock) -> EmbeddedCognito:
    return EmbeddedCognito(clock=clock)


@pytest.fixture
def pool(service: EmbeddedCognito, signing_key: SigningKey) -> UserPool:
    pool = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"), key=signing_key)
    pool.create_user(
        "ada", "Correct-Horse-1", attributes={"phone_number": "+15555555309"}, mfa=["SMS_MFA"]
    )
    return UserPool(user_pool_id=pool.id, client_id=pool.create_client().id)


@pytest.fixture
async def gate(service: EmbeddedCognito) -> AsyncGenerator[Gate]:
    async with service.http_client() as http:
        yield Gate(CognitoTransport("http://embedded", client=http))


@pytest.fixture
def store(clock: TurnableClock) -> Store:
    return MemoryStore(clock)


@pytest.fixture
def sealer(clock: TurnableClock) -> Sealer:
    return Sealer([new_key()], clock=clock)


@pytest.fixture
def worker(
    sealer: Sealer, pool: UserPool, gate: Gate, clock: TurnableClock
) -> Callable[..., SharedFlows]:
    """Makes a worker that uses a store."""
    return partial(
        SharedFlows, sealer=sealer, pool=pool, make=partial(AuthFlow, transport=gate, clock=clock)
    )


@pytest.fixture
def flows(worker: Callable[..., SharedFlows], store: Store) -> SharedFlows:
    return worker(store)


def _code(service: EmbeddedCognito) -> EnterCode:
    message = service.outbox.last("ada")
    assert message
    return EnterCode(code=message.code)


async def _send(flows: SharedFlows, event: SignIn | EnterCode | Cancel) -> None:
    async with flows.take("chat") as flow:
        await flow.send(event)


async def _step(flows: SharedFlows) -> str:
    async with flows.take("chat") as flow:
        return flow.step.name


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
async def test_one_worker_begins_and_another_ends(
    opened: Callable[[], Store],
    worker: Callable[..., SharedFlows],
    service: EmbeddedCognito,
    key: str,
) -> None:
    async with worker(opened()).take(key) as flow:
        assert isinstance(await flow.send(SIGN_IN), SmsCode)
    async with worker(opened()).take(key) as flow:
        assert isinstance(flow.step, SmsCode)
        assert isinstance(await flow.send(_code(service)), Done)
        assert flow.session.username == "ada"
    async with worker(opened()).take(key) as flow:
        assert flow.step.name == "IDLE", "what is done is forgotten"


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
async def test_of_two_events_on_one_flow_the_second_is_refused_and_never_sent(
    opened: Callable[[], Store],
    worker: Callable[..., SharedFlows],
    service: EmbeddedCognito,
    gate: Gate,
    key: str,
) -> None:
    one, other = worker(opened()), worker(opened())
    async with one.take(key) as flow:
        await flow.send(SIGN_IN)
    gate.shut()
    gate.count = 0
    done: list[str] = []

    async def answer() -> None:
        async with one.take(key) as flow:
            done.append((await flow.send(_code(service))).name)

    async with anyio.create_task_group() as group:
        group.start_soon(answer)
        await gate.reached.wait()
        with pytest.raises(FlowBusy):
            async with other.take(key):
                pytest.fail("nobody else gets hold of it")
        async with other.take(f"{key}-other") as flow:
            assert flow.step.name == "IDLE", "other flows are free"
        gate.opened.set()
    assert gate.count == 1
    assert done == ["DONE"]


async def test_of_many_workers_exactly_one_gets_hold_of_it(flows: SharedFlows, gate: Gate) -> None:
    gate.shut()
    refused: list[int] = []

    async def begin(number: int) -> None:
        try:
            await _send(flows, SIGN_IN)
        except FlowBusy:
            refused.append(number)
            if len(refused) == 9:
                gate.opened.set()

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(begin, number)
    assert len(refused) == 9
    assert gate.count == 1


async def test_a_cancelled_event_leaves_the_flow_where_it_was_and_free(
    flows: SharedFlows, gate: Gate, service: EmbeddedCognito
) -> None:
    await _send(flows, SIGN_IN)
    gate.shut()
    async with anyio.create_task_group() as group:
        group.start_soon(_send, flows, _code(service))
        await gate.reached.wait()
        group.cancel_scope.cancel()
    gate.opened.set()
    assert await _step(flows) == SmsCode.name
    await _send(flows, _code(service))
    assert await _step(flows) == "IDLE"


async def test_what_an_event_led_to_is_kept_although_the_worker_is_cancelled_right_then(
    flows: SharedFlows, gate: Gate
) -> None:
    with anyio.CancelScope() as scope:
        async with flows.take("chat") as flow:
            await flow.send(SIGN_IN)
            scope.cancel()
            await anyio.sleep_forever()
    assert await _step(flows) == SmsCode.name


async def test_an_event_that_takes_longer_than_the_claim_is_given_up(
    worker: Callable[..., SharedFlows], store: Store, gate: Gate
) -> None:
    flows = worker(store, claim=0.05)
    gate.shut()
    with pytest.raises(ClaimExpired):
        await _send(flows, SIGN_IN)
    gate.opened.set()
    assert await _step(flows) == "IDLE"


async def test_the_claim_of_a_worker_that_is_gone_ends_by_itself(
    worker: Callable[..., SharedFlows], flows: SharedFlows, store: Store, clock: TurnableClock
) -> None:
    await _send(flows, SIGN_IN)
    cut = CutOff(store)
    with pytest.raises(StoreUnavailable):
        async with worker(cut).take("chat"):
            cut.off = True
    with pytest.raises(FlowBusy):
        await _step(flows)
    clock.turn(seconds=76)
    assert await _step(flows) == SmsCode.name


async def test_a_worker_that_comes_too_late_writes_nothing(
    flows: SharedFlows, service: EmbeddedCognito, clock: TurnableClock
) -> None:
    """Its clock stood still, say: the claim has ended while it believes it has it."""
    await _send(flows, SIGN_IN)

    async def late() -> None:
        async with flows.take("chat") as flow:
            clock.turn(seconds=76)
            await _send(flows, Cancel())
            await _send(flows, SIGN_IN)
            await flow.send(Cancel())

    with pytest.raises(StoreConflict):
        await late()
    assert await _step(flows) == SmsCode.name


async def test_a_refused_event_changes_nothing(flows: SharedFlows, store: Store) -> None:
    await _send(flows, SIGN_IN)
    before = await store.load("flow/chat")
    with pytest.raises(EventNotAccepted):
        async with flows.take("chat") as flow:
            await flow.send(NewPassword(password="New-Horse-1"))
    assert await store.load("flow/chat") == before
    assert await store.load("claim/chat") is None


async def test_a_flow_whose_time_is_over_says_so_and_begins_anew(
    flows: SharedFlows, service: EmbeddedCognito, clock: TurnableClock
) -> None:
    await _send(flows, SIGN_IN)
    clock.turn(minutes=10)
    with pytest.raises(SessionExpired):
        await _send(flows, _code(service))
    await _send(flows, SIGN_IN)
    assert await _step(flows) == SmsCode.name


async def test_a_flow_that_ends_where_it_begins_leaves_nothing(
    flows: SharedFlows, store: Store
) -> None:
    await _send(flows, Cancel())
    assert await store.load("flow/chat") is None
    assert await store.load("claim/chat") is None


async def test_a_store_that_does_not_answer_is_not_waited_for_without_end(
    worker: Callable[..., SharedFlows], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(CutOff):
        async def save(
            self, key: str, value: str, *, expected: str | None, ttl: float | None = None
        ) -> str:
            await anyio.sleep_forever()
            return ""

    monkeypatch.setattr(shared, "_TIME_TO_WRITE", 0.05)
    with pytest.raises(StoreUnavailable):
        await _send(worker(Silent(store)), SIGN_IN)


@pytest.mark.parametrize("days", [1, 3])
async def test_a_flow_that_nobody_comes_back_to_is_forgotten(
    worker: Callable[..., SharedFlows], store: Store, clock: TurnableClock, days: int
) -> None:
    flows = worker(store, ttl=86_400 * days)
    await _send(flows, SIGN_IN)
    clock.turn(days=days, seconds=-10)
    assert await _step(flows) == SmsCode.name
    clock.turn(seconds=11)
    assert await _step(flows) == "IDLE"


async def test_a_flow_cannot_be_given_to_somebody_else(flows: SharedFlows, store: Store) -> None:
    await _send(flows, SIGN_IN)
    entry = await store.load("flow/chat")
    assert entry
    assert SmsCode.name not in entry.value
    await store.save("flow/mallory", entry.value, expected=None)
    with pytest.raises(SealBroken):
        async with flows.take("mallory"):
            pytest.fail("it is not mallory's")


class CutOff:
    """A store that can be cut off from a worker."""

    def __init__(self, store: Store) -> None:
        self._store, self.off = store, False

    def _reach(self) -> Store:
        if self.off:
            raise StoreUnavailable("The network is down.")
        return self._store

    async def load(self, key: str) -> Entry | None:
        return await self._reach().load(key)

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        return await self._reach().save(key, value, expected=expected, ttl=ttl)

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        await self._reach().delete(key, expected=expected)

    async def aclose(self) -> None:
        await self._reach().aclose()
