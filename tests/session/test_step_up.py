"""A session that a step-up takes to an authentication level."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from pydantic import ValidationError

from auth_flow import (
    AuthConfig,
    AuthFlow,
    Done,
    EnterCode,
    EnterPassword,
    Notice,
    Observers,
    SignIn,
    StepEntered,
    Tokens,
    TokensRefreshed,
    UserContext,
)
from auth_flow.embedded import SigningKey, TurnableClock
from auth_flow.embedded import _totp as totp
from auth_flow.embedded._models import Totp
from auth_flow.errors import (
    CodeMismatchException,
    ConnectionLost,
    InvalidParameterException,
    MalformedResponse,
    NoSession,
    NotAuthorizedException,
    SessionEnded,
    StoreUnavailable,
)
from auth_flow.session import Session
from auth_flow.session._stored import StoredSession, session_key, user_key
from auth_flow.states import ChooseFactor
from auth_flow.states._base import reveal
from auth_flow.states._devices import NewDevice
from auth_flow.states.steps import FirstFactorSelection, PasswordRequired, TotpCode
from auth_flow.stores import Entry, MemoryStore
from tests.embedded.conftest import signing_key  # noqa: F401 - a fixture
from tests.flow.scripted import (
    POOL,
    SUBJECT,
    Clock,
    Exchange,
    Script,
    initiate,
    jwt,
    respond,
    tokens,
)
from tests.flow.scripted import challenge as posed

from .service import USER, TokenService
from .test_embedded import PASSWORD, Place, open_place

pytestmark = pytest.mark.anyio

LEVEL = "urn:cognito:loa:"
HOUR = 3600.0
KEY = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def turnable() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
async def place(signing_key: SigningKey, turnable: TurnableClock) -> AsyncIterator[Place]:  # noqa: F811
    async with open_place(signing_key, turnable) as place:
        yield place


def give_app(place: Place) -> None:
    ada = place.embedded.user("ada")
    assert ada is not None
    ada.totp = Totp(secret=KEY)
    place.embedded.save(ada)


def app_code(place: Place) -> str:
    return totp.code(KEY, place.service.clock())


async def by_password(place: Place, store: MemoryStore | None = None) -> Session:
    """Sign in to level 1."""
    flow = AuthFlow(place.pool, transport=place.transport, clock=place.service.clock, store=store)
    event = SignIn(
        username="ada",
        password=PASSWORD,
        auth_flow_type="USER_AUTH",
        preferred_challenge="PASSWORD_SRP",
        acr_values=f"{LEVEL}1",
    )
    assert isinstance(await flow.send(event), Done)
    assert flow.session.access_token.claims.acr == f"{LEVEL}1"
    return flow.session


async def elsewhere(place: Place, session: Session, store: MemoryStore) -> Session:
    return await Session.load(
        place.pool,
        session_id=session.session_id,
        store=store,
        transport=place.transport,
        clock=place.service.clock,
    )


async def lease(store: MemoryStore, name: str, until: float) -> None:
    """Another process has begun a refresh."""
    entry = await store.load(name)
    assert entry is not None
    values = {**json.loads(entry.value), "leased_until": until}
    await store.save(name, json.dumps(values), expected=entry.version)


async def step_up(place: Place, session: Session) -> AuthFlow:
    give_app(place)
    flow = await session.step_up(acr=f"{LEVEL}4", max_age=300)
    assert flow.step == TotpCode()
    assert isinstance(await flow.send(EnterCode(code=app_code(place))), Done)
    return flow


async def test_the_tokens_of_a_step_up_replace_those_of_the_session(place: Place) -> None:
    session = await by_password(place)
    before = session.tokens
    flow = await step_up(place, session)
    assert flow.session is session
    claims = session.access_token.claims
    assert (claims.acr, claims.amr) == (f"{LEVEL}4", ("pwd", "otp", "mfa"))
    fresh = await session.fresh_tokens(force=True)
    assert fresh.access_token.claims.acr == f"{LEVEL}4"
    replaced = Session(place.pool, before, transport=place.transport, clock=place.service.clock)
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await replaced.fetch_user()


async def test_an_ordinary_session_proves_all_factors(place: Place) -> None:
    give_app(place)
    session = await place.sign_in()
    flow = await session.step_up(acr=f"{LEVEL}4")
    assert flow.step == FirstFactorSelection(available_challenges=("PASSWORD", "PASSWORD_SRP"))
    assert await flow.send(ChooseFactor(factor="PASSWORD_SRP")) == PasswordRequired()
    assert await flow.send(EnterPassword(password=PASSWORD)) == TotpCode()
    await flow.send(EnterCode(code=app_code(place)))
    assert session.access_token.claims.amr == ("pwd", "otp", "mfa")


async def test_a_step_up_that_fails_leaves_the_session_as_it_is(place: Place) -> None:
    session = await by_password(place)
    before = session.tokens
    with pytest.raises(InvalidParameterException, match="already satisfies"):
        await session.step_up(acr=f"{LEVEL}1")
    give_app(place)
    flow = await session.step_up(acr=f"{LEVEL}4")
    with pytest.raises(CodeMismatchException):
        await flow.send(EnterCode(code="000000"))
    assert session.tokens is before
    assert not flow.signed_in
    await session.fetch_user()


async def test_other_processes_go_on_with_the_new_tokens(place: Place) -> None:
    store = MemoryStore(place.service.clock)
    session = await by_password(place, store)
    other, third = [await elsewhere(place, session, store) for _ in range(2)]
    await step_up(place, session)
    await other.fetch_user()
    assert other.tokens == session.tokens
    assert (await third.sign_out()).revoked
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await session.fetch_user()
    with pytest.raises(SessionEnded):
        await session.fetch_user()


async def test_a_session_that_ended_elsewhere_meanwhile_stays_ended(place: Place) -> None:
    store = MemoryStore(place.service.clock)
    session = await by_password(place, store)
    give_app(place)
    flow = await session.step_up(acr=f"{LEVEL}4")
    other = await elsewhere(place, session, store)
    await other.sign_out()
    with pytest.raises(SessionEnded):
        await flow.send(EnterCode(code=app_code(place)))
    assert not session.active
    assert not flow.signed_in
    with pytest.raises(NoSession):
        await elsewhere(place, session, store)


async def test_another_sign_in_that_took_the_place_of_the_session_meanwhile_stays(
    place: Place,
) -> None:
    store = MemoryStore(place.service.clock)
    session, another = await by_password(place, store), await by_password(place)
    give_app(place)
    flow = await session.step_up(acr=f"{LEVEL}4")
    await Session(
        place.pool,
        another.tokens,
        session_id=session.session_id,
        store=store,
        transport=place.transport,
        clock=place.service.clock,
    ).keep()
    with pytest.raises(SessionEnded):
        await flow.send(EnterCode(code=app_code(place)))
    assert not session.active
    assert (await elsewhere(place, session, store)).access_token == another.access_token


async def test_the_tokens_that_another_process_refreshed_meanwhile_are_revoked(
    place: Place,
) -> None:
    store = MemoryStore(place.service.clock)
    session = await by_password(place, store)
    give_app(place)
    flow = await session.step_up(acr=f"{LEVEL}4")
    other = await elsewhere(place, session, store)
    refreshed = await other.fresh_tokens(force=True)
    await flow.send(EnterCode(code=app_code(place)))
    alone = Session(place.pool, refreshed, transport=place.transport, clock=place.service.clock)
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await alone.fetch_user()


async def test_the_last_of_two_step_ups_stays(place: Place, turnable: TurnableClock) -> None:
    store = MemoryStore(place.service.clock)
    session = await by_password(place, store)
    other = await elsewhere(place, session, store)
    give_app(place)
    name = session_key(place.pool, session.session_id)
    flows = [await each.step_up(acr=f"{LEVEL}4") for each in (session, other)]
    for flow in flows:
        await lease(store, name, turnable() + 1)
        await flow.send(EnterCode(code=app_code(place)))
        stepped_up_at = turnable()
        turnable.turn(minutes=1)
    first = session.tokens
    entry = await store.load(name)
    stored = StoredSession.of(entry.value) if entry else None
    assert stored is not None
    assert (stored.tokens, stored.login_id, stored.leased_until) == (other.tokens, "ada", 0)
    assert len(stored.earlier) == 2
    assert stored.expires_at == pytest.approx(stepped_up_at + AuthConfig().session_ttl, abs=30)
    await session.fetch_user()
    assert session.tokens == other.tokens
    alone = Session(place.pool, first, transport=place.transport, clock=place.service.clock)
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await alone.fetch_user()


async def test_an_entry_that_cannot_be_read_is_replaced(place: Place) -> None:
    store = MemoryStore(place.service.clock)
    session = await by_password(place, store)
    give_app(place)
    flow = await session.step_up(acr=f"{LEVEL}4")
    key = session_key(place.pool, session.session_id)
    entry = await store.load(key)
    assert entry is not None
    await store.save(key, "damaged", expected=entry.version, ttl=HOUR)
    await flow.send(EnterCode(code=app_code(place)))
    loaded = await elsewhere(place, session, store)
    assert loaded.tokens == session.tokens
    assert loaded.get_current_user().login_id == "ada"


async def test_a_refresh_in_another_process_does_not_undo_a_step_up(
    place: Place, turnable: TurnableClock
) -> None:
    store = MemoryStore(turnable)
    session = await by_password(place, store)
    other = await elsewhere(place, session, store)
    await step_up(place, session)
    assert await other.fresh_tokens(force=True) == session.tokens
    turnable.turn(hours=2)
    assert (await other.fresh_tokens()).access_token.claims.acr == f"{LEVEL}4"
    assert other.active


class Refusing(TokenService):
    """Refuses a refresh at the end, if it is to."""

    refuses = False

    async def call(self, operation: str, body: Any) -> dict[str, Any]:
        reply = await super().call(operation, body)
        if self.refuses and operation == "GetTokensFromRefreshToken":
            raise NotAuthorizedException("Refresh Token has been revoked", operation=operation)
        return reply


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_refresh_under_way_does_not_undo_a_step_up(clock: Clock, refuses: bool) -> None:
    script, service, notices = Script(), Refusing(clock), list[Notice]()
    session = Session(
        POOL,
        service.tokens(),
        transport=Both(script, service),
        clock=clock,
        observers=Observers([notices.append]),
    )
    token = reveal(session.access_token.text)
    levels = {"TARGET_ACR_VALUES": f"{LEVEL}4", "ACCESS_TOKEN": token}
    code = {"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": "123456"}
    stronger = service.issue()
    app = posed("SOFTWARE_TOKEN_MFA")
    script.expect(
        initiate("USER_AUTH", app, USERNAME="ada", **levels),
        respond("SOFTWARE_TOKEN_MFA", "session-1", {"AuthenticationResult": stronger}, **code),
    )
    flow = await session.step_up(acr=f"{LEVEL}4")
    service.refresh_token = "refresh-1"  # that of the session
    assert session.tokens.refresh_token is not None
    service.gate, service.refuses = anyio.Event(), refuses
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session.refresh, session.tokens)
        await anyio.wait_all_tasks_blocked()
        await flow.send(EnterCode(code="123456"))
        service.gate.set()
    assert reveal(session.access_token.text) == stronger["AccessToken"]
    assert service.operations.count("RevokeToken") == (0 if refuses else 1)
    of_the_session = [each for each in notices if not isinstance(each, StepEntered)]
    assert of_the_session == [TokensRefreshed("ada", SUBJECT)], "by the step-up alone"


async def test_a_refresh_in_another_process_does_not_undo_a_step_up_that_it_overlaps(
    service: TokenService, clock: Clock
) -> None:
    script, store = Script(), MemoryStore(clock)
    options: dict[str, Any] = {
        "store": store,
        "transport": Both(script, service),
        "clock": clock,
    }
    session = Session(POOL, service.tokens(), **options)
    await session.keep()
    other = await Session.load(POOL, session_id=session.session_id, **options)
    levels = {
        "TARGET_ACR_VALUES": f"{LEVEL}4",
        "ACCESS_TOKEN": reveal(session.access_token.text),
    }
    code = {"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": "123456"}
    now = int(clock())
    text = jwt(sub=SUBJECT, username=USER, origin_jti="step-up", iat=now, exp=now + 3600)
    stronger = {**service.issue(), "AccessToken": text}
    script.expect(
        initiate("USER_AUTH", posed("SOFTWARE_TOKEN_MFA"), USERNAME="ada", **levels),
        respond("SOFTWARE_TOKEN_MFA", "session-1", {"AuthenticationResult": stronger}, **code),
    )
    flow = await session.step_up(acr=f"{LEVEL}4")
    service.refresh_token = "refresh-1"  # that of the session
    clock.now += 1
    service.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other.refresh, other.tokens)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(flow.send, EnterCode(code="123456"))
        await anyio.wait_all_tasks_blocked()
        service.gate.set()
    assert reveal(session.access_token.text) == text
    assert other.tokens == session.tokens
    loaded = await Session.load(POOL, session_id=session.session_id, **options)
    assert loaded.tokens == session.tokens


@pytest.mark.parametrize("origin", ["sign-in", None])
@pytest.mark.parametrize("kept", [True, False])
async def test_what_a_step_up_changes_in_the_store(
    service: TokenService, clock: Clock, origin: str | None, kept: bool
) -> None:
    """A session that was never stored counts as one that has ended in another process."""
    script, store = Script(), MemoryStore(clock)
    claims = {"sub": SUBJECT, "username": USER, "exp": int(clock()) + 3600}
    first = jwt(**claims, **({"origin_jti": origin} if origin else {}))
    session = Session(
        POOL,
        Tokens.read(first, None, "refresh-0", 0.0),
        login_id="ada@example.org",
        transport=Both(script, service),
        clock=clock,
        store=store,
    )
    if kept:
        await session.keep()
    levels = {"TARGET_ACR_VALUES": f"{LEVEL}4", "ACCESS_TOKEN": first}
    code = {"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": "123456"}
    stronger = {
        **service.issue(),
        "AccessToken": jwt(**claims, origin_jti="step-up"),
        "NewDeviceMetadata": {"DeviceKey": "eu-west-1_0a1b", "DeviceGroupKey": "-group"},
    }
    script.expect(
        initiate("USER_AUTH", posed("SOFTWARE_TOKEN_MFA"), USERNAME="ada", **levels),
        respond("SOFTWARE_TOKEN_MFA", "session-1", {"AuthenticationResult": stronger}, **code),
    )
    flow = await session.step_up(acr=f"{LEVEL}4")
    clock.now += 60
    if not kept:
        with pytest.raises(SessionEnded, match="ended_elsewhere"):
            await flow.send(EnterCode(code="123456"))
        return
    revoked = [None] if origin else []  # tokens that name their sign-in can be revoked alone
    service.failures.extend([*revoked, ConnectionLost("gone", operation="ConfirmDevice")])
    await flow.send(EnterCode(code="123456"))
    assert service.operations == [*(["RevokeToken"] if origin else []), "ConfirmDevice"]

    name, end = session_key(POOL, session.session_id), clock() + AuthConfig().session_ttl
    listed = await store.load(user_key(POOL, USER))
    assert listed is not None
    assert json.loads(listed.value) == {session.session_id: end}
    device = NewDevice(key="eu-west-1_0a1b", group_key="-group")
    for damaged, new_device in ((False, device), (True, None)):
        entry = await store.load(name)
        assert entry is not None
        if damaged:
            await store.save(name, "damaged", expected=entry.version)
            await session.fresh_tokens(force=True)
            entry = await store.load(name)
            assert entry is not None
        assert StoredSession.of(entry.value) == StoredSession(
            session.tokens,
            USER,
            end,
            "ada@example.org",
            new_device=new_device,
            earlier=(origin,) if origin else (),
        )


async def test_the_tokens_have_to_be_the_users(
    service: TokenService,
    script: Script,
    clock: Clock,
) -> None:
    session = Session(POOL, service.tokens(), transport=script, clock=clock)
    token = reveal(session.access_token.text)
    script.expect(
        initiate(
            "USER_AUTH",
            tokens(AccessToken=jwt(sub="eve", username="eve")),
            USERNAME="ada",
            TARGET_ACR_VALUES=f"{LEVEL}4",
            MAX_AGE="0",
            ACCESS_TOKEN=token,
        )
    )
    with pytest.raises(MalformedResponse, match="another user") as caught:
        await session.step_up(acr=f"{LEVEL}4", max_age=0)
    assert caught.value.operation == "RespondToAuthChallenge"
    assert reveal(session.access_token.text) == token


class Beginning:
    """A session at level 1 whose step-up needs one code."""

    def __init__(self, service: TokenService, clock: Clock, store: MemoryStore) -> None:
        self.service, self.script = service, Script()
        self.notices: list[Notice] = []
        self.options: dict[str, Any] = {
            "transport": Both(self.script, service),
            "store": store,
            "clock": clock,
            "observers": Observers([self.notices.append]),
        }
        self.session = Session(POOL, service.tokens(), **self.options)

    async def begin(self, stronger: dict[str, Any]) -> AuthFlow:
        await self.session.keep()
        self.notices.clear()
        token = reveal(self.session.access_token.text)
        code = {"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": "123456"}
        self.script.expect(
            initiate(
                "USER_AUTH",
                posed("SOFTWARE_TOKEN_MFA"),
                USERNAME="ada",
                TARGET_ACR_VALUES=f"{LEVEL}4",
                ACCESS_TOKEN=token,
            ),
            respond("SOFTWARE_TOKEN_MFA", "session-1", {"AuthenticationResult": stronger}, **code),
        )
        return await self.session.step_up(acr=f"{LEVEL}4")

    async def elsewhere(self) -> Session:
        return await Session.load(POOL, session_id=self.session.session_id, **self.options)

    @property
    def revoked(self) -> list[str]:
        requests = self.service.requests
        return [body["Token"] for operation, body in requests if operation == "RevokeToken"]


CODE = EnterCode(code="123456")


@pytest.mark.parametrize(
    ("where", "reason"), [("here", "signed_out"), ("elsewhere", "ended_elsewhere")]
)
async def test_the_tokens_of_a_step_up_that_comes_too_late_are_revoked(
    service: TokenService, clock: Clock, where: str, reason: str
) -> None:
    place = Beginning(service, clock, MemoryStore(clock))
    flow = await place.begin(service.issue())
    await (place.session if where == "here" else await place.elsewhere()).sign_out()
    with pytest.raises(SessionEnded) as ended:
        await flow.send(CODE)
    assert ended.value.reason == reason
    assert place.revoked == ["refresh-1", "refresh-2"]
    assert not any(isinstance(notice, TokensRefreshed) for notice in place.notices)


@pytest.mark.parametrize(
    ("origin", "revoked"), [("another", ["refresh-1"]), ("origin", []), (None, [])]
)
async def test_replaced_tokens_are_revoked_if_they_are_certainly_of_another_sign_in(
    service: TokenService, clock: Clock, origin: str | None, revoked: list[str]
) -> None:
    place = Beginning(service, clock, MemoryStore(clock))
    named = {"origin_jti": origin} if origin else {}
    token = jwt(sub=SUBJECT, username="ada", exp=int(clock()) + 3600, **named)
    flow = await place.begin({**service.issue(), "AccessToken": token})
    await flow.send(CODE)
    assert place.revoked == revoked
    assert reveal(place.session.access_token.text) == token
    assert TokensRefreshed("ada", SUBJECT) in place.notices


async def test_a_store_that_fails_at_a_step_up_makes_no_reason_to_try_again(
    service: TokenService, clock: Clock
) -> None:
    class Broken(MemoryStore):
        broken = False

        async def save(self, *args: Any, **options: Any) -> str:
            if self.broken:
                raise StoreUnavailable("The disk is full.")
            return await super().save(*args, **options)

    store = Broken(clock)
    place = Beginning(service, clock, store)
    stronger = service.issue()
    flow = await place.begin(stronger)
    store.broken = True
    with pytest.raises(StoreUnavailable) as failed:
        await flow.send(CODE)
    assert not failed.value.retryable, "the service has accepted the code"
    assert reveal(place.session.access_token.text) == stronger["AccessToken"]


async def test_tokens_of_another_process_do_not_revive_a_session_that_has_ended(
    service: TokenService, clock: Clock
) -> None:
    class Slow(MemoryStore):
        reached: anyio.Event | None = None
        gate = anyio.Event()

        async def load(self, key: str) -> Entry | None:
            entry = await super().load(key)
            if self.reached and not self.reached.is_set():
                self.reached.set()
                await self.gate.wait()
            return entry

    store = Slow(clock)
    place = Beginning(service, clock, store)
    flow = await place.begin(service.issue())
    other = await place.elsewhere()
    await flow.send(CODE)
    service.failures.append(
        NotAuthorizedException("Access Token has been revoked", operation="GetUser")
    )
    store.reached, store.gate = anyio.Event(), anyio.Event()

    async def fetch() -> None:
        with pytest.raises(SessionEnded):
            await other.fetch_user()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fetch)
        await store.reached.wait()
        await other.sign_out()
        store.gate.set()
    assert not other.active


async def test_a_step_up_tells_the_service_of_the_sessions_device(
    service: TokenService, script: Script, clock: Clock
) -> None:
    context = UserContext(ip_address="192.0.2.1")
    session = Session(POOL, service.tokens(), transport=script, clock=clock, user_context=context)
    levels = {
        "TARGET_ACR_VALUES": f"{LEVEL}4",
        "ACCESS_TOKEN": reveal(session.access_token.text),
    }
    operation, body, reply = initiate(
        "USER_AUTH", posed("SOFTWARE_TOKEN_MFA"), USERNAME="ada", **levels
    )
    sent = {**body, "UserContextData": {"IpAddress": "192.0.2.1"}}
    script.expect(Exchange(operation, sent, reply))
    assert (await session.step_up(acr=f"{LEVEL}4")).step == TotpCode()


async def test_a_step_up_names_a_device_that_the_session_has_in_memory(
    service: TokenService, script: Script, clock: Clock
) -> None:
    device = NewDevice(key="eu-west-1_0a1b", group_key="-group")
    session = Session(
        POOL, service.tokens(), transport=Both(script, service), clock=clock, new_device=device
    )
    await session.keep()
    levels = {
        "TARGET_ACR_VALUES": f"{LEVEL}4",
        "ACCESS_TOKEN": reveal(session.access_token.text),
    }
    app = posed("SOFTWARE_TOKEN_MFA")
    script.expect(initiate("USER_AUTH", app, USERNAME="ada", DEVICE_KEY=device.key, **levels))
    assert (await session.step_up(acr=f"{LEVEL}4")).step == TotpCode()


async def test_starting_again_aims_at_the_same_level(script: Script) -> None:
    flow = AuthFlow(POOL, transport=script)
    levels = {"TARGET_ACR_VALUES": f"{LEVEL}4 {LEVEL}3", "MAX_AGE": "60"}
    app = posed("SOFTWARE_TOKEN_MFA")
    script.expect(
        initiate("USER_AUTH", app, USERNAME="ada", **levels, ACCESS_TOKEN="token"),
        initiate("USER_AUTH", app, USERNAME="ada", **levels),
    )
    event = SignIn(
        username="ada",
        auth_flow_type="USER_AUTH",
        acr_values=levels["TARGET_ACR_VALUES"],
        max_age=60,
        access_token="token",
    )
    await flow.send(event)
    assert "token" not in str(flow.record.to_json())
    await flow.start_again()


@pytest.mark.parametrize(
    "options",
    [
        {"acr_values": "x"},
        {"auth_flow_type": "USER_AUTH", "max_age": 1},
        {"auth_flow_type": "USER_AUTH", "access_token": "secret-token"},
        {"auth_flow_type": "USER_AUTH", "acr_values": "x", "max_age": -1},
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        SignIn(username="ada", **options)
    assert "secret-token" not in str(caught.value)


class Both:
    """The script for sign-ins, and the service for everything else."""

    def __init__(self, script: Script, service: TokenService) -> None:
        self._script, self._service = script, service

    async def call(self, operation: str, body: Any) -> dict[str, Any]:
        signs_in = operation in ("InitiateAuth", "RespondToAuthChallenge")
        return await (self._script if signs_in else self._service).call(operation, body)

    async def aclose(self) -> None: ...
