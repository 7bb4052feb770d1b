"""Plain HTTP requests beside Cognito's API, over real sockets."""

from __future__ import annotations

import inspect
from functools import partial

import anyio
import httpx
import pytest
from anyio.abc import ByteStream

from auth_flow.errors import (
    ConnectFailed,
    ConnectionLost,
    MalformedResponse,
    TimedOut,
    TransportClosed,
)
from auth_flow.transports import CognitoTransport, Fetched, Fetcher, HttpFetcher, Timeouts
from tests.transports.faults import break_after, fault_server, hang, http, send

pytestmark = pytest.mark.anyio

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_form_goes_out_as_it_is_and_any_status_comes_back() -> None:
    async with fault_server(send(http(b'{"error": "invalid_grant"}', 400))) as server:
        fetcher = HttpFetcher()
        answer = await fetcher.fetch(
            "POST", f"{server.url}oauth2/token", headers=FORM, content=b"a=1"
        )
        await fetcher.aclose()
    assert answer == Fetched(400, b'{"error": "invalid_grant"}')
    (request,) = server.requests
    assert request.line == "POST /oauth2/token HTTP/1.1"
    assert request.content == b"a=1"
    assert request.headers["content-type"] == FORM["content-type"]


@pytest.mark.parametrize("through", ["own connections", "a client", "a transport"])
async def test_the_cognito_transport_fetches_over_the_same_client(through: str) -> None:
    async with fault_server(send(http(b"{}"))) as server, httpx.AsyncClient() as client:
        given = {"own connections": None, "a client": client, "a transport": client._transport}
        async with CognitoTransport("http://127.0.0.1:9", client=given[through]) as transport:
            assert isinstance(transport, Fetcher)
            address = f"{server.url}/token?x=1"
            answer = await transport.fetch("POST", address, headers={}, content=b"a=1")
    assert answer == Fetched(200, b"{}")
    assert server.requests[0].content == b"a=1"


async def test_a_redirection_is_an_answer_and_is_not_followed() -> None:
    moved = send(http(b"", 302, {"location": "http://127.0.0.1:9/"}))
    async with fault_server(moved) as server, httpx.AsyncClient(follow_redirects=True) as client:
        answer = await HttpFetcher(client).fetch("GET", server.url, headers={})
    assert answer.status == 302
    assert server.requests[0].line == "GET / HTTP/1.1"


@pytest.mark.parametrize(("method", "retryable"), [("GET", True), ("POST", False)])
async def test_a_lost_answer_is_retryable_only_if_the_request_may_be_repeated(
    method: str, retryable: bool
) -> None:
    async with fault_server(break_after(b"HTTP/1.1 200")) as server:
        fetcher = HttpFetcher()
        with pytest.raises(ConnectionLost) as caught:
            await fetcher.fetch(method, f"{server.url}?code=secret", headers={}, content=b"")
        await fetcher.aclose()
    assert caught.value.retryable is retryable
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("method", "retryable"), [("GET", True), ("POST", False)])
@pytest.mark.parametrize("limit", ["total", "read"])
async def test_an_answer_has_its_time(method: str, retryable: bool, limit: str) -> None:
    async with fault_server(hang) as server:
        fetcher = HttpFetcher(timeouts=Timeouts(**{limit: 0.1}))
        with anyio.fail_after(5), pytest.raises(TimedOut) as caught:
            await fetcher.fetch(method, f"{server.url}?code=secret", headers={})
        await fetcher.aclose()
    assert caught.value.operation == f"{method} {server.url}"
    assert caught.value.retryable is retryable


async def test_an_answer_has_its_size() -> None:
    async with fault_server(send(http(b"x" * 100))) as server:
        fetcher = HttpFetcher(max_reply_bytes=99)
        with pytest.raises(MalformedResponse):
            await fetcher.fetch("GET", server.url, headers={})
        await fetcher.aclose()


def test_an_answer_has_at_most_a_mebibyte() -> None:
    assert inspect.signature(HttpFetcher).parameters["max_reply_bytes"].default == 1024 * 1024


async def test_no_more_than_eight_requests_are_under_way_at_once() -> None:
    go = anyio.Event()

    async def answer(stream: ByteStream) -> None:
        if len(server.requests) > 8:
            go.set()
        await go.wait()
        await stream.send(http(b"{}"))

    fetcher = HttpFetcher()
    async with fault_server(answer) as server, anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(partial(fetcher.fetch, "GET", server.url, headers={}))
        await server.arrived(8)
        await anyio.wait_all_tasks_blocked()
        assert server.connections == 8
        go.set()
    assert (server.connections, len(server.requests)) == (8, 12)
    await fetcher.aclose()


async def test_a_closed_fetcher_leaves_no_connection_and_opens_none() -> None:
    async with fault_server(send(http(b"{}"))) as server:
        fetcher = HttpFetcher()
        await fetcher.fetch("GET", server.url, headers={})
        await fetcher.fetch("GET", server.url, headers={})
        assert server.connections == 1
        await fetcher.aclose()
        await server.closed()
        with pytest.raises(TransportClosed):
            await fetcher.fetch("GET", server.url, headers={})
    assert len(server.requests) == 2


async def test_an_address_that_is_none_sends_nothing() -> None:
    with pytest.raises(ConnectFailed) as caught:
        await HttpFetcher().fetch("GET", "http://exa mple", headers={})
    assert caught.value.operation == "GET http://exa mple"
