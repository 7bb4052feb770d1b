"""Flows that workers share, against the embedded pool."""

from __future__ import annotations

import json
import traceback
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import anyio
import pytest

from auth_flow import (
    Answer,
    Cancel,
    ConfirmSignUp,
    Done,
    EnterCode,
    Event,
    FlowUnreadable,
    NewPassword,
    Notice,
    Observers,
    Record,
    SignedIn,
    SignedOut,
    SignIn,
    SmsCode,
    StepEntered,
    UserContext,
    UserPool,
)
from auth_flow._finish import finish_despite_cancel
from auth_flow.embedded import EmbeddedCognito, TurnableClock
from auth_flow.errors import (
    AlreadyDone,
    ClaimExpired,
    CodeMismatchException,
    EventNotAccepted,
    FateUnknown,
    FlowBusy,
    FlowMovedOn,
    NotSignedIn,
    SealBroken,
    SessionExpired,
    StoreUnavailable,
)
from auth_flow.sealing import Sealer, new_key
from auth_flow.shared import SharedFlows, _claim
from auth_flow.shared._entry import entry_name
from auth_flow.stores import Entry, MemoryStore, Store
from auth_flow.transports._base import Transport
from auth_flow.transports._cognito import CognitoTransport
from tests.flow.scripted import Clock

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="Correct-Horse-1", auth_flow_type="USER_PASSWORD_AUTH")


class Gate:
    """A transport in front of another, which counts the requests, and holds each of them while it
    is shut.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner, self.count = inner, 0
        self.operations: list[str] = []
        self.opened, self.reached = anyio.Event(), anyio.Event()
        self.opened.set()
        self.on_reply: Callable[[], None] = lambda: None

    def shut(self) -> None:
        self.opened, self.reached = anyio.Event(), anyio.Event()

    async def call(self, operation: str, body: Mapping[str, object]) -> dict[str, Any]:
        self.count += 1
        self.operations.append(operation)
        self.reached.set()
        await self.opened.wait()
        reply = await self._inner.call(operation, body)
        self.on_reply()
        return reply

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def service(clock: TurnableClock) -> EmbeddedCognito:
    return EmbeddedCognito(clock=clock)


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

    def worker(store: Store, /, **settings: Any) -> SharedFlows:
        return SharedFlows(store, sealer, pool, transport=gate, clock=clock, **settings)

    return worker


@pytest.fixture
def flows(worker: Callable[..., SharedFlows], store: Store) -> SharedFlows:
    return worker(store)


def _code(service: EmbeddedCognito) -> EnterCode:
    message = service.outbox.last("ada")
    assert message
    return EnterCode(code=message.code)


async def _send(flows: SharedFlows, event: Event) -> None:
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
        assert flow.step.name == "DONE"
        assert not flow.signed_in


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


async def test_a_worker_that_another_one_forestalls_leaves_the_flow_alone(
    worker: Callable[..., SharedFlows], flows: SharedFlows, store: Store
) -> None:
    await _send(flows, SIGN_IN)
    forestalled = Forestalled(store)
    with pytest.raises(FlowBusy):
        await _step(worker(forestalled))
    assert forestalled.operations == ["load", "save"]
    assert (await flows.look("chat")).busy


async def test_an_event_is_seen_through_although_the_worker_is_cancelled(
    flows: SharedFlows, gate: Gate, service: EmbeddedCognito
) -> None:
    await _send(flows, SIGN_IN)
    gate.shut()
    async with anyio.create_task_group() as group:
        group.start_soon(_send, flows, _code(service))
        await gate.reached.wait()
        group.cancel_scope.cancel()
        gate.opened.set()
    view = await flows.look("chat")
    assert (view.step.name, view.busy) == ("DONE", False)


async def test_a_request_that_hangs_is_given_up_when_the_worker_is_cancelled(
    flows: SharedFlows, gate: Gate, service: EmbeddedCognito, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finish_despite_cancel, "__defaults__", (0.05,))
    versions: list[str] = []
    signed_in = anyio.Event()

    async def sign_in() -> None:
        async with flows.take("chat") as flow:
            await flow.send(SIGN_IN)
            versions.append(flow.version)
            gate.shut()
            signed_in.set()
            await flow.send(_code(service))

    async with anyio.create_task_group() as group:
        group.start_soon(sign_in)
        await signed_in.wait()
        await gate.reached.wait()
        group.cancel_scope.cancel()
    gate.opened.set()
    view = await flows.look("chat")
    assert (view.step.name, view.busy) == (SmsCode.name, False)
    assert view.version not in versions, "the form of this step is stale"
    with pytest.raises(FateUnknown):
        await _send(flows, _code(service))
    await _send(flows, SIGN_IN)
    await _send(flows, _code(service))


async def test_what_an_event_led_to_is_kept_although_the_worker_is_cancelled_right_then(
    flows: SharedFlows, gate: Gate
) -> None:
    with anyio.CancelScope() as scope:
        async with flows.take("chat") as flow:
            await flow.send(SIGN_IN)
            scope.cancel()
            await anyio.sleep_forever()
    assert await _step(flows) == SmsCode.name


async def test_the_claim_of_a_worker_that_is_gone_ends_in_ten_seconds(
    sealer: Sealer, pool: UserPool, gate: Gate, clock: TurnableClock
) -> None:
    still = Clock()
    still.now = clock()
    cut = Counting(MemoryStore(still))
    flows = SharedFlows(cut, sealer, pool, transport=gate, clock=still)
    await _send(flows, SIGN_IN)
    with pytest.raises(StoreUnavailable):
        async with flows.take("chat"):
            cut.off = True
    cut.off = False
    still.now += 9.5
    assert (await flows.look("chat")).busy
    cut.operations.clear()
    with pytest.raises(FlowBusy):
        await _step(flows)
    assert cut.operations == ["load"], "by default it does not wait"
    still.now += 0.5
    assert not (await flows.look("chat")).busy
    assert await _step(flows) == SmsCode.name


async def test_a_worker_that_dies_before_it_has_sent_anything_leaves_a_fresh_flow(
    worker: Callable[..., SharedFlows], flows: SharedFlows, store: Store, clock: TurnableClock
) -> None:
    cut = CutOff(store)
    with pytest.raises(StoreUnavailable):
        async with worker(cut).take("chat"):
            cut.off = True
    clock.turn(seconds=11)
    await _send(flows, SIGN_IN)


async def test_an_answer_that_a_dead_worker_may_have_sent_is_not_sent_again(
    worker: Callable[..., SharedFlows],
    flows: SharedFlows,
    store: Store,
    gate: Gate,
    service: EmbeddedCognito,
    clock: TurnableClock,
) -> None:
    await _send(flows, SIGN_IN)
    cut, sent_at = CutOff(store), clock()
    gate.on_reply = cut.cut
    with pytest.raises(StoreUnavailable) as caught:
        await _send(worker(cut), _code(service))
    assert not caught.value.retryable, "the service has taken the code"
    view = await flows.look("chat")
    assert view.busy
    assert view.record.unanswered
    assert view.record.unanswered.event == "enter_code"
    assert 0 <= view.record.unanswered.at - sent_at < 10
    clock.turn(seconds=11)
    gate.count = 0
    with pytest.raises(FateUnknown):
        await _send(flows, _code(service))
    assert gate.count == 0
    await _send(flows, SIGN_IN)
    await _send(flows, _code(service))
    assert (await flows.look("chat")).step.name == "DONE"


async def test_the_store_says_so_before_a_request_leaves(
    flows: SharedFlows, store: Store, gate: Gate, pool: UserPool
) -> None:
    gate.shut()
    async with anyio.create_task_group() as group:
        group.start_soon(_send, flows, SIGN_IN)
        await gate.reached.wait()
        entry = await store.load(entry_name(pool, "chat"))
        assert entry
        assert json.loads(entry.value)["sending"] == "sign_in"
        assert ", " not in entry.value, "the shortest JSON"
        gate.opened.set()
    entry = await store.load(entry_name(pool, "chat"))
    assert entry
    assert json.loads(entry.value)["sending"] is None


async def test_a_worker_that_comes_too_late_sends_nothing(
    worker: Callable[..., SharedFlows],
    flows: SharedFlows,
    store: Store,
    gate: Gate,
    clock: TurnableClock,
) -> None:
    """Its clock stood still, say: the claim has ended while it believes it has it."""
    await _send(flows, SIGN_IN)
    late = Counting(store)
    with pytest.raises(ClaimExpired) as caught:  # noqa: PT012
        async with worker(late).take("chat") as flow:
            clock.turn(seconds=11)
            await _send(flows, SIGN_IN)
            gate.count = 0
            await flow.send(EnterCode(code="123456"))
    assert caught.value.__suppress_context__
    assert gate.count == 0
    assert late.operations == ["load", "save", "save"], "it leaves the flow alone after that"
    assert await _step(flows) == SmsCode.name


async def test_tokens_that_come_too_late_are_revoked(
    worker: Callable[..., SharedFlows],
    flows: SharedFlows,
    store: Store,
    gate: Gate,
    service: EmbeddedCognito,
    clock: TurnableClock,
) -> None:
    sessions = MemoryStore(clock)
    slow = worker(store, store=sessions)
    await _send(flows, SIGN_IN)
    notices: list[Notice] = []
    gate.shut()

    async def answer() -> None:
        observers = Observers([notices.append])
        with pytest.raises(ClaimExpired) as caught:
            async with slow.take("chat", observers=observers) as flow:
                await flow.send(_code(service))
        assert not caught.value.retryable
        assert caught.value.__suppress_context__

    async with anyio.create_task_group() as group:
        group.start_soon(answer)
        await gate.reached.wait()
        clock.turn(seconds=11)
        await flows.forget("chat")
        gate.opened.set()
    assert [type(notice) for notice in notices] == [SignedIn, SignedOut, StepEntered]
    assert gate.operations[-1] == "RevokeToken"
    assert await _step(flows) == "IDLE"


async def test_a_flow_that_is_done_says_so_for_ten_minutes(
    flows: SharedFlows, store: Store, service: EmbeddedCognito, clock: TurnableClock, pool: UserPool
) -> None:
    await _send(flows, SIGN_IN)
    code = _code(service)
    async with flows.take("chat") as flow:
        done = await flow.send(code)
    assert isinstance(done, Done)
    left = Done(signed_in=True, username="ada", user_id=done.user_id)
    assert (await flows.look("chat")).record == Record(step=left, ended=True)
    for event in (code, Answer(response="1"), Cancel(), ConfirmSignUp(code="1")):
        with pytest.raises(AlreadyDone):
            await _send(flows, event)
    async with flows.take("chat") as flow:
        assert flow.step.name == "DONE"
        assert flow.accepts == ("sign_in", "sign_in_with_redirect", "sign_up", "reset_password")
        with pytest.raises(NotSignedIn):
            _ = flow.session
    clock.turn(minutes=10)
    assert await _step(flows) == "IDLE"
    assert await store.load(entry_name(pool, "chat")) is None


async def test_after_a_flow_that_is_done_another_begins(
    flows: SharedFlows, service: EmbeddedCognito
) -> None:
    await _send(flows, SIGN_IN)
    await _send(flows, _code(service))
    await _send(flows, SIGN_IN)
    assert await _step(flows) == SmsCode.name


async def test_a_session_that_ends_within_the_block_leaves_no_tombstone(
    flows: SharedFlows, store: Store, service: EmbeddedCognito, pool: UserPool
) -> None:
    await _send(flows, SIGN_IN)
    async with flows.take("chat") as flow:
        await flow.send(_code(service))
        await flow.session.sign_out()
    assert await store.load(entry_name(pool, "chat")) is None


async def test_looking_claims_nothing(flows: SharedFlows) -> None:
    view = await flows.look("chat")
    assert (view.record, view.version, view.busy) == (Record(), "", False)
    await _send(flows, SIGN_IN)
    async with flows.take("chat") as flow:
        views = [await flows.look("chat") for _ in range(8)]
        assert {view.busy for view in views} == {True}
        assert {view.step for view in views} == {flow.step}
    view = await flows.look("chat")
    assert (view.step, view.version, view.busy) == (flow.step, flow.version, False)


async def test_the_form_of_a_look_is_that_of_the_flow(flows: SharedFlows) -> None:
    view = await flows.look("chat")
    shown = view.form("SIGN_UP", values={"username": "ada"})
    assert shown.name == "SIGN_UP"
    assert {one.name: one.value for one in shown.fields}["username"] == "ada"
    await _send(flows, SIGN_IN)
    view = await flows.look("chat")
    async with flows.take("chat") as flow:
        assert view.form() == flow.form()
        assert (
            repr(view) == f"FlowView(record={flow.record!r}, version={view.version!r}, busy=False)"
        )
        wrong = CodeMismatchException("Wrong.", operation="RespondToAuthChallenge")
        assert view.form(error=wrong) != view.form()


async def test_the_next_request_need_not_wait_for_the_end_of_the_block(
    flows: SharedFlows, service: EmbeddedCognito
) -> None:
    """FastAPI leaves the block of a dependency after it has sent the response."""
    async with flows.take("chat") as flow:
        await flow.send(SIGN_IN)
        await _send(flows, _code(service))
        with pytest.raises(ClaimExpired):
            await flow.send(EnterCode(code="123456"))
    assert (await flows.look("chat")).step.name == "DONE"


async def test_a_worker_waits_for_its_turn(
    flows: SharedFlows, gate: Gate, service: EmbeddedCognito
) -> None:
    gate.shut()
    steps: list[str] = []

    async def wait() -> None:
        async with flows.take("chat", wait=30) as flow:
            steps.append(flow.step.name)

    async with anyio.create_task_group() as group:
        group.start_soon(_send, flows, SIGN_IN)
        await gate.reached.wait()
        with pytest.raises(FlowBusy):
            async with flows.take("chat", wait=0.01):
                pytest.fail("it is busy")
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
    assert steps == [SmsCode.name]


async def test_a_stale_form_is_refused(flows: SharedFlows, service: EmbeddedCognito) -> None:
    await _send(flows, SIGN_IN)
    version = (await flows.look("chat")).version
    await _step(flows)
    async with flows.take("chat", expected=version) as flow:
        with pytest.raises(CodeMismatchException):
            await flow.send(EnterCode(code="000000"))
        newer = flow.version
    with pytest.raises(FlowMovedOn):
        async with flows.take("chat", expected=version):
            pytest.fail("another tab was faster")
    async with flows.take("chat", expected=newer) as flow:
        await flow.send(_code(service))
    with pytest.raises(AlreadyDone):
        async with flows.take("chat", expected=newer):
            pytest.fail("it is done")


async def test_the_version_of_a_flow_that_has_not_begun_is_empty(flows: SharedFlows) -> None:
    async with flows.take("chat", expected="") as flow:
        await flow.send(SIGN_IN)
    with pytest.raises(FlowMovedOn):
        async with flows.take("chat", expected=""):
            pytest.fail("it has begun")


async def test_a_flow_can_be_forgotten(flows: SharedFlows) -> None:
    await _send(flows, SIGN_IN)
    await flows.forget("chat")
    assert await _step(flows) == "IDLE"
    await flows.forget("chat")


async def test_options_of_one_time(flows: SharedFlows) -> None:
    async with flows.take("chat", user_context=UserContext(ip_address="192.0.2.1")) as flow:
        assert flow.config.user_context == UserContext(ip_address="192.0.2.1")
    async with flows.take("chat") as flow:
        assert flow.config.user_context is None


@pytest.mark.parametrize("options", [{"installation_id": "bot"}, {"devices": {}}])
async def test_flows_of_several_people_share_no_devices(
    worker: Callable[..., SharedFlows], store: Store, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"flows\.take\(key, installation_id"):
        worker(store, **options)


async def test_two_pools_with_one_chat_id_do_not_meet(
    flows: SharedFlows, store: Store, sealer: Sealer, gate: Gate, pool: UserPool
) -> None:
    other = pool.model_copy(update={"client_id": "another"})
    await _send(flows, SIGN_IN)
    others = SharedFlows(store, sealer, other, transport=gate)
    async with flows.take("chat"), others.take("chat") as flow:
        assert flow.step.name == "IDLE"


@pytest.mark.parametrize("value", ["", "{", "null", "[]", '{"sealed": "x", "expires_at": 1e12}'])
async def test_a_flow_that_cannot_be_opened_does_not_lock_its_key(
    worker: Callable[..., SharedFlows], store: Store, pool: UserPool, value: str
) -> None:
    notices: list[Notice] = []
    flows = worker(store, observers=Observers([notices.append]))
    await store.save(entry_name(pool, "chat"), value, expected=None)
    with pytest.raises(SealBroken) as caught:
        await _step(worker(store, unreadable="raise"))
    assert "Validation" not in "".join(traceback.format_exception(caught.value))
    view = await flows.look("chat")
    assert (view.record, view.version, view.busy) == (Record(), "", False)
    assert await _step(flows) == "IDLE"
    assert notices == [FlowUnreadable(), FlowUnreadable()]
    await _send(flows, SIGN_IN)
    assert await _step(flows) == SmsCode.name


async def test_a_flow_whose_key_was_replaced_begins_anew_or_raises(
    flows: SharedFlows, store: Store, pool: UserPool, gate: Gate, clock: TurnableClock
) -> None:
    await _send(flows, SIGN_IN)
    before = await store.load(entry_name(pool, "chat"))
    replaced = Sealer([new_key()], clock=clock)
    strict = SharedFlows(store, replaced, pool, transport=gate, clock=clock, unreadable="raise")
    with pytest.raises(SealBroken):
        await _step(strict)
    with pytest.raises(SealBroken):
        await strict.look("chat")
    assert await store.load(entry_name(pool, "chat")) == before
    lenient = SharedFlows(store, replaced, pool, transport=gate, clock=clock)
    assert await _step(lenient) == "IDLE"


async def test_an_undisturbed_event_takes_four_operations_and_one_entry(
    worker: Callable[..., SharedFlows], store: Store, service: EmbeddedCognito
) -> None:
    counting = Counting(store)
    flows = worker(counting)
    await _send(flows, SIGN_IN)
    assert counting.operations == ["load", "save", "save", "save"]
    counting.operations.clear()
    await _send(flows, _code(service))
    assert counting.operations == ["load", "save", "save", "save"]
    assert len(counting.keys) == 1
    assert counting.limits == {10}


async def test_a_write_that_was_done_although_it_failed_does_not_cost_the_flow(
    worker: Callable[..., SharedFlows], flows: SharedFlows, store: Store, service: EmbeddedCognito
) -> None:
    for place in (1, 2):
        doubtful = Doubtful(store, place)
        with pytest.raises(StoreUnavailable):
            await _send(worker(doubtful), SIGN_IN)
        assert doubtful.operations == ["load", *["save"] * place, "load", "delete"]
        assert await _step(flows) == "IDLE", "it was let go"
    await _send(flows, SIGN_IN)
    for place in (1, 2):
        doubtful = Doubtful(store, place)
        with pytest.raises(StoreUnavailable):
            await _send(worker(doubtful), _code(service))
        assert doubtful.operations == ["load", *["save"] * place, "load", "save"]
        assert await _step(flows) == SmsCode.name, "it was let go"
    await _send(flows, _code(service))


async def test_a_write_that_failed_does_not_undo_what_another_worker_did_meanwhile(
    worker: Callable[..., SharedFlows],
    flows: SharedFlows,
    store: Store,
    service: EmbeddedCognito,
    clock: TurnableClock,
) -> None:
    class Overtaken(Counting):
        async def save(
            self, key: str, value: str, *, expected: str | None, ttl: float | None = None
        ) -> str:
            if self.operations == ["load", "save"]:
                self._count("announce", key)
                clock.turn(seconds=11)
                await _send(flows, _code(service))
                raise StoreUnavailable("The network is down.")
            return await super().save(key, value, expected=expected, ttl=ttl)

    await _send(flows, SIGN_IN)
    with pytest.raises(StoreUnavailable):
        await _send(worker(Overtaken(store)), _code(service))
    assert await _step(flows) == "DONE"


async def test_a_worker_that_sent_nothing_does_not_undo_what_another_one_did_meanwhile(
    flows: SharedFlows, clock: TurnableClock
) -> None:
    async with flows.take("chat"):
        clock.turn(seconds=11)
        await _send(flows, SIGN_IN)
    assert await _step(flows) == SmsCode.name


async def test_a_refused_event_changes_nothing(
    flows: SharedFlows, store: Store, pool: UserPool
) -> None:
    await _send(flows, SIGN_IN)
    before = await store.load(entry_name(pool, "chat"))
    with pytest.raises(EventNotAccepted):
        async with flows.take("chat") as flow:
            await flow.send(NewPassword(password="New-Horse-1"))
    after = await store.load(entry_name(pool, "chat"))
    assert (before and before.value) == (after and after.value)


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
    flows: SharedFlows, store: Store, pool: UserPool
) -> None:
    await _send(flows, Cancel())
    assert await store.load(entry_name(pool, "chat")) is None


async def test_a_flow_that_was_cancelled_begins_again_within_the_block(
    flows: SharedFlows, store: Store, pool: UserPool
) -> None:
    async with flows.take("chat") as flow:
        await flow.send(SIGN_IN)
        await flow.send(Cancel())
        assert flow.version == ""
        assert await store.load(entry_name(pool, "chat")) is None
        await flow.send(SIGN_IN)
    assert await _step(flows) == "CONFIRM_SIGN_IN_WITH_SMS_CODE"


async def test_a_store_that_does_not_answer_is_not_waited_for_without_end(
    worker: Callable[..., SharedFlows], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(CutOff):
        async def save(
            self, key: str, value: str, *, expected: str | None, ttl: float | None = None
        ) -> str:
            await anyio.sleep_forever()
            return ""

    monkeypatch.setattr(_claim, "_PATIENCE", 0.05)
    with pytest.raises(StoreUnavailable, match="in time") as caught:
        await _send(worker(Silent(store)), SIGN_IN)
    assert caught.value.__suppress_context__


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


async def test_a_claim_does_not_make_a_flow_live_longer(
    sealer: Sealer, pool: UserPool, gate: Gate, clock: TurnableClock
) -> None:
    still = Clock()
    still.now = clock()
    cut = CutOff(MemoryStore(still))
    flows = SharedFlows(cut, sealer, pool, transport=gate, clock=still, ttl=100)
    await _send(flows, SIGN_IN)
    still.now += 99
    with pytest.raises(StoreUnavailable):
        async with flows.take("chat"):
            cut.off = True
    cut.off = False
    assert (await flows.look("chat")).step.name == SmsCode.name
    still.now += 1
    view = await flows.look("chat")
    assert (view.record, view.busy) == (Record(), True)
    still.now += 9
    assert not (await flows.look("chat")).busy
    async with flows.take("chat") as flow:
        assert flow.record == Record()


async def test_a_flow_cannot_be_given_to_somebody_else(
    worker: Callable[..., SharedFlows], store: Store, pool: UserPool
) -> None:
    flows = worker(store, unreadable="raise")
    await _send(flows, SIGN_IN)
    entry = await store.load(entry_name(pool, "chat"))
    assert entry
    assert SmsCode.name not in entry.value
    await store.save(entry_name(pool, "mallory"), entry.value, expected=None)
    with pytest.raises(SealBroken):
        async with flows.take("mallory"):
            pytest.fail("it is not mallory's")


class CutOff:
    """A store that can be cut off from a worker."""

    def __init__(self, store: Store) -> None:
        self._store, self.off = store, False

    def cut(self) -> None:
        self.off = True

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


class Counting(CutOff):
    """A store that counts, and notes for how many seconds its caller waits for it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.operations: list[str] = []
        self.keys: set[str] = set()
        self.limits: set[int] = set()

    async def load(self, key: str) -> Entry | None:
        self._count("load", key)
        return await super().load(key)

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        self._count("save", key)
        return await super().save(key, value, expected=expected, ttl=ttl)

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        self._count("delete", key)
        await super().delete(key, expected=expected)

    def _count(self, operation: str, key: str) -> None:
        self.operations.append(operation)
        self.keys.add(key)
        self.limits.add(round(anyio.current_effective_deadline() - anyio.current_time()))


class Forestalled(Counting):
    """A store in which another worker claims the flow between the first look and the claim."""

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        if "save" not in self.operations:
            await self._store.save(key, value, expected=expected, ttl=ttl)
        return await super().save(key, value, expected=expected, ttl=ttl)


class Doubtful(Counting):
    """A store that does the write at `place`, and says that it has failed."""

    def __init__(self, store: Store, place: int) -> None:
        super().__init__(store)
        self._countdown = place

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        version = await super().save(key, value, expected=expected, ttl=ttl)
        self._countdown -= 1
        if self._countdown == 0:
            raise StoreUnavailable("The network is down.")
        return version
