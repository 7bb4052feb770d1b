"""What every way to carry a request owes the flow: our pool, those of httpx and httpx2, and an
application in this process.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from anyio.abc import ByteStream

from auth_flow.errors import MalformedResponse, NotAuthorizedException
from auth_flow.transports import CognitoTransport, ConnectionPool, Transport, http_transport
from auth_flow.transports._clients import HttpClient
from tests.transports.faults import fault_server, http

pytestmark = pytest.mark.anyio

_REFUSAL = {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}


async def _service(operation: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """Answers a call by what is asked of it."""
    match operation:
        case "GetUser":
            return 200, json.dumps(body).encode()
        case "DeleteUser":
            return 200, b""
        case "InitiateAuth":
            return 400, json.dumps(_REFUSAL).encode()
        case "ListDevices":
            return 200, b"<html>"
        case _:
            await anyio.sleep_forever()
            raise AssertionError


async def _application(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    target, body, more = dict(scope["headers"])[b"x-amz-target"].decode(), b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    status, content = await _service(target.rpartition(".")[2], json.loads(body))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"x-amzn-requestid", b"id-1")],
        }
    )
    await send({"type": "http.response.body", "body": content})


@pytest.fixture(
    params=[
        "default",
        "pool",
        "client over pool",
        *("httpx", "httpx bare", "application"),
        *("httpx2", "httpx2 bare", "httpx2 application"),
    ]
)
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    async def answer(stream: ByteStream) -> None:
        asked = server.requests[-1]
        status, content = await _service(asked.operation, json.loads(asked.content))
        await stream.send(http(content, status, {"x-amzn-requestid": "id-1"}))

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(fault_server(answer))
        client: HttpClient | None
        match request.param:
            case "default":
                client = None
            case "pool":
                client = await stack.enter_async_context(http_transport(server.url))
            case "client over pool":
                client = await stack.enter_async_context(
                    httpx.AsyncClient(transport=ConnectionPool())
                )
            case "httpx":
                client = await stack.enter_async_context(httpx.AsyncClient())
            case "httpx bare":
                client = await stack.enter_async_context(httpx.AsyncHTTPTransport())
            case "httpx2":
                client = await stack.enter_async_context(httpx2.AsyncClient())
            case "httpx2 bare":
                client = await stack.enter_async_context(httpx2.AsyncHTTPTransport())
            case "httpx2 application":
                client = httpx2.ASGITransport(_application)
            case _:
                client = httpx.ASGITransport(_application)
        yield await stack.enter_async_context(CognitoTransport(server.url, client=client))


async def test_a_reply_is_decoded(transport: Transport) -> None:
    body = {"Username": "ada ü", "UserAttributes": [{"Name": "sub", "Value": "1"}]}
    assert await transport.call("GetUser", body) == body


async def test_a_reply_without_a_body_is_empty(transport: Transport) -> None:
    assert await transport.call("DeleteUser", {}) == {}


async def test_a_refusal_is_the_error_of_its_name(transport: Transport) -> None:
    with pytest.raises(NotAuthorizedException) as refusal:
        await transport.call("InitiateAuth", {})
    error = refusal.value
    assert (error.message, error.operation, error.status, error.request_id) == (
        _REFUSAL["message"],
        "InitiateAuth",
        400,
        "id-1",
    )


async def test_what_is_no_reply_is_malformed(transport: Transport) -> None:
    with pytest.raises(MalformedResponse):
        await transport.call("ListDevices", {})


async def test_cancelling_is_safe(transport: Transport) -> None:
    for _ in range(12):
        with anyio.move_on_after(0.01):
            await transport.call("RespondToAuthChallenge", {})
    assert await transport.call("GetUser", {}) == {}


async def test_calls_at_once_get_each_their_own_reply(transport: Transport) -> None:
    replies: dict[int, object] = {}

    async def call(number: int) -> None:
        replies[number] = (await transport.call("GetUser", {"number": number}))["number"]

    async with anyio.create_task_group() as calls:
        for number in range(40):
            calls.start_soon(call, number)
    assert replies == {number: number for number in range(40)}
