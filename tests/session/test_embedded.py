"""A session against the embedded pool, which keeps the rules of the service for real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio
import httpx
import pytest

from auth_flow import AuthFlow, SignIn, UserPool
from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    EmbeddedUserPool,
    PoolSettings,
    RefreshTokenRotation,
    SigningKey,
    TurnableClock,
)
from auth_flow.embedded import _totp as totp
from auth_flow.errors import (
    InvalidToken,
    NotAuthorizedException,
    NotSignedIn,
    RefreshTokenReuseException,
    SessionEnded,
)
from auth_flow.session import Session
from auth_flow.states._base import reveal
from auth_flow.stores import MemoryStore
from auth_flow.transports import CognitoTransport
from auth_flow.verification import TokenVerifier
from tests.embedded.conftest import signing_key  # noqa: F401 - a fixture

pytestmark = pytest.mark.anyio

PASSWORD = "Correct-Horse-1"
EMAIL = "ada@example.org"


class Place:
    """One pool with one user, a transport to it, and sessions from signing in there."""

    def __init__(
        self, service: EmbeddedCognito, pool: EmbeddedUserPool, http: httpx.AsyncClient
    ) -> None:
        self.service, self.http = service, http
        self.embedded = pool
        self.transport = CognitoTransport("http://embedded", client=http)
        self.pool = self.client(ClientSettings())

    def client(self, settings: ClientSettings) -> UserPool:
        client = self.embedded.create_client(settings)
        return UserPool(
            user_pool_id=self.embedded.id, client_id=client.id, client_secret=client.secret
        )

    async def sign_in(
        self,
        pool: UserPool | None = None,
        store: MemoryStore | None = None,
        password: str = PASSWORD,
    ) -> Session:
        flow = AuthFlow(
            pool or self.pool, transport=self.transport, clock=self.service.clock, store=store
        )
        await flow.send(SignIn(username="ada", password=password))
        return flow.session

    def code(self) -> str:
        return self.service.outbox.messages[-1].code


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@asynccontextmanager
async def open_place(signing_key: SigningKey, clock: TurnableClock) -> AsyncIterator[Place]:  # noqa: F811
    service = EmbeddedCognito(clock=clock)
    pool = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"), key=signing_key)
    pool.create_user("ada", PASSWORD, attributes={"email": EMAIL})
    async with service.http_client() as http:
        yield Place(service, pool, http)


@pytest.fixture
async def place(signing_key: SigningKey, clock: TurnableClock) -> AsyncIterator[Place]:  # noqa: F811
    async with open_place(signing_key, clock) as place:
        yield place


async def test_a_session_lives_as_long_as_its_refresh_token(
    place: Place, clock: TurnableClock
) -> None:
    session = await place.sign_in()
    for _ in range(29):
        clock.turn(days=1)
        assert (await session.fetch_user_attributes())["email"] == EMAIL
    clock.turn(days=1)
    with pytest.raises(NotSignedIn, match="NotAuthorizedException"):
        await session.fetch_user_attributes()


async def test_a_client_with_a_secret(place: Place, clock: TurnableClock) -> None:
    session = await place.sign_in(place.client(ClientSettings(generate_secret=True)))
    clock.turn(hours=2)
    await session.fetch_user()
    assert (await session.sign_out()).revoked


async def test_rotation_and_many_processes(place: Place, clock: TurnableClock) -> None:
    """Without any grace period: the second use of a refresh token would end the session for all."""
    rotation = RefreshTokenRotation(feature="ENABLED", retry_grace_period_seconds=0)
    pool, store = place.client(ClientSettings(refresh_token_rotation=rotation)), MemoryStore(clock)
    first = await place.sign_in(pool, store)
    load = partial(Session.load, pool, "ada", store=store, transport=place.transport, clock=clock)
    sessions = [first, await load(), await load(), await load()]
    for _ in range(25):
        clock.turn(hours=1)
        async with anyio.create_task_group() as tasks:
            for session in sessions * 3:
                tasks.start_soon(session.fetch_user)
    assert all(session.active for session in sessions)
    spent = first.tokens
    await first.fresh_tokens(force=True)
    stolen = Session(pool, spent, transport=place.transport, clock=clock)
    with pytest.raises(NotSignedIn) as raised:
        await stolen.fresh_tokens(force=True)
    assert isinstance(raised.value.__cause__, RefreshTokenReuseException)


async def test_sign_out_here_and_everywhere(place: Place) -> None:
    one, two, three = [await place.sign_in() for _ in range(3)]
    held = one.tokens
    assert (await one.sign_out()).revoked
    again = Session(place.pool, held, transport=place.transport, clock=place.service.clock)
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await again.fetch_user()
    with pytest.raises(SessionEnded):
        await again.fetch_user()
    await two.fetch_user()
    assert (await two.sign_out(global_=True)).revoked
    with pytest.raises(NotAuthorizedException, match="revoked"):
        await three.fetch_user()
    with pytest.raises(SessionEnded) as raised:
        await three.fetch_user()
    assert raised.value.reason == "NotAuthorizedException"
    assert not three.active


async def test_attributes(place: Place) -> None:
    session = await place.sign_in()
    updates = await session.update_user_attributes({"email": "new@example.org", "nickname": "Ada"})
    assert updates["nickname"].updated
    assert updates["email"].next_step == "CONFIRM_ATTRIBUTE_WITH_CODE"
    await session.confirm_user_attribute("email", place.code())
    attributes = await session.fetch_user_attributes()
    assert (attributes["email"], attributes["email_verified"]) == ("new@example.org", "true")
    await session.delete_user_attributes(["nickname"])
    assert "nickname" not in await session.fetch_user_attributes()


async def test_a_second_factor(place: Place, clock: TurnableClock) -> None:
    session = await place.sign_in()
    registration = await session.set_up_totp()
    await session.verify_totp_setup(totp.code(registration.shared_secret, clock()))
    await session.update_mfa_preference(totp="PREFERRED", email="ENABLED")
    await session.update_mfa_preference(email="NOT_PREFERRED", keep_preferred=True)
    preference = await session.fetch_mfa_preference()
    assert preference.preferred == "TOTP"
    assert set(preference.enabled) == {"TOTP", "EMAIL"}
    assert "PASSWORD" in (await session.fetch_auth_factors()).configured


async def test_a_new_password(place: Place) -> None:
    session = await place.sign_in()
    with pytest.raises(NotAuthorizedException):
        await session.update_password("Another-Horse-1", old_password="wrong")
    await session.update_password("Another-Horse-1", old_password=PASSWORD)
    await place.sign_in(password="Another-Horse-1")


async def test_passkeys_and_devices_of_a_new_user(place: Place) -> None:
    session = await place.sign_in()
    options = await session.start_passkey_registration()
    assert options.user.name == "ada"
    assert (await session.list_passkeys()).credentials == []
    assert await session.fetch_devices() == []


async def test_a_deleted_user_is_gone(place: Place) -> None:
    session = await place.sign_in()
    other = await place.sign_in()
    await session.delete_user()
    with pytest.raises(NotSignedIn):
        await other.fresh_tokens(force=True)


async def test_tokens_verify_against_the_pools_keys(place: Place, clock: TurnableClock) -> None:
    url = f"http://embedded/{place.embedded.id}/.well-known/jwks.json"
    verifier = TokenVerifier(place.pool, jwks_url=url, client=place.http, clock=clock)
    tokens = (await place.sign_in()).tokens
    assert tokens.id_token is not None
    assert (await verifier.verify(tokens.access_token.text)).username == "ada"
    assert (await verifier.verify(tokens.id_token.text, "id")).cognito_username == "ada"
    with pytest.raises(InvalidToken):
        await verifier.verify(reveal(tokens.access_token.text)[:-6] + "AAAAAA")
    other = await place.sign_in(place.client(ClientSettings()))
    with pytest.raises(InvalidToken, match="another client"):
        await verifier.verify(other.access_token.text)
    clock.turn(hours=2)
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(tokens.access_token.text)
