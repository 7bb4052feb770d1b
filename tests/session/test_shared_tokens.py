"""Several processes with one session: sessions of their own, one store, one service that takes each
refresh token once.
"""

from __future__ import annotations

import random
from typing import Any

import anyio
import pytest

from auth_flow import AuthConfig, Notice, Observers, SignedOut
from auth_flow.errors import (
    ConnectionLost,
    NotSignedIn,
    RefreshTokenReuseException,
    SessionEnded,
    StoreConflict,
    StoreUnavailable,
)
from auth_flow.session import Session
from auth_flow.session._stored import StoredSession, session_key
from auth_flow.states._devices import NewDevice
from auth_flow.stores import Entry, MemoryStore
from tests.flow.scripted import POOL, SUBJECT, Clock

from .service import HOUR, USER, TokenService

pytestmark = pytest.mark.anyio

LEASE = AuthConfig().refresh_lease
REFRESH = "GetTokensFromRefreshToken"


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock)


async def processes(
    service: TokenService, store: MemoryStore, number: int, **options: Any
) -> list[Session]:
    """One process has signed in, the others have taken the session up from the store."""
    first = service.session(store=store, **options)
    await first.keep()
    options.pop("session_id", None)
    others = [
        await Session.load(
            POOL,
            session_id=first.session_id,
            store=store,
            transport=service,
            clock=service.clock,
            **options,
        )
        for _ in range(number - 1)
    ]
    return [first, *others]


async def test_a_session_is_taken_up_from_the_store(
    service: TokenService, store: MemoryStore
) -> None:
    first, second = await processes(service, store, 2)
    assert second.tokens == first.tokens
    assert second.get_current_user().user_id == SUBJECT
    with pytest.raises(NotSignedIn):
        await Session.load(POOL, "grace", store=store, transport=service)


async def test_one_refreshes_and_the_others_take_over(
    service: TokenService, store: MemoryStore, clock: Clock
) -> None:
    sessions = await processes(service, store, 4)
    for _ in range(25):
        clock.now += HOUR
        async with anyio.create_task_group() as tasks:
            for session in sessions * 5:
                tasks.start_soon(session.fetch_user_attributes)
        assert len({session.access_token.text for session in sessions}) == 1
    assert service.operations.count(REFRESH) == 25


async def test_a_forced_refresh_of_what_another_has_refreshed_is_none(
    service: TokenService, store: MemoryStore
) -> None:
    first, second = await processes(service, store, 2)
    await first.fresh_tokens(force=True)
    assert (await second.fresh_tokens(force=True)) == first.tokens
    assert service.operations == [REFRESH]


async def test_a_worker_that_dies_in_a_refresh_holds_the_others_up_for_a_while_only(
    service: TokenService, clock: Clock
) -> None:
    store = Counting(clock)
    dying, living = await processes(service, store, 2, refresh_grace=0, refresh_lease=30)
    clock.now += HOUR
    service.gate = anyio.Event()
    service.failures.append(None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dying.fresh_tokens)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    service.refresh_token = "refresh-1"  # the service had not got as far as rotating
    service.gate.set()
    store.operations.clear()
    with anyio.move_on_after(0.2) as waiting:
        await living.fresh_tokens()
    assert waiting.cancelled_caught, "somebody is at it, as far as anybody knows"
    assert len(store.operations) < 20, "it pauses between two looks"
    assert service.operations == [REFRESH]
    clock.now += 30
    with anyio.fail_after(10):
        await living.fresh_tokens()
    entry = await store.load(session_key(POOL, living.session_id))
    assert entry
    stored = StoredSession.of(entry.value)
    assert stored
    assert (stored.tokens, stored.leased_until) == (living.tokens, 0)
    assert service.operations == [REFRESH, REFRESH]


async def test_a_failed_refresh_holds_nobody_up(
    service: TokenService, store: MemoryStore, clock: Clock
) -> None:
    first, second = await processes(service, store, 2)
    clock.now += HOUR
    service.failures.append(ConnectionLost("gone", operation=REFRESH))
    with pytest.raises(ConnectionLost):
        await first.fresh_tokens()
    await second.fresh_tokens()
    await first.fresh_tokens()
    assert first.tokens == second.tokens


async def test_a_refresh_that_outlives_its_lease_gives_way(
    service: TokenService, store: MemoryStore, clock: Clock
) -> None:
    """Another one has refreshed meanwhile: the slow one's refusal as a reuse is no verdict on the
    session.
    """
    slow, quick = await processes(service, store, 2)
    clock.now += HOUR
    late = RefreshTokenReuseException("No.", operation=REFRESH)

    class Slow(TokenService):
        async def call(self, operation: str, body: Any) -> Any:
            clock.now += LEASE + 1
            await quick.fresh_tokens()
            raise late

    slow._renewal._transport = Slow(clock)
    assert await slow.fresh_tokens() == quick.tokens
    assert slow.active


@pytest.mark.parametrize("entry_is", ["as before", "gone", "damaged"])
async def test_a_refusal_without_another_process_ends_the_session_at_once(
    store: MemoryStore, clock: Clock, entry_is: str
) -> None:
    class Refusing(TokenService):
        async def call(self, operation: str, body: Any) -> Any:
            self.requests.append((operation, body))
            if entry_is == "gone":
                await store.delete(name)
            elif entry_is == "damaged":
                entry = await store.load(name)
                assert entry
                await store.save(name, "damaged", expected=entry.version)
            raise RefreshTokenReuseException("No.", operation=operation)

    service = Refusing(clock)
    (session,) = await processes(service, store, 1, refresh_lease=30)
    name = session_key(POOL, session.session_id)
    clock.now += HOUR
    with anyio.fail_after(10), pytest.raises(SessionEnded) as raised:
        await session.fresh_tokens()
    assert raised.value.reason == "RefreshTokenReuseException"
    assert service.operations == [REFRESH]
    assert await store.load(name) is None


async def test_a_refusal_after_the_lease_was_lost_waits_for_the_other_process(
    service: TokenService, clock: Clock
) -> None:
    looked = anyio.Event()

    class Store(MemoryStore):
        async def load(self, key: str) -> Entry | None:
            looked.set()
            return await super().load(key)

    slow, quick = await processes(service, Store(clock=clock), 2)
    clock.now += HOUR
    sent, refuse = anyio.Event(), anyio.Event()

    class Slow(TokenService):
        async def call(self, operation: str, body: Any) -> Any:
            sent.set()
            await refuse.wait()
            raise RefreshTokenReuseException("No.", operation=operation)

    slow._renewal._transport = Slow(clock)
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow.fresh_tokens)
        await sent.wait()
        clock.now += LEASE
        tasks.start_soon(quick.fresh_tokens)
        await anyio.wait_all_tasks_blocked()
        looked = anyio.Event()
        refuse.set()
        await looked.wait()
        service.gate.set()
    assert slow.tokens == quick.tokens
    assert service.operations == [REFRESH]


@pytest.mark.parametrize("dates", [True, False])
async def test_tokens_that_come_late_do_not_replace_newer_ones(
    store: MemoryStore, clock: Clock, dates: bool
) -> None:
    service = TokenService(clock, rotates=False, dates=dates)
    slow, quick = await processes(service, store, 2)
    clock.now += HOUR

    class Slow(TokenService):
        async def call(self, operation: str, body: Any) -> Any:
            reply = await service.call(operation, body)
            clock.now += LEASE + 1
            await quick.fresh_tokens()
            return reply

    slow._renewal._transport = Slow(clock)
    assert await slow.fresh_tokens() == quick.tokens
    assert service.operations == [REFRESH, REFRESH]
    entry = await store.load(session_key(POOL, slow.session_id))
    assert entry
    stored = StoredSession.of(entry.value)
    assert stored
    assert stored.tokens == quick.tokens


async def test_a_session_that_was_never_stored_is_over_at_its_first_refresh(
    service: TokenService, store: MemoryStore, clock: Clock
) -> None:
    session = service.session(store=store)
    clock.now += HOUR
    with pytest.raises(SessionEnded) as raised:
        await session.fresh_tokens()
    assert raised.value.reason == "ended_elsewhere"
    assert REFRESH not in service.operations


async def test_signed_out_in_one_process_signed_out_in_all(
    service: TokenService, store: MemoryStore, clock: Clock
) -> None:
    told: list[Notice] = []
    first, second = await processes(service, store, 2, observers=Observers([told.append]))
    await first.sign_out()
    assert await store.load(session_key(POOL, first.session_id)) is None
    assert second.active, "its access token is good until it expires"
    told.clear()
    clock.now += HOUR
    with pytest.raises(NotSignedIn):
        await second.fresh_tokens()
    assert told == [SignedOut(USER, SUBJECT, "ended_elsewhere")]


async def test_a_new_sign_in_replaces_what_is_kept(
    service: TokenService, store: MemoryStore
) -> None:
    (first,) = await processes(service, store, 1, session_id="browser")
    again = service.session(store=store, session_id="browser")
    await again.keep()
    assert await first.fresh_tokens(force=True) == again.tokens


class Contested(MemoryStore):
    """Another process is faster every other time at replacing or deleting a session."""

    attempts = 0

    def _contest(self, key: str, expected: str | None) -> None:
        if expected and key.startswith("session/"):
            self.attempts += 1
            if self.attempts % 2:
                raise StoreConflict

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        self._contest(key, expected)
        return await super().save(key, value, expected=expected, ttl=ttl)

    async def delete(self, key: str, *, expected: str | None = None) -> None:
        self._contest(key, expected)
        await super().delete(key, expected=expected)


async def test_what_another_process_was_faster_at_is_tried_again(
    service: TokenService, clock: Clock
) -> None:
    store = Contested(clock)
    (first,) = await processes(service, store, 1, session_id="browser")
    name = session_key(POOL, first.session_id)
    device = NewDevice(key="eu-west-1_0a1b", group_key="-group")
    again = service.session(store=store, session_id="browser", new_device=device)
    await again.keep()  # which stores the session, and then that its device is confirmed
    assert store.attempts == 4
    entry = await store.load(name)
    assert entry
    stored = StoredSession.of(entry.value)
    assert stored
    assert (stored.tokens, stored.new_device) == (again.tokens, None)
    await again.sign_out()
    assert store.attempts == 6
    assert await store.load(name) is None


class Counting(MemoryStore):
    """Notes what is done with which kind of entry."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.operations: list[str] = []

    async def load(self, key: str) -> Any:
        self.operations.append(f"load {key.partition('/')[0]}")
        return await super().load(key)

    async def save(self, key: str, *arguments: Any, **options: Any) -> str:
        self.operations.append(f"save {key.partition('/')[0]}")
        return await super().save(key, *arguments, **options)


@pytest.mark.parametrize("device", [None, NewDevice(key="eu-west-1_0a1b", group_key="-group")])
async def test_an_undisturbed_refresh_takes_five_operations(
    service: TokenService, clock: Clock, device: NewDevice | None
) -> None:
    store = Counting(clock)
    session = service.session(store=store, new_device=device)
    await session.keep()
    store.operations.clear()
    clock.now += HOUR
    await session.fresh_tokens()
    of_session = ["load session", "save session", "save session"]
    assert store.operations == [*of_session, "load user", "save user"]


class Flaky(MemoryStore):
    """Fails as often as it is told to, after so many commands that work."""

    working = failing = 0

    def fail(self, *, after: int, times: int = 1) -> None:
        self.working, self.failing = after, times

    def _roll(self) -> None:
        if self.working:
            self.working -= 1
        elif self.failing:
            self.failing -= 1
            raise StoreUnavailable("The disk is full.")

    async def load(self, key: str) -> Any:
        self._roll()
        return await super().load(key)

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        self._roll()
        return await super().save(key, value, expected=expected, ttl=ttl)


@pytest.mark.parametrize("after", [0, 1])
async def test_a_store_that_fails_loses_no_session(
    service: TokenService, clock: Clock, after: int
) -> None:
    """At the load (0), or at the lease (1): nothing has been sent as yet."""
    store = Flaky(clock)
    (session,) = await processes(service, store, 1)
    clock.now += HOUR
    store.fail(after=after)
    with pytest.raises(StoreUnavailable):
        await session.fresh_tokens()
    assert service.requests == []
    await session.fresh_tokens()
    assert service.operations == [REFRESH]


async def test_tokens_that_the_store_does_not_take_are_used_all_the_same(
    service: TokenService, clock: Clock
) -> None:
    store = Flaky(clock)
    (session,) = await processes(service, store, 1)
    for _ in range(2):
        clock.now += HOUR
        store.fail(after=2)
        await session.fresh_tokens()
    clock.now += HOUR
    await session.fresh_tokens()
    assert service.operations == [REFRESH] * 3
    other = await Session.load(POOL, USER, store=store, transport=service, clock=clock)
    assert other.tokens == session.tokens


async def test_new_tokens_are_used_although_storing_them_was_cancelled(
    service: TokenService, clock: Clock
) -> None:
    class Slow(MemoryStore):
        slow = False

        async def save(self, *arguments: Any, **options: Any) -> str:
            if self.slow and service.operations:
                await anyio.sleep_forever()
            return await super().save(*arguments, **options)

    store = Slow(clock)
    (session,) = await processes(service, store, 1, refresh_grace=0)
    clock.now += HOUR
    store.slow = True
    with anyio.move_on_after(0.2):
        await session.fresh_tokens()
    assert service.operations == [REFRESH]
    store.slow = False
    clock.now += HOUR
    await session.fresh_tokens()  # by the new refresh token; the old one would end the session
    assert service.operations == [REFRESH, REFRESH]


async def test_a_lease_that_cannot_be_given_back_runs_out(
    service: TokenService, clock: Clock
) -> None:
    store = Flaky(clock)
    (session,) = await processes(service, store, 1)
    clock.now += HOUR
    service.failures.append(ConnectionLost("gone", operation=REFRESH))
    store.fail(after=2)
    with pytest.raises(ConnectionLost):
        await session.fresh_tokens()
    clock.now += LEASE
    await session.fresh_tokens()


async def test_two_refreshes_at_once_after_a_lease_ran_out(
    service: TokenService, store: MemoryStore, clock: Clock
) -> None:
    """The first one was only slow: its tokens are good, and the second one, too late for the old
    refresh token, takes them.
    """
    slow, late = await processes(service, store, 2)
    clock.now += HOUR
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow.fresh_tokens)
        await anyio.wait_all_tasks_blocked()
        clock.now += LEASE
        service.failures.append(RefreshTokenReuseException("No.", operation=REFRESH))
        held = service.gate
        tasks.start_soon(late.fresh_tokens)
        held.set()
    assert slow.tokens == late.tokens
    assert slow.active
    assert late.active


async def test_a_sign_out_during_the_refresh_of_another_process_stands(
    service: TokenService, store: MemoryStore, clock: Clock
) -> None:
    refreshing, leaving = await processes(service, store, 2)
    clock.now += HOUR
    service.gate = anyio.Event()

    async def refresh() -> None:
        with pytest.raises(NotSignedIn):
            await refreshing.fresh_tokens()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refresh)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(leaving.sign_out)
        await anyio.wait_all_tasks_blocked()
        service.gate.set()
    assert await store.load(session_key(POOL, leaving.session_id)) is None


async def test_two_sign_ins_at_once(service: TokenService, store: MemoryStore) -> None:
    first, second = service.session(store=store), service.session(store=store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.keep)
        tasks.start_soon(second.keep)
    kept = await Session.load(POOL, USER, store=store, transport=service)
    assert kept.tokens in (first.tokens, second.tokens)


@pytest.mark.parametrize("seed", range(3))
async def test_workers_that_come_and_go_at_random(
    service: TokenService, store: MemoryStore, clock: Clock, seed: int
) -> None:
    """Tasks are cancelled anywhere but within the one request that must not be lost; nobody is ever
    signed out.
    """
    dice = random.Random(seed)
    sessions = await processes(service, store, 4)

    async def work(session: Session, patience: int) -> None:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(session.fetch_user_attributes)
                for _ in range(patience):
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

    for _ in range(60):
        clock.now += HOUR
        async with anyio.create_task_group() as tasks:
            for session in sessions:
                tasks.start_soon(work, session, dice.randrange(40))
        clock.now += LEASE
        await dice.choice(sessions).fetch_user_attributes()
    assert all(session.active for session in sessions)
