"""Sessions that recover: refused tokens, wrong clocks, damaged entries, servers that know less."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from auth_flow import AuthConfig, AuthFlow, Notice, Observers, SignedOut, SignIn, Tokens, new_key
from auth_flow.aws import IdentityPool
from auth_flow.errors import (
    AuthFlowError,
    ConnectionLost,
    MalformedResponse,
    NoSession,
    NotAuthorizedException,
    RefreshTokenReuseException,
    ServiceError,
    SessionEnded,
    TransportClosed,
    UserNotFoundException,
)
from auth_flow.sealing import Sealer
from auth_flow.session import Session
from auth_flow.session._stored import StoredSession, session_key, user_key
from auth_flow.states._devices import NewDevice
from auth_flow.stores import FileStore, MemoryStore, SealedStore, Store
from auth_flow.transports import CognitoTransport
from tests.flow.scripted import POOL, SUBJECT, Clock, Script, initiate, jwt, refusal, tokens

from .service import HOUR, USER, TokenService
from .test_shared_tokens import Counting

pytestmark = pytest.mark.anyio

REFRESH = "GetTokensFromRefreshToken"
SIGN_IN = SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH")


def refused(message: str, operation: str = "GetUser") -> NotAuthorizedException:
    return NotAuthorizedException(message, operation=operation)


REFUSALS: list[AuthFlowError] = [
    refused("Access Token has expired"),
    refused("Invalid Access Token"),
    refused("User is disabled."),
    refused("Another server's words"),
    UserNotFoundException("User does not exist.", operation="GetUser"),
    UserNotFoundException("The invitation was revoked.", operation="GetUser"),
    refusal("PasswordResetRequiredException", operation="GetUser"),
]


# An access token that the service refuses


@pytest.mark.parametrize("error", REFUSALS, ids=str)
async def test_a_refused_token_is_refreshed_once(
    service: TokenService, error: AuthFlowError
) -> None:
    session = service.session()
    service.failures.append(error)
    assert (await session.fetch_user()).username == USER
    assert service.operations == ["GetUser", REFRESH, "GetUser"]
    assert service.requests[0][1] != service.requests[2][1]


@pytest.mark.parametrize("error", REFUSALS, ids=str)
async def test_the_verdict_of_the_refresh_ends_the_session(
    service: TokenService, error: AuthFlowError
) -> None:
    told: list[Notice] = []
    session = service.session(observers=Observers([told.append]))
    service.failures.extend([error, NotAuthorizedException("No.", operation=REFRESH)])
    with pytest.raises(SessionEnded) as raised:
        await session.fetch_user()
    assert raised.value.reason == "NotAuthorizedException"
    assert raised.value.name == "NotSignedIn"
    assert told[-1] == SignedOut(USER, SUBJECT, "NotAuthorizedException")
    assert not session.active
    assert service.operations == ["GetUser", REFRESH]


async def test_a_revoked_token_is_refreshed_before_the_next_request(
    service: TokenService,
) -> None:
    session = service.session()
    service.failures.append(refused("Access Token has been revoked"))
    with pytest.raises(NotAuthorizedException):
        await session.fetch_user()
    assert service.operations == ["GetUser"]
    assert session.active
    assert (await session.fetch_user()).username == USER
    assert service.operations == ["GetUser", REFRESH, "GetUser"]


async def test_a_revoked_refresh_token_ends_the_session_then(service: TokenService) -> None:
    told: list[Notice] = []
    session = service.session(observers=Observers([told.append]))
    service.failures.extend(
        [
            refused("Access Token has been revoked"),
            refused("Refresh Token has been revoked", REFRESH),
        ]
    )
    with pytest.raises(NotAuthorizedException):
        await session.fetch_user()
    with pytest.raises(SessionEnded):
        await session.fetch_user()
    assert told[-1] == SignedOut(USER, SUBJECT, "NotAuthorizedException")


async def test_a_second_refusal_is_raised(service: TokenService) -> None:
    session = service.session()
    error = refused("Access Token has expired")
    service.failures.extend([error, None, error])
    with pytest.raises(NotAuthorizedException):
        await session.fetch_user()
    assert session.active


async def test_a_refresh_that_fails_for_another_reason_keeps_the_session(
    service: TokenService,
) -> None:
    session = service.session()
    lost = ConnectionLost("gone", operation=REFRESH)
    service.failures.extend([refused("Access Token has expired"), lost])
    with pytest.raises(ConnectionLost):
        await session.fetch_user()
    assert session.active
    await session.fetch_user()


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("ChangePassword", "Incorrect username or password."),
        ("UpdateUserAttributes", "A client attempted to write unauthorized attribute"),
        ("GetUser", "Access Token does not have required scopes"),
    ],
)
async def test_a_refusal_that_no_token_helps_against(
    service: TokenService, operation: str, message: str
) -> None:
    session = service.session()
    service.failures.append(refused(message, operation))
    with pytest.raises(NotAuthorizedException, match=message):
        await session.call(operation)
    assert service.operations == [operation]
    assert session.active


@pytest.mark.parametrize("message", ["Access Token has expired", "User is disabled."])
async def test_a_change_of_password_may_find_that_the_token_is_refused(
    service: TokenService, message: str
) -> None:
    session = service.session()
    service.failures.append(refused(message, "ChangePassword"))
    await session.update_password("new Secret-1")
    assert service.operations == ["ChangePassword", REFRESH, "ChangePassword"]


@pytest.mark.parametrize(
    "error",
    [
        refused("Access Token has expired"),
        refused("Access Token has been revoked"),
        refused("User is disabled."),
        UserNotFoundException("User does not exist.", operation="GetUser"),
    ],
    ids=str,
)
async def test_without_a_refresh_token_a_refusal_is_the_end(
    service: TokenService, clock: Clock, error: ServiceError
) -> None:
    told: list[Notice] = []
    session = Session(
        POOL,
        Tokens.read(service.tokens().access_token.text),
        transport=service,
        clock=clock,
        observers=Observers([told.append]),
    )
    service.failures.append(refused("Something else"))
    with pytest.raises(NotAuthorizedException):
        await session.fetch_user()
    assert session.active
    service.failures.append(error)
    with pytest.raises(SessionEnded):
        await session.fetch_user()
    assert told == [SignedOut(USER, SUBJECT, error.name)]


async def test_many_refusals_cause_one_refresh(service: TokenService) -> None:
    session = service.session()
    service.failures.extend([refused("Access Token has expired")] * 20)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(session.fetch_user)
    assert service.operations.count(REFRESH) == 1


class Identities:
    """An identity service that refuses so many id tokens."""

    def __init__(self, *errors: AuthFlowError) -> None:
        self.errors = list(errors)
        self.logins: list[str] = []

    async def call(self, operation: str, body: Any) -> Any:
        await anyio.lowlevel.checkpoint()
        self.logins += body["Logins"].values()
        if self.errors:
            raise self.errors.pop(0)
        if operation == "GetId":
            return {"IdentityId": "eu-west-1:1"}
        keys = {"AccessKeyId": "A", "SecretKey": "B", "SessionToken": "C", "Expiration": 2e9}
        return {"IdentityId": "eu-west-1:1", "Credentials": keys}

    async def aclose(self) -> None: ...


async def test_an_identity_pool_that_refuses_the_id_token(service: TokenService) -> None:
    session = service.session()
    before = session.tokens.id_token
    identities = Identities(refused("Invalid login token. Token is expired.", "GetId"))
    pool = IdentityPool("eu-west-1:1", transport=identities, clock=service.clock)
    await pool.credentials(session)
    assert before is not None
    assert identities.logins[0] == before.text.get_secret_value()
    assert len(set(identities.logins)) == 2
    assert service.operations == [REFRESH]


async def test_an_identity_pool_that_refuses_an_id_token_that_cannot_be_refreshed(
    service: TokenService,
) -> None:
    held = service.tokens()
    assert held.id_token
    tokens = Tokens.read(held.access_token.text, held.id_token.text)
    session = Session(POOL, tokens, transport=service, clock=service.clock)
    identities = Identities(refused("Invalid login token.", "GetId"))
    pool = IdentityPool("eu-west-1:1", transport=identities, clock=service.clock)
    with pytest.raises(NotAuthorizedException, match="Invalid login token"):
        await pool.credentials(session)
    assert session.active


async def test_an_identity_pool_finds_out_that_the_session_has_ended(
    service: TokenService,
) -> None:
    session = service.session()
    service.failures.append(NotAuthorizedException("No.", operation=REFRESH))
    identities = Identities(refused("Invalid login token.", "GetId"))
    pool = IdentityPool("eu-west-1:1", transport=identities, clock=service.clock)
    with pytest.raises(SessionEnded):
        await pool.credentials(session)
    assert not session.active


async def test_an_identity_pool_that_refuses_for_another_reason(service: TokenService) -> None:
    session = service.session()
    identities = Identities(refused("Access to Identity is forbidden.", "GetId"))
    pool = IdentityPool("eu-west-1:1", transport=identities, clock=service.clock)
    with pytest.raises(NotAuthorizedException):
        await pool.credentials(session)
    assert service.operations == []


async def test_credentials_that_expire_on_no_date(service: TokenService) -> None:
    class Odd(Identities):
        async def call(self, operation: str, body: Any) -> Any:
            reply = await super().call(operation, body)
            if "Credentials" in reply:
                reply["Credentials"]["Expiration"] = 1e300
            return reply

    pool = IdentityPool("eu-west-1:1", transport=Odd(), clock=service.clock)
    with pytest.raises(MalformedResponse, match="Expiration"):
        await pool.credentials(service.session())


# Clocks


async def test_one_machines_clock_is_not_imposed_on_another(clock: Clock) -> None:
    """One machine is two hours ahead. Each measures the difference for itself, at its refresh."""
    service, store, ahead = TokenService(clock), MemoryStore(clock), Clock()
    right = service.session(store=store)
    await right.keep()
    ahead.now += 2 * HOUR
    wrong = await Session.load(
        POOL, session_id=right.session_id, store=store, transport=service, clock=ahead
    )
    await wrong.fetch_user()
    assert service.operations.count(REFRESH) == 1
    assert wrong.tokens.clock_drift == -2 * HOUR
    for _ in range(5):
        clock.now += HOUR / 10
        ahead.now += HOUR / 10
        await wrong.fetch_user()
        await right.fetch_user()
    assert service.operations.count(REFRESH) == 1
    assert right.tokens.clock_drift == 0
    clock.now += HOUR
    ahead.now += HOUR
    await right.fetch_user()
    await wrong.fetch_user()
    assert service.operations.count(REFRESH) == 2
    assert wrong.tokens == right.tokens
    assert wrong.tokens.clock_drift == -2 * HOUR


async def test_a_clock_that_is_set_right_after_the_sign_in(clock: Clock) -> None:
    """The machine was a day ahead at the sign-in. Then the tokens look good for a day too long."""
    service = TokenService(clock, ahead=-86400)
    session = service.session()
    service.ahead = 0
    clock.now += 2 * HOUR - 86400
    service.failures.append(refused("Access Token has expired"))
    await session.fetch_user()
    assert session.tokens.clock_drift == 0


async def test_a_lease_of_a_machine_that_is_ahead_is_over_in_time(clock: Clock) -> None:
    service, store = TokenService(clock), MemoryStore(clock)
    session = service.session(store=store, refresh_lease=0.2)
    await session.keep()
    entry = await store.load(name := session_key(POOL, session.session_id))
    assert entry
    text = entry.value.replace('"leased_until": 0.0', f'"leased_until": {clock() + 3 * HOUR}')
    await store.save(name, text, expected=entry.version)
    clock.now += HOUR
    service.failures.append(ConnectionLost("gone", operation=REFRESH))
    with anyio.fail_after(5):
        with pytest.raises(ConnectionLost):
            await session.fetch_user()
        entry = await store.load(name)
        assert entry
        assert json.loads(entry.value)["leased_until"] == 0, "nobody has to wait once more"
        await session.fetch_user()


async def test_tokens_that_say_not_when_they_were_issued(clock: Clock) -> None:
    service, store = TokenService(clock, dates=False), MemoryStore(clock)
    session = service.session(store=store)
    await session.keep()
    for _ in range(2):
        clock.now += HOUR
        await session.fetch_user()
    assert service.operations.count(REFRESH) == 2


@pytest.mark.parametrize(
    ("subject", "origin", "is_same"),
    [
        (SUBJECT, None, True),
        ("eve", None, False),
        ("eve", "origin", True),
        (SUBJECT, "another", False),
    ],
)
async def test_by_what_two_sign_ins_are_told_apart(
    service: TokenService, subject: str, origin: str | None, is_same: bool
) -> None:
    stored = StoredSession(service.tokens(), USER, 0.0)
    named = {"origin_jti": origin} if origin else {}
    other = Tokens.read(jwt(sub=subject, **named))
    assert stored.continues(other) == is_same
    unnamed = StoredSession(Tokens.read(jwt(sub=SUBJECT)), USER, 0.0)
    assert unnamed.continues(other) == (subject == SUBJECT)


# Entries that cannot be read

DAMAGED = ["", "{", "null", "5", "[]", '{"tokens": {}}', '{"tokens": 5, "username": "ada"}', "\x00"]


async def damage(store: Store, session: Session, text: str) -> None:
    for name in (session_key(POOL, session.session_id), user_key(POOL, USER)):
        entry = await store.load(name)
        await store.save(name, text, expected=entry.version if entry else None)


@pytest.mark.parametrize("text", DAMAGED)
async def test_a_damaged_entry_is_replaced_at_sign_in(
    service: TokenService, clock: Clock, text: str
) -> None:
    store = MemoryStore(clock)
    session = service.session(store=store, session_id="s")
    await session.keep()
    await damage(store, session, text)
    with pytest.raises(NoSession):
        await Session.load(POOL, session_id="s", store=store, transport=service, clock=clock)
    again = service.session(store=store, session_id="s")
    await again.keep()
    load = {"store": store, "transport": service, "clock": clock}
    assert (await Session.load(POOL, session_id="s", **load)).tokens == again.tokens
    assert (await Session.load(POOL, USER, **load)).tokens == again.tokens


@pytest.mark.parametrize("text", DAMAGED)
async def test_a_damaged_entry_is_cleared_at_sign_out(
    service: TokenService, clock: Clock, text: str
) -> None:
    store = MemoryStore(clock)
    session = service.session(store=store)
    await session.keep()
    await damage(store, session, text)
    assert (await session.sign_out()).revoked
    assert await store.load(session_key(POOL, session.session_id)) is None


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("text", DAMAGED)
async def test_a_damaged_entry_is_written_anew_at_a_refresh(
    clock: Clock, text: str, loaded: bool
) -> None:
    class Looking(TokenService):
        async def call(self, operation: str, body: Any) -> Any:
            if operation == REFRESH:
                leased = await stored()
                assert leased
                assert leased.new_device is None, "it is still known that it was confirmed"
            return await super().call(operation, body)

    async def stored() -> StoredSession | None:
        entry = await store.load(session_key(POOL, session.session_id))
        return StoredSession.of(entry.value) if entry else None

    service, store = Looking(clock), MemoryStore(clock)
    device = NewDevice(key="eu-west-1_0a1b", group_key="-group")
    session = service.session(store=store, login_id="ada@example.org", new_device=device)
    await session.keep()
    if loaded:
        session = await Session.load(POOL, USER, store=store, transport=service, clock=clock)
    await damage(store, session, text)
    clock.now += HOUR
    await session.fetch_user()
    assert service.operations == ["ConfirmDevice", REFRESH, "GetUser"]
    assert await stored() == StoredSession(
        session.tokens, USER, clock() + AuthConfig().session_ttl, login_id="ada@example.org"
    )


@pytest.mark.parametrize("opens", [True, False])
async def test_an_entry_that_is_damaged_during_a_refresh_is_written_anew(
    service: TokenService, clock: Clock, opens: bool
) -> None:
    """The text that is found is no session, or not even the store can open it."""
    place = MemoryStore(clock)
    store = SealedStore(place, Sealer([new_key()], clock=clock))
    session = service.session(store=store)
    await session.keep()
    clock.now += HOUR
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session.fresh_tokens)
        await anyio.wait_all_tasks_blocked()
        await damage(store if opens else place, session, "{")
        service.gate.set()
    entry = await store.load(session_key(POOL, session.session_id))
    assert entry
    assert StoredSession.of(entry.value) == StoredSession(
        session.tokens, USER, clock() + AuthConfig().session_ttl
    )
    assert service.operations == [REFRESH]


async def test_a_damaged_entry_does_not_end_a_session_that_was_refreshed_for_long(
    service: TokenService, clock: Clock
) -> None:
    store = MemoryStore(clock)
    session = service.session(store=store, session_ttl=2 * HOUR)
    await session.keep()
    for _ in range(3):
        clock.now += HOUR
        await session.fetch_user()
    await damage(store, session, "")
    clock.now += HOUR
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session.fresh_tokens)
        await anyio.wait_all_tasks_blocked()
        clock.now += 2
        service.gate.set()
    assert session.active


async def test_a_key_that_is_gone(service: TokenService, clock: Clock) -> None:
    place = MemoryStore(clock)
    old, new = (SealedStore(place, Sealer([new_key()], clock=clock)) for _ in range(2))
    session = service.session(store=old, session_id="s")
    await session.keep()
    with pytest.raises(NoSession):
        await Session.load(POOL, USER, store=new, transport=service, clock=clock)
    again = service.session(store=new, session_id="s")
    await again.keep()
    load = {"store": new, "transport": service, "clock": clock}
    assert (await Session.load(POOL, session_id="s", **load)).tokens == again.tokens
    assert (await Session.load(POOL, USER, **load)).tokens == again.tokens
    assert (await again.sign_out_everywhere())["s"].error is None


async def test_sessions_that_cannot_be_opened_end_with_the_others(
    service: TokenService, clock: Clock
) -> None:
    place = MemoryStore(clock)
    store = SealedStore(place, Sealer([new_key()], clock=clock))
    broken, session = service.session(store=store), service.session(store=store)
    for each in (broken, session):
        await each.keep()
    entry = await place.load(name := session_key(POOL, broken.session_id))
    assert entry
    await place.save(name, "{", expected=entry.version)
    results = await session.sign_out_everywhere()
    assert {name: result.revoked for name, result in results.items()} == {
        broken.session_id: False,
        session.session_id: True,
    }
    assert await place.load(name) is None


async def test_a_truncated_file(service: TokenService, clock: Clock, tmp_path: Any) -> None:
    store = FileStore(tmp_path / "sessions", Sealer([new_key()], clock=clock), clock=clock)
    session = service.session(store=store)
    await session.keep()
    sealed = (tmp_path / "sessions").read_text()
    for rest in (sealed[: len(sealed) // 2], ""):
        (tmp_path / "sessions").write_text(rest)
        again = service.session(store=store)
        await again.keep()
        loaded = await Session.load(POOL, USER, store=store, transport=service, clock=clock)
        assert loaded.tokens == again.tokens
        (tmp_path / "sessions").write_text(rest)
        await again.sign_out()


# Leases


async def test_a_slow_process_whose_lease_was_taken_over_at_a_grace_period_of_zero(
    clock: Clock,
) -> None:
    """The second one is refused before the first one has stored its tokens, and waits for them."""
    service, store = TokenService(clock), MemoryStore(clock)
    slow = service.session(store=store, refresh_lease=1)
    await slow.keep()
    quick = await Session.load(
        POOL,
        session_id=slow.session_id,
        store=store,
        transport=service,
        clock=clock,
        refresh_lease=1,
    )
    clock.now += HOUR
    service.gate = gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow.fetch_user)
        await anyio.wait_all_tasks_blocked()
        clock.now += 2
        service.failures.append(RefreshTokenReuseException("No.", operation=REFRESH))
        tasks.start_soon(quick.fetch_user)
        await anyio.sleep(0.1)
        gate.set()
    assert slow.active
    assert quick.tokens == slow.tokens


async def test_processes_that_are_refused_do_not_wait_for_each_other_for_ever(
    clock: Clock,
) -> None:
    """A process was killed at a grace period of zero: all that take over are refused.

    A lease of another process is no reason to try again, only new tokens are.
    """
    service, store = TokenService(clock), Counting(clock)
    session = service.session(store=store, refresh_lease=0.4)
    await session.keep()
    name = session_key(POOL, session.session_id)

    async def lease_again() -> None:
        entry = await store.load(name)
        assert entry
        values = {**json.loads(entry.value), "leased_until": clock()}
        await store.save(name, json.dumps(values), expected=entry.version)

    await lease_again()
    service.issue()  # the refresh token was used, and the new one is lost
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:

            async def refresh() -> None:
                with pytest.raises(SessionEnded):
                    await session.fresh_tokens(force=True)

            tasks.start_soon(refresh)
            await anyio.sleep(0.2)
            await lease_again()
    assert service.operations == [REFRESH]
    assert len(store.operations) < 40, "they pause between two looks"
    assert await store.load(name) is None


# Servers that do not know GetTokensFromRefreshToken


class OldServer(TokenService):
    """Knows REFRESH_TOKEN_AUTH only."""

    def __init__(self, clock: Clock, error: AuthFlowError, old: AuthFlowError | None) -> None:
        super().__init__(clock, rotates=False)
        self.error, self.old = error, old

    async def call(self, operation: str, body: Any) -> Any:
        if operation == REFRESH:
            self.requests.append((operation, dict(body)))
            raise self.error
        if operation == "InitiateAuth":
            self.requests.append((operation, dict(body)))
            if self.old:
                raise self.old
            return {"AuthenticationResult": self.issue()}
        return await super().call(operation, body)


def unknown(name: str, status: int = 400) -> ServiceError:
    return ServiceError.of(name, "No.", operation=REFRESH, status=status)


def html(status: int) -> MalformedResponse:
    return MalformedResponse("HTML", operation=REFRESH, status=status, retryable=status >= 500)


UNKNOWN = [
    unknown("UnknownOperationException"),
    unknown("UnsupportedOperationException"),
    unknown("UnsupportedOperation"),
    unknown("OperationNotEnabledException"),
    unknown("InvalidAction"),
    unknown("NotImplemented"),
    unknown("Unsupported", 500),
    *(unknown("InternalFailure", status) for status in (404, 405, 501)),
    *(html(status) for status in (404, 405, 500, 501)),
]


@pytest.mark.parametrize("error", UNKNOWN, ids=lambda error: f"{error.name}-{error.status}")
async def test_the_older_way_is_found_and_remembered(clock: Clock, error: AuthFlowError) -> None:
    service = OldServer(clock, error, None)
    session = service.session()
    for _ in range(3):
        clock.now += HOUR
        await session.fresh_tokens()
    assert service.operations == [REFRESH, *["InitiateAuth"] * 3]


async def test_an_outage_is_no_verdict_whatever_the_older_way_says(clock: Clock) -> None:
    """With rotation REFRESH_TOKEN_AUTH is refused. That must not sign the user out."""
    refusal = NotAuthorizedException("No.", operation="InitiateAuth")
    service = OldServer(clock, html(500), refusal)
    session = service.session()
    for _ in range(2):
        with pytest.raises(MalformedResponse):
            await session.fresh_tokens(force=True)
    assert session.active
    assert service.operations == [REFRESH, "InitiateAuth"] * 2


async def test_where_there_is_only_the_older_way_its_verdict_counts(clock: Clock) -> None:
    refusal = NotAuthorizedException("No.", operation="InitiateAuth")
    session = OldServer(clock, unknown("UnknownOperationException"), refusal).session()
    with pytest.raises(SessionEnded):
        await session.fresh_tokens(force=True)


@pytest.mark.parametrize("error", [unknown("InternalErrorException", 500), html(503)], ids=str)
async def test_an_error_of_the_service_is_not_an_unknown_operation(
    clock: Clock, error: AuthFlowError
) -> None:
    service = OldServer(clock, error, None)
    with pytest.raises(type(error)):
        await service.session().fresh_tokens(force=True)
    assert service.operations == [REFRESH]


# A session whose flow was closed


async def test_a_session_whose_flow_was_closed_says_what_to_do(clock: Clock) -> None:
    transport = CognitoTransport("http://127.0.0.1:9")
    await transport.aclose()
    service = TokenService(clock)
    session = Session(POOL, service.tokens(), transport=transport, clock=clock)
    with pytest.raises(TransportClosed, match="transport=…"):
        await session.fetch_user()


async def test_a_flow_that_is_closed_takes_the_next_sign_in_all_the_same(clock: Clock) -> None:
    script = Script()
    script.expect(
        initiate("USER_PASSWORD_AUTH", tokens(), USERNAME="ada", PASSWORD="correct horse")
    )
    flow = AuthFlow(POOL, transport=script, clock=clock)
    await flow.aclose()
    await flow.send(SIGN_IN)
    assert flow.session.active
