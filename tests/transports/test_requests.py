"""Requests that cannot be made are refused before anything is sent, and errors hold no secret."""

from __future__ import annotations

import traceback

import httpx
import httpx2
import pytest

from auth_flow import UserPool
from auth_flow.errors import AuthFlowError, ConnectFailed, ConnectionLost, InvalidRequest, TimedOut
from auth_flow.transports import CognitoTransport, Retries, Timeouts
from tests.transports.faults import Act, break_after, fault_server, hang, http, say, send

pytestmark = pytest.mark.anyio

SECRET = "Marker-Secret-1"
_OK = say({})


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (None, "https://cognito-idp.eu-west-1.amazonaws.com"),
        ("http://127.0.0.1:9/pools/1", "http://127.0.0.1:9/pools/1"),
    ],
)
async def test_a_pool_names_the_service(endpoint: str | None, url: str) -> None:
    pool = UserPool(user_pool_id="eu-west-1_Abc", client_id="1example", endpoint=endpoint)
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={})

    async with CognitoTransport(pool, client=httpx.MockTransport(answer)) as transport:
        await transport.call("GetUser", {})
    assert [text.rstrip("/") for text in seen] == [url]


def test_a_pool_without_a_region_needs_an_endpoint() -> None:
    with pytest.raises(ValueError, match="region"):
        CognitoTransport(UserPool(user_pool_id="local_Abc", client_id="1example"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", f"{SECRET}\r\nx-b: 1"),
        ("x-a", f"{SECRET}\n"),
        ("x-a", f" {SECRET}"),
        ("x-a", f"{SECRET} "),
        ("x-a", f"{SECRET}ü"),
        ("x-a", f"{SECRET}\0"),
        ("x a", SECRET),
        ("", SECRET),
        ("x-ä", SECRET),
    ],
)
def test_a_header_that_http_does_not_allow_is_refused_at_once(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent") as refused:
        CognitoTransport("http://127.0.0.1:9", headers={name: value})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("value", ["", "a", "a b", "a\tb", "Bearer ~!@"])
def test_other_headers_are_taken(value: str) -> None:
    CognitoTransport("http://127.0.0.1:9", headers={"X-A": value})


@pytest.mark.parametrize("operation", ["", "Get User", "GetUser\r\nx-a: 1", "GetÜser", "1"])
async def test_an_operation_that_is_no_name_is_refused(operation: str) -> None:
    async with fault_server(_OK) as server, CognitoTransport(server.url) as transport:
        with pytest.raises(InvalidRequest, match="not the name of an operation"):
            await transport.call(operation, {})
        assert await transport.call("GetUser", {}) == {}
    assert len(server.requests) == 1


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_a_refused_header_of_the_callers_client_is_no_broken_connection(
    library: object,
) -> None:
    async def spoil(request: httpx.Request) -> None:
        request.headers["x-own"] = f"{SECRET}\n"

    async with (
        fault_server(_OK) as server,
        library.AsyncClient(event_hooks={"request": [spoil]}) as client,  # type: ignore[attr-defined]
        CognitoTransport(server.url, client=client) as transport,
    ):
        with pytest.raises(InvalidRequest, match="headers") as refused:
            await transport.call("GetUser", {})
    assert SECRET not in _everything_about(refused.value)
    assert not server.requests


@pytest.mark.parametrize(
    "client",
    [
        object(),
        "http://127.0.0.1",
        httpx.Client,
        lambda: httpx.Client(),
        lambda: httpx2.Client(),
        lambda: httpx.HTTPTransport(),
    ],
)
def test_a_client_of_another_kind_is_refused_at_once(client: object) -> None:
    client = client() if callable(client) and not isinstance(client, type) else client
    with pytest.raises(TypeError, match="AsyncClient"):
        CognitoTransport("http://127.0.0.1:9", client=client)  # type: ignore[arg-type]
    if isinstance(client, httpx.Client | httpx2.Client | httpx.HTTPTransport):
        client.close()


# On trio, httpx leaves its inner generators behind if a reply is not read to its end.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <async_generator object ")
@pytest.mark.parametrize("through", ["own connections", "httpx", "httpx2"])
@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (break_after(b""), ConnectionLost),
        (break_after(b"HTTP/1.1 2"), ConnectionLost),
        (hang, TimedOut),
        (send(http(b"x" * 4096)), AuthFlowError),
        (say({"__type": "NotAuthorizedException"}, 400), AuthFlowError),
        (say({"__type": "InternalErrorException"}, 500), AuthFlowError),
        (None, ConnectFailed),
    ],
)
async def test_an_error_holds_nothing_of_the_request(
    through: str, act: Act | None, kind: type[AuthFlowError]
) -> None:
    """Neither its chain nor the values of its frames, which crash reporters record."""
    make = {"own connections": None, "httpx": httpx.AsyncClient, "httpx2": httpx2.AsyncClient}
    make_client = make[through]
    read = 0.05 if act is hang else 5.0
    client = make_client(timeout=(5.0, read, 5.0, 5.0)) if make_client else None
    async with fault_server(act or _OK) as server:
        url = server.url if act else "http://127.0.0.1:9/"
        transport = CognitoTransport(
            url,
            client=client,
            retries=Retries(attempts=2, random=lambda: 0.0),
            timeouts=Timeouts(read=read),
            max_reply_bytes=1024,
        )
        with pytest.raises(kind) as failed:
            await _call(transport)
        await transport.aclose()
        if client is not None:
            await client.aclose()
    assert failed.value.__context__ is None
    assert SECRET not in _everything_about(failed.value)


async def _call(transport: CognitoTransport) -> None:
    await transport.call("SignUp", {"Password": SECRET[:7] + SECRET[7:]})


def _everything_about(error: BaseException) -> str:
    """What a crash reporter sees: the chain, and every frame but the test's with its values."""
    assert error.__traceback__ is not None
    frames = error.__traceback__.tb_next
    report = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    return "".join(report.format(chain=True))
