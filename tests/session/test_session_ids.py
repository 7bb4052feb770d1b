"""Sessions by their ids: two browsers of one user are two entries, and a list knows both."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from auth_flow import AuthConfig, AuthFlow, SignIn, Tokens
from auth_flow.errors import ConnectionLost, NoSession, NotSignedIn, SessionEnded, StoreUnavailable
from auth_flow.session import Session, SignOutResult, sign_out_everywhere
from auth_flow.session._stored import read_index, session_key, user_key
from auth_flow.states._devices import NewDevice
from auth_flow.stores import MemoryStore
from tests.flow.scripted import POOL, SUBJECT, Clock, Script, initiate, jwt, tokens

from .service import HOUR, USER, TokenService

pytestmark = pytest.mark.anyio

DAY = 86400
REFRESH = "GetTokensFromRefreshToken"
SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock)


async def signed_in(service: TokenService, store: MemoryStore, **options: Any) -> Session:
    session = service.session(store=store, **options)
    await session.keep()
    return session


async def listed(store: MemoryStore) -> list[str]:
    entry = await store.load(user_key(POOL, USER))
    return list(read_index(entry.value)) if entry else []


def revoked(service: TokenService) -> list[str]:
    return [body["Token"] for operation, body in service.requests if operation == "RevokeToken"]


async def test_a_name_with_capitals_is_found_as_it_is_written(
    clock: Clock, store: MemoryStore, service: TokenService
) -> None:
    now = int(clock())
    access = jwt(sub=SUBJECT, username="Ada.Lovelace", iat=now, exp=now + HOUR)
    options: dict[str, Any] = {"store": store, "transport": service, "clock": clock}
    await Session(POOL, Tokens.read(access, None, "refresh", 0.0), **options).keep()
    assert (await Session.load(POOL, "Ada.Lovelace", **options)).username == "Ada.Lovelace"
    with pytest.raises(NoSession):
        await Session.load(POOL, "ada.lovelace", **options)


async def test_two_browsers_of_one_user_are_two_sessions(clock: Clock, store: MemoryStore) -> None:
    service = TokenService(clock, rotates=False)
    laptop, phone = await signed_in(service, store), await signed_in(service, store)
    assert laptop.session_id != phone.session_id
    await laptop.sign_out()
    load = {"store": store, "transport": service, "clock": clock}
    with pytest.raises(NoSession):
        await Session.load(POOL, session_id=laptop.session_id, **load)
    again = await Session.load(POOL, session_id=phone.session_id, **load)
    assert again.tokens == phone.tokens
    clock.now += HOUR
    await again.fetch_user()
    assert await listed(store) == [phone.session_id]


async def test_a_session_of_somebody_else_is_not_loaded_by_name(
    service: TokenService, store: MemoryStore
) -> None:
    session = await signed_in(service, store)
    loaded = {"session_id": session.session_id, "store": store, "transport": service}
    assert (await Session.load(POOL, USER, **loaded)).active
    with pytest.raises(NoSession):
        await Session.load(POOL, "grace", **loaded)


async def test_by_name_the_latest_session_is_loaded(
    service: TokenService, store: MemoryStore
) -> None:
    first, second = await signed_in(service, store), await signed_in(service, store)
    load = {"store": store, "transport": service}
    assert (await Session.load(POOL, USER, **load)).session_id == second.session_id
    await second.sign_out()
    assert (await Session.load(POOL, USER, **load)).session_id == first.session_id
    await first.sign_out()
    with pytest.raises(NoSession):
        await Session.load(POOL, USER, **load)


async def test_what_loading_needs(service: TokenService, store: MemoryStore) -> None:
    with pytest.raises(ValueError, match="session id"):
        await Session.load(POOL, store=store, transport=service)
    with pytest.raises(ValueError, match="store"):
        await Session.load(POOL, session_id="x", transport=service)
    with pytest.raises(ValueError, match="store"):
        await Session.load(POOL, USER, transport=service)


async def test_what_is_known_of_a_sign_in_is_stored_with_it(
    service: TokenService, store: MemoryStore
) -> None:
    service.failures.append(ConnectionLost("gone", operation="ConfirmDevice"))
    session = await signed_in(
        service,
        store,
        login_id="ada@example.org",
        installation_id="browser-7",
        new_device=NewDevice(key="eu-west-1_0a1b", group_key="-group"),
    )
    loaded = await Session.load(POOL, session_id=session.session_id, store=store, transport=service)
    assert loaded.get_current_user().login_id == "ada@example.org"
    assert loaded.installation_id == "browser-7"
    load = {"session_id": session.session_id, "store": store, "transport": service}
    moved = await Session.load(POOL, **load, installation_id="browser-8")
    assert moved.installation_id == "browser-8"
    await loaded.fresh_tokens(force=True)
    assert service.operations.count("ConfirmDevice") == 2
    again = await Session.load(POOL, **load)
    await again.fresh_tokens(force=True)
    assert service.operations.count("ConfirmDevice") == 2, "that it is confirmed is stored too"


async def test_a_flow_gives_each_sign_in_a_new_id_or_the_callers(clock: Clock) -> None:
    ids: list[str] = []
    for session_id in (None, None, "cookie-5"):
        script, store = Script(), MemoryStore(clock)
        script.expect(
            initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="ada", PASSWORD="correct horse")
        )
        flow = AuthFlow(POOL, transport=script, clock=clock, store=store, session_id=session_id)
        await flow.send(SIGN_IN)
        ids.append(flow.session.session_id)
        name = session_key(POOL, flow.session.session_id)
        assert await store.load(name) is not None
    assert ids[2] == "cookie-5"
    assert len(set(ids)) == 3
    assert [len(each) for each in ids[:2]] == [22, 22], "128 bits as base64"


# Everywhere


async def test_all_sessions_of_a_user_end(clock: Clock, store: MemoryStore) -> None:
    service = TokenService(clock)
    sessions = [await signed_in(service, store) for _ in range(3)]
    results = await sessions[1].sign_out_everywhere()
    assert results == {session.session_id: SignOutResult(True) for session in sessions}
    assert sorted(revoked(service)) == ["refresh-1", "refresh-2", "refresh-3"]
    assert "GlobalSignOut" not in service.operations
    assert await listed(store) == []
    assert not sessions[1].active
    clock.now += HOUR
    with pytest.raises(SessionEnded) as raised:
        await sessions[0].fetch_user()
    assert raised.value.reason == "ended_elsewhere"


async def test_a_program_that_holds_no_session_ends_them(
    service: TokenService, store: MemoryStore
) -> None:
    session = await signed_in(service, store)
    config = AuthConfig(store=store, transport=service)
    assert list(await sign_out_everywhere(POOL, USER, config=config)) == [session.session_id]
    assert await sign_out_everywhere(POOL, USER, config=config) == {}
    assert await store.load(session_key(POOL, session.session_id)) is None
    with pytest.raises(ValueError, match="store"):
        await sign_out_everywhere(POOL, USER, transport=service)
    with pytest.raises(ValueError, match="transport"):
        await sign_out_everywhere(POOL, USER, store=store)


async def test_a_session_that_cannot_be_read_ends_without_being_revoked(
    service: TokenService, store: MemoryStore
) -> None:
    damaged, session = await signed_in(service, store), await signed_in(service, store)
    name = session_key(POOL, damaged.session_id)
    entry = await store.load(name)
    await store.save(name, "damaged", expected=entry.version if entry else None)
    assert await session.sign_out_everywhere() == {
        damaged.session_id: SignOutResult(revoked=False),
        session.session_id: SignOutResult(revoked=True),
    }
    assert await store.load(name) is None


async def test_all_but_this_one(service: TokenService, store: MemoryStore) -> None:
    sessions = [await signed_in(service, store) for _ in range(3)]
    assert set(await sessions[2].sign_out_elsewhere()) == {s.session_id for s in sessions[:2]}
    assert await listed(store) == [sessions[2].session_id]
    assert sessions[2].active


async def test_a_service_that_cannot_be_reached_keeps_no_session_in_the_store(
    service: TokenService, store: MemoryStore
) -> None:
    first, second = await signed_in(service, store), await signed_in(service, store)
    service.failures.append(StoreUnavailable("x"))
    results = await sign_out_everywhere(POOL, USER, store=store, transport=service)
    assert {result.revoked for result in results.values()} == {True, False}
    for session in (first, second):
        assert await store.load(session_key(POOL, session.session_id)) is None


async def test_a_global_sign_out_needs_no_list(service: TokenService, store: MemoryStore) -> None:
    session = await signed_in(service, store)
    await store.delete(user_key(POOL, USER))
    assert (await session.sign_out(global_=True)).revoked


# The list


async def test_the_list_is_repaired_when_it_is_read(
    service: TokenService, store: MemoryStore
) -> None:
    """A process was killed after it had written the list, or after it had deleted the session."""
    killed, living = await signed_in(service, store), await signed_in(service, store)
    await store.delete(session_key(POOL, killed.session_id))
    load = {"store": store, "transport": service}
    assert (await Session.load(POOL, USER, **load)).session_id == living.session_id
    assert await listed(store) == [living.session_id]


@pytest.mark.parametrize("damaged", ["", "{", "null", "[]", '{"x": "y"}', "5"])
async def test_a_damaged_list_is_written_anew(
    service: TokenService, store: MemoryStore, clock: Clock, damaged: str
) -> None:
    session = await signed_in(service, store)
    entry = await store.load(user_key(POOL, USER))
    assert entry
    await store.save(user_key(POOL, USER), damaged, expected=entry.version)
    clock.now += HOUR
    await session.fresh_tokens()
    assert await listed(store) == [session.session_id], "a refresh puts the session back"


async def test_the_list_forgets_sessions_that_have_expired(
    clock: Clock, store: MemoryStore
) -> None:
    service = TokenService(clock)
    for _ in range(5):
        await signed_in(service, store)
        clock.now += 10 * DAY
    assert len(await listed(store)) == 3


async def test_thirty_sign_ins_at_once_are_all_listed(
    service: TokenService, store: MemoryStore
) -> None:
    sessions = [service.session(store=store) for _ in range(30)]
    async with anyio.create_task_group() as tasks:
        for session in sessions:
            tasks.start_soon(session.keep)
    assert set(await listed(store)) == {session.session_id for session in sessions}


async def test_a_sign_in_during_the_sign_out_of_the_last_session_is_listed(
    service: TokenService, clock: Clock
) -> None:
    class Overtaken(MemoryStore):
        async def delete(self, key: str, *, expected: str | None = None) -> None:
            if key == user_key(POOL, USER) and service.issued == 1:
                sessions.append(await signed_in(service, self))
            await super().delete(key, expected=expected)

    store = Overtaken(clock)
    sessions = [await signed_in(service, store)]
    await sessions[0].sign_out()
    assert await listed(store) == [sessions[1].session_id]


# Time to live


async def test_a_session_expires_with_its_refresh_token(clock: Clock, store: MemoryStore) -> None:
    """Without rotation the first refresh token counts, however often it was used."""
    service = TokenService(clock, rotates=False)
    session = await signed_in(service, store)
    for _ in range(29):
        clock.now += DAY
        await session.fetch_user()
    clock.now += DAY
    assert await store.load(session_key(POOL, session.session_id)) is None
    assert await store.load(user_key(POOL, USER)) is None
    with pytest.raises(SessionEnded):
        await session.fetch_user()


async def test_with_rotation_each_new_refresh_token_counts(
    service: TokenService, clock: Clock, store: MemoryStore
) -> None:
    session = await signed_in(service, store)
    for _ in range(4):
        clock.now += 29 * DAY
        await session.fetch_user()
    assert await listed(store) == [session.session_id]
    clock.now += 30 * DAY
    assert await store.load(session_key(POOL, session.session_id)) is None


async def test_the_time_to_live_is_a_setting(
    service: TokenService, clock: Clock, store: MemoryStore
) -> None:
    session = await signed_in(service, store, session_ttl=60)
    clock.now += 61
    with pytest.raises(NotSignedIn):
        await Session.load(POOL, session_id=session.session_id, store=store, transport=service)


async def test_an_entry_that_is_written_lives_for_a_second_at_least(
    clock: Clock, store: MemoryStore
) -> None:
    service = TokenService(clock, rotates=False)
    session = await signed_in(service, store, session_ttl=HOUR)
    name = session_key(POOL, session.session_id)
    clock.now += HOUR - 0.5
    await session.fresh_tokens(force=True)
    clock.now += 0.5
    assert await store.load(name) is not None
    clock.now += 0.5
    assert await store.load(name) is None


async def test_pools_and_clients_share_a_store_without_meeting(
    service: TokenService, clock: Clock, store: MemoryStore
) -> None:
    other = POOL.model_copy(update={"client_id": "other"})
    mine = Session(
        POOL, service.tokens(), transport=service, store=store, clock=clock, session_id="chat-1"
    )
    theirs = Session(
        other, service.tokens(), transport=service, store=store, clock=clock, session_id="chat-1"
    )
    await mine.keep()
    await theirs.keep()
    await mine.sign_out_everywhere()
    assert (await Session.load(other, session_id="chat-1", store=store, transport=service)).active
