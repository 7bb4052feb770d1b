"""How a session begins and ends, where something comes in between."""

from __future__ import annotations

import anyio
import httpx
import pytest

from auth_flow import AuthFlow, Done, FlowBusy, SignIn, Tokens
from auth_flow.errors import ConnectionLost, SessionEnded, StoreUnavailable
from auth_flow.session import Session
from auth_flow.session._stored import session_key
from auth_flow.stores import MemoryStore
from tests.flow.scripted import POOL, SUBJECT, Clock, Script, initiate, jwt, tokens

from .service import HOUR, USER, TokenService

pytestmark = pytest.mark.anyio

SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")


class BrokenStore(MemoryStore):
    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        raise StoreUnavailable("The store is out of reach.")


class SlowStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.reached, self.gate = anyio.Event(), anyio.Event()

    async def save(
        self, key: str, value: str, *, expected: str | None, ttl: float | None = None
    ) -> str:
        self.reached.set()
        await self.gate.wait()
        return await super().save(key, value, expected=expected, ttl=ttl)


def signed_in(origin: str, clock: Clock) -> Tokens:
    claims = {
        "sub": SUBJECT,
        "username": USER,
        "origin_jti": origin,
        "iat": int(clock()),
        "exp": int(clock()) + HOUR,
    }
    return Tokens.read(jwt(**claims), None, f"refresh-of-{origin}", 0.0)


def begun() -> Script:
    script = Script()
    script.expect(
        initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="ada", PASSWORD="correct horse")
    )
    return script


async def test_tokens_that_a_store_does_not_take_are_held_all_the_same(clock: Clock) -> None:
    flow = AuthFlow(POOL, transport=begun(), clock=clock, store=BrokenStore())
    with pytest.raises(StoreUnavailable) as failed:
        await flow.send(SIGN_IN)
    assert not failed.value.retryable, "the service has accepted the password"
    assert isinstance(flow.step, Done)
    assert flow.session.active


async def test_a_sign_in_that_is_cancelled_while_it_is_kept_is_kept(clock: Clock) -> None:
    store = SlowStore()
    flow = AuthFlow(POOL, transport=begun(), clock=clock, store=store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flow.send, SIGN_IN)
        await store.reached.wait()
        tasks.cancel_scope.cancel()
        store.gate.set()
    assert isinstance(flow.step, Done)
    assert flow.session.active
    assert (await Session.load(POOL, flow.session.username, store=store, transport=Script())).active


async def test_a_session_is_restored_one_at_a_time(clock: Clock) -> None:
    store = SlowStore()
    flow = AuthFlow(POOL, transport=Script(), clock=clock, store=store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flow.restore_session, signed_in("here", clock))
        await store.reached.wait()
        with pytest.raises(FlowBusy):
            await flow.send(SIGN_IN)
        store.gate.set()
    assert flow.history[-1].event == "restore_session"


async def test_signing_out_forgets_no_other_sign_in(clock: Clock) -> None:
    store, service = MemoryStore(), TokenService(clock)
    one, other = (
        Session(
            POOL, signed_in(o, clock), transport=service, store=store, clock=clock, session_id="s"
        )
        for o in ("one", "other")
    )
    await one.keep()
    await other.keep()
    await one.sign_out()
    kept = await Session.load(POOL, USER, store=store, transport=service, clock=clock)
    assert kept.access_token.claims.origin_jti == "other"
    await other.sign_out()
    assert await store.load(session_key(POOL, "s")) is None


async def test_a_global_sign_out_goes_out_with_a_fresh_token(
    clock: Clock, service: TokenService
) -> None:
    session = service.session()
    clock.now += 2 * HOUR
    assert (await session.sign_out(global_=True)).revoked
    assert service.operations == ["GetTokensFromRefreshToken", "GlobalSignOut"]
    stale = service.requests[1][1]["AccessToken"]
    assert Tokens.read(stale, None, None, 0.0).fresh_at(clock())


async def test_a_global_sign_out_goes_out_although_the_token_cannot_be_refreshed(
    clock: Clock, service: TokenService
) -> None:
    session = service.session()
    clock.now += 2 * HOUR
    service.failures.append(ConnectionLost("gone", operation="GetTokensFromRefreshToken"))
    assert (await session.sign_out(global_=True)).revoked
    assert service.operations == ["GetTokensFromRefreshToken", "GlobalSignOut"]
    assert not session.active


@pytest.mark.parametrize("lost", [False, True])
async def test_tokens_that_come_after_a_sign_out_are_revoked_too(
    service: TokenService, lost: bool
) -> None:
    """A revocation whose reply is lost changes nothing for the caller."""
    session = service.session()
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:

        async def refresh() -> None:
            with pytest.raises(SessionEnded):
                await session.fresh_tokens(force=True)

        tasks.start_soon(refresh)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(session.sign_out)
        await anyio.wait_all_tasks_blocked()
        if lost:
            service.failures.append(ConnectionLost("gone", operation="RevokeToken"))
        service.gate.set()
    revoked = {body["Token"] for operation, body in service.requests if operation == "RevokeToken"}
    assert revoked == {"refresh-1", "refresh-2"}


async def test_tokens_that_come_after_a_sign_out_in_another_process_are_revoked_too(
    service: TokenService, clock: Clock
) -> None:
    store = MemoryStore(clock)
    session = service.session(store=store)
    await session.keep()
    other = await Session.load(POOL, USER, store=store, transport=service, clock=clock)
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:

        async def refresh() -> None:
            with pytest.raises(SessionEnded) as ended:
                await session.fresh_tokens(force=True)
            assert ended.value.reason == "ended_elsewhere"

        tasks.start_soon(refresh)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(other.sign_out)
        await anyio.wait_all_tasks_blocked()
        service.gate.set()
    revoked = [body["Token"] for operation, body in service.requests if operation == "RevokeToken"]
    assert revoked == ["refresh-1", "refresh-2"]


def test_a_blocking_client_is_refused(service: TokenService) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    with (
        httpx.Client(auth=service.session().auth(), transport=transport) as client,
        pytest.raises(RuntimeError, match="Async"),
    ):
        client.get("http://example.org")
