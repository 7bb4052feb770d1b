"""Which web pages may call the served pool: the Host check and CORS."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from auth_flow.embedded import EmbeddedCognito, SigningKey, running
from tests.embedded.wire import Wire

pytestmark = pytest.mark.anyio

AMPLIFY_ASKS = (
    "content-type, x-amz-target, x-amz-user-agent, amz-sdk-invocation-id, amz-sdk-request, "
    "cache-control, authorization, x-amz-date, x-amz-content-sha256"
)


def preflight(origin: str) -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": AMPLIFY_ASKS,
    }


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:5173",
        "https://127.0.0.1:8443",
        "http://[::1]:3000",
        "https://app.localhost",
        "http://embedded",
    ],
)
async def test_a_page_of_this_machine_may_call(wire: Wire, origin: str) -> None:
    answer = await wire.http.options("/", headers=preflight(origin))
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-headers"] == AMPLIFY_ASKS
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, OPTIONS"
    assert answer.headers["access-control-max-age"] == "7200"
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-private-network" not in answer.headers
    private = {**preflight(origin), "access-control-request-private-network": "true"}
    answer = await wire.http.options("/", headers=private)
    assert answer.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://localhost.evil.example", "null", "file://", "http://["),
        *("http://192.168.0.7", "http://notlocalhost", "app://localhost", "http://8.8.8.8"),
    ],
)
async def test_a_page_of_elsewhere_may_not(wire: Wire, origin: str) -> None:
    answer = await wire.http.options("/", headers=preflight(origin))
    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-headers" not in answer.headers
    assert (answer.status_code, answer.headers["vary"]) == (204, "Origin")


async def test_errors_keys_and_discovery_can_be_read_by_a_page(wire: Wire) -> None:
    page = {"origin": "http://localhost:5173"}
    refused = await wire.http.post("/", headers=page)
    assert refused.status_code == 400
    documents = [
        await wire.http.get(f"/{wire.pool.id}/.well-known/{name}", headers=page)
        for name in ("jwks.json", "openid-configuration", "nothing")
    ]
    for answer in (refused, *documents):
        assert answer.headers["access-control-allow-origin"] == page["origin"]
        exposed = answer.headers["access-control-expose-headers"]
        assert exposed == "x-amzn-requestid, x-amzn-errortype"
    without = await wire.http.post("/")
    assert "access-control-allow-origin" not in without.headers


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ("https://app.example.org/", "https://app.example.org"),
        ("https://App.example.org", "https://app.EXAMPLE.org"),
        ("*", "https://anything.example"),
    ],
)
async def test_further_origins(allowed: str, origin: str) -> None:
    service = EmbeddedCognito(allow_origins=[allowed])
    async with service.http_client() as http:
        answer = await http.get("/health", headers={"origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:9229", "", "[", "a b"])
async def test_a_host_that_is_not_this_machine(wire: Wire, host: str) -> None:
    answer = await wire.http.get("/health", headers={"host": host})
    assert answer.status_code == 421
    assert "--allow-host" in answer.json()["message"]
    assert list(answer.json()) == ["message"]


@pytest.mark.parametrize(
    "host",
    [
        *("localhost:9229", "127.0.0.1", "[::1]:9229", "192.168.0.7:9229", "cognito:9229"),
        *("app.localhost", "embedded", "COGNITO"),
    ],
)
async def test_hosts_of_this_machine_and_of_a_container(host: str) -> None:
    service = EmbeddedCognito(allow_hosts=["Cognito"])
    async with service.http_client() as http:
        answer = await http.get("/health", headers={"host": host})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_head_has_the_headers_and_no_body(wire: Wire) -> None:
    path = f"http://embedded//{wire.pool.id}/.well-known/jwks.json"
    whole, head = await wire.http.get(path), await wire.http.head(path)
    assert (whole.status_code, head.status_code) == (200, 200)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))


async def test_a_server_that_begins_and_ends_is_answered() -> None:
    asked = iter(["startup", "shutdown"])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"lifespan.{next(asked)}"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    service = EmbeddedCognito()
    await service({"type": "lifespan"}, receive, send)
    assert sent == [{"type": f"lifespan.{each}.complete"} for each in ("startup", "shutdown")]
    sent.clear()
    await service({"type": "websocket"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1002}]


async def test_a_client_that_goes_away_is_not_heard() -> None:
    statuses: list[int] = []
    events = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> dict[str, Any]:
        return next(events, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        statuses.extend(message[name] for name in ("status",) if name in message)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    await EmbeddedCognito()({**scope, "scheme": "http"}, receive, send)
    assert statuses == [413]


async def test_requests_to_other_services_leave_the_process() -> None:
    service = EmbeddedCognito()
    async with service.outbound() as http:
        assert (await http.get("http://embedded/health")).json() == {"status": "ok"}
        assert http.timeout == httpx.Timeout(10)
        with pytest.raises(httpx.ConnectError):
            await http.get("http://localhost:1/health")


def test_a_websocket_is_refused(signing_key: SigningKey) -> None:
    with running(EmbeddedCognito()) as url:
        port = httpx.URL(url).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            status = int(connection.recv(4096).split(b" ")[1])
        assert 400 <= status < 500
