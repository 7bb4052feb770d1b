from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest

from auth_flow import Tokens
from auth_flow.errors import ConnectFailed, NotSignedIn
from auth_flow.session import Session
from tests.flow.scripted import POOL, Clock

from .service import HOUR, TokenService

pytestmark = pytest.mark.anyio


class Resource:
    """An ASGI application that accepts one bearer token, and echoes the body of a request that has
    it.
    """

    def __init__(self) -> None:
        self.accepted = ""
        self.seen: list[str] = []

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message["body"]
            if not message.get("more_body"):
                break
        given = dict(scope["headers"]).get(b"authorization", b"").decode()
        self.seen.append(given)
        status = 200 if given == f"Bearer {self.accepted}" else 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body if status == 200 else b""})


@pytest.fixture
def resource() -> Resource:
    return Resource()


def held(session: Session) -> str:
    return session.access_token.text.get_secret_value()


def client(resource: Resource, session: Session) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(resource)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://resource", auth=session.auth())


async def test_the_token_is_put_on_the_request(resource: Resource, service: TokenService) -> None:
    session = service.session()
    resource.accepted = held(session)
    async with client(resource, session) as http:
        assert (await http.post("/", content=b"hello")).text == "hello"
    assert service.requests == []


async def test_an_expired_token_is_not_even_sent(
    resource: Resource, service: TokenService, clock: Clock
) -> None:
    session = service.session()
    old = held(session)
    clock.now += HOUR
    async with client(resource, session) as http:
        await http.get("/")
    assert f"Bearer {old}" not in resource.seen


async def test_after_a_401_there_is_one_refresh_and_one_more_try(
    resource: Resource, service: TokenService
) -> None:
    session = service.session()
    resource.accepted = "never"
    async with client(resource, session) as http:
        response = await http.post("/", content=b"hello")
    assert response.status_code == 401
    assert service.operations == ["GetTokensFromRefreshToken"]
    assert len(set(resource.seen)) == 2


async def test_concurrent_requests_share_the_refresh(
    resource: Resource, service: TokenService
) -> None:
    """The resource takes the next token only, as after a revocation."""
    session = service.session()
    upcoming = TokenService(service.clock)
    upcoming.issue()
    resource.accepted = upcoming.issue()["AccessToken"]
    statuses: list[int] = []

    async def get(http: httpx.AsyncClient) -> None:
        statuses.append((await http.post("/", content=b"again")).status_code)

    async with client(resource, session) as http, anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(get, http)
    assert statuses == [200] * 50
    assert service.operations == ["GetTokensFromRefreshToken"]


async def test_a_stream_is_not_sent_twice(resource: Resource, service: TokenService) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"once"

    async with client(resource, service.session()) as http:
        assert (await http.post("/", content=body())).status_code == 401
    assert len(resource.seen) == 1


async def test_a_refusal_stands_where_nothing_can_be_refreshed(
    resource: Resource, service: TokenService, clock: Clock
) -> None:
    session = Session(
        POOL, Tokens.read(service.tokens().access_token.text), transport=service, clock=clock
    )
    async with client(resource, session) as http:
        assert (await http.get("/")).status_code == 401


async def test_errors_of_the_session_are_raised_as_they_are(
    resource: Resource, service: TokenService
) -> None:
    session = service.session()
    async with client(resource, session) as http:
        service.failures.append(ConnectFailed("No.", operation="GetTokensFromRefreshToken"))
        with pytest.raises(ConnectFailed):
            await http.get("/")
        await session.sign_out()
        with pytest.raises(NotSignedIn):
            await http.get("/")
