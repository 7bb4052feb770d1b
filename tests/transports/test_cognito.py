"""The Cognito transport against a server that does everything wrong."""

from __future__ import annotations

import json
import logging
import socket
import struct
import sys
import time
import traceback
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import botocore.serialize
import botocore.session
import httpx
import httpx2
import pytest
from anyio.abc import ByteStream, SocketAttribute

from auth_flow.errors import (
    AuthFlowError,
    ConnectFailed,
    ConnectionLost,
    InternalErrorException,
    InvalidRequest,
    LimitExceededException,
    MalformedResponse,
    NotAuthorizedException,
    TimedOut,
    TooManyRequestsException,
    TransportClosed,
)
from auth_flow.transports import CognitoTransport, ConnectionPool, Retries, Timeouts, _wire
from auth_flow.transports._tls import make_context
from tests.transports.faults import (
    Act,
    FaultServer,
    break_after,
    drip,
    fault_server,
    hang,
    http,
    say,
    send,
)

pytestmark = pytest.mark.anyio

_AT_ONCE = Retries(random=lambda: 0.0)
_SIGN_IN = {
    "AuthFlow": "USER_PASSWORD_AUTH",
    "ClientId": "1example23456789",
    "AuthParameters": {"USERNAME": "ada", "PASSWORD": "Correct-Horse-ü"},
}
_WHOLE = http(json.dumps({"Username": "eyJ-a-token"}).encode())
_THROTTLED = say({"__type": "TooManyRequestsException", "message": "Slow down."}, 400)
_FAILED = say({"__type": "InternalErrorException", "message": "Oops."}, 500)
_OK = say({"Username": "ada"})


def _transport(server: FaultServer, **timeouts: float) -> CognitoTransport:
    return CognitoTransport(server.url, retries=_AT_ONCE, timeouts=Timeouts(**timeouts))


async def test_a_request_is_the_one_that_botocore_would_send() -> None:
    model = botocore.session.Session().get_service_model("cognito-idp")
    expected = botocore.serialize.create_serializer("json").serialize_to_request(
        _SIGN_IN, model.operation_model("InitiateAuth")
    )
    async with fault_server(say({"Session": "s" * 20})) as server, _transport(server) as transport:
        assert await transport.call("InitiateAuth", _SIGN_IN) == {"Session": "s" * 20}
    (request,) = server.requests
    assert json.loads(request.content) == json.loads(expected["body"])
    assert {name: request.headers[name.lower()] for name in expected["headers"]} == expected[
        "headers"
    ]
    assert request.headers["cache-control"] == "no-store"
    assert request.headers["user-agent"].startswith("auth-flow")
    assert request.headers["accept-encoding"] == "identity"
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers


async def test_attempts_are_counted_under_one_id() -> None:
    async with fault_server(_THROTTLED, _FAILED, _OK) as server, _transport(server) as transport:
        assert await transport.call("GetUser", {}) == {"Username": "ada"}
        await transport.call("GetUser", {})
    first, second, third, other = server.requests
    counted = [request.headers["amz-sdk-request"] for request in (first, second, third, other)]
    assert counted == [
        "attempt=1; max=3",
        "attempt=2; max=3",
        "attempt=3; max=3",
        "attempt=1; max=3",
    ]
    ids = [request.headers["amz-sdk-invocation-id"] for request in (first, second, third, other)]
    assert ids[0] == ids[1] == ids[2] != ids[3]


async def test_the_callers_headers_and_path_win() -> None:
    async with fault_server(_OK) as server:
        transport = CognitoTransport(
            f"{server.url}pools/1", headers={"cache-control": "max-age=1", "x-own": "yes"}
        )
        await transport.call("GetUser", {})
        await transport.aclose()
    assert (server.requests[0].headers["cache-control"], server.requests[0].headers["x-own"]) == (
        "max-age=1",
        "yes",
    )


@pytest.mark.parametrize(
    ("act", "operation", "attempts", "error"),
    [
        (_THROTTLED, "RespondToAuthChallenge", 3, TooManyRequestsException),
        (_FAILED, "GetUser", 3, InternalErrorException),
        (_FAILED, "InitiateAuth", 3, InternalErrorException),
        (_FAILED, "SignUp", 1, InternalErrorException),
        (
            say({"__type": "LimitExceededException"}, 400),
            "ForgotPassword",
            1,
            LimitExceededException,
        ),
        (say({"__type": "NotAuthorizedException"}, 400), "InitiateAuth", 1, NotAuthorizedException),
        (send(http(b"<html>busy</html>", 503)), "InitiateAuth", 3, MalformedResponse),
        (send(http(b"<html>busy</html>", 503)), "RespondToAuthChallenge", 1, MalformedResponse),
        (break_after(b""), "GetUser", 3, ConnectionLost),
        (break_after(b""), "InitiateAuth", 1, ConnectionLost),
        (break_after(b""), "RespondToAuthChallenge", 1, ConnectionLost),
        (break_after(b""), "GetTokensFromRefreshToken", 1, ConnectionLost),
        (break_after(b"HTTP/1."), "SignUp", 1, ConnectionLost),
        (break_after(_WHOLE[:30]), "ConfirmSignUp", 1, ConnectionLost),
        (break_after(_WHOLE[:-5]), "RespondToAuthChallenge", 1, ConnectionLost),
        (break_after(b"SSH-2.0-OpenSSH\r\n\r\n"), "RespondToAuthChallenge", 1, ConnectionLost),
        (send(http(b'{"Username": "eyJ-a-tok')), "GetUser", 1, MalformedResponse),
        (send(http(b"[1]")), "GetUser", 1, MalformedResponse),
        (send(http(b" " * 5_000_000)), "GetUser", 1, MalformedResponse),
        (say({}, 302, {"location": "http://127.0.0.1:9/"}), "GetUser", 1, MalformedResponse),
        (say({}, 400), "GetUser", 1, MalformedResponse),
    ],
)
async def test_a_fault_is_a_typed_error_and_the_next_call_succeeds(
    act: Act,
    operation: str,
    attempts: int,
    error: type[AuthFlowError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "auth_flow")
    async with fault_server(*[act] * attempts, _OK) as server, _transport(server) as transport:
        with pytest.raises(error) as raised:
            await transport.call(operation, _SIGN_IN)
        assert len(server.requests) == attempts
        assert await transport.call("GetUser", {}) == {"Username": "ada"}
    told = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert "Correct-Horse" not in told
    assert "eyJ-a-tok" not in told


@pytest.mark.parametrize(
    ("operation", "retryable"), [("GetUser", True), ("RespondToAuthChallenge", False)]
)
async def test_a_lost_answer_may_be_asked_for_again_only_where_that_does_no_harm(
    operation: str, retryable: bool
) -> None:
    async with fault_server(break_after(_WHOLE[:-1])) as server, _transport(server) as transport:
        with pytest.raises(ConnectionLost) as lost:
            await transport.call(operation, {})
    assert (lost.value.retryable, lost.value.name, lost.value.operation) == (
        retryable,
        "TransportError",
        operation,
    )


async def test_nothing_was_sent_where_nobody_listens() -> None:
    async with fault_server(_OK) as server:
        pass
    async with _transport(server) as transport:
        with pytest.raises(ConnectFailed, match=r"made: \[Errno") as failed:
            await transport.call("RespondToAuthChallenge", {})
    assert failed.value.retryable


@pytest.mark.parametrize("operation", ["GetUser", "RespondToAuthChallenge"])
async def test_a_silent_server_is_waited_for_no_longer_than_allowed(operation: str) -> None:
    async with fault_server(hang) as server, _transport(server, read=0.05) as transport:
        with pytest.raises(TimedOut) as timed_out:
            await transport.call(operation, {})
    assert timed_out.value.retryable == (operation == "GetUser")
    assert len(server.requests) == (3 if operation == "GetUser" else 1)


async def test_a_connection_that_takes_too_long_has_sent_nothing() -> None:
    async with fault_server(
        hang
    ) as server:  # it waits for HTTP, and so never answers the TLS handshake
        transport = CognitoTransport(
            server.url.replace("http:", "https:"),
            retries=Retries(attempts=1),
            timeouts=Timeouts(connect=0.05),
        )
        with pytest.raises(TimedOut, match="nothing was sent") as timed_out:
            await transport.call("SignUp", {})
    assert timed_out.value.retryable


@pytest.mark.parametrize(
    ("how", "words"),
    [("closed", "broken off"), ("reset", "reset by peer"), ("no TLS", "SSL: ")],
)
async def test_a_handshake_that_breaks_off_has_sent_nothing(how: str, words: str) -> None:
    async def serve(stream: anyio.abc.SocketStream) -> None:
        await stream.receive()  # the client's hello
        if how == "no TLS":
            await stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        if how == "reset":
            linger = struct.pack("ii", 1, 0)
            stream.extra(SocketAttribute.raw_socket).setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
        await stream.aclose()

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(listener.serve, serve)
        port = listener.extra(SocketAttribute.local_port)
        async with CognitoTransport(
            f"https://127.0.0.1:{port}", retries=Retries(attempts=1)
        ) as transport:
            with pytest.raises(ConnectFailed, match=words) as failed:
                await transport.call("SignUp", {})
        tasks.cancel_scope.cancel()
    assert failed.value.retryable


async def test_the_total_bounds_a_slow_drip() -> None:
    async with fault_server(drip, _OK) as server, _transport(server, total=0.15) as transport:
        with pytest.raises(TimedOut, match=r"0\.15 s") as timed_out:
            await transport.call("RespondToAuthChallenge", {})
        assert not timed_out.value.retryable
        assert await transport.call("GetUser", {}) == {"Username": "ada"}


async def test_after_the_total_an_idempotent_operation_may_be_repeated() -> None:
    async with fault_server(drip) as server, _transport(server, total=0.1) as transport:
        with pytest.raises(TimedOut, match=r"0\.1 s") as timed_out:
            await transport.call("GetUser", {})
    assert timed_out.value.retryable


async def test_the_wait_that_the_service_asks_for_is_kept() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    busy = say({"__type": "TooManyRequestsException"}, 429, {"retry-after": "7"})
    async with (
        fault_server(busy, _OK) as server,
        CognitoTransport(server.url, sleep=sleep) as transport,
    ):
        await transport.call("SignUp", {})
    assert waits == [7]


async def test_no_wait_begins_that_the_time_left_does_not_allow() -> None:
    busy = say({"__type": "TooManyRequestsException"}, 429, {"retry-after": "7"})
    async with fault_server(busy) as server, _transport(server, total=5) as transport:
        with pytest.raises(TooManyRequestsException):
            await transport.call("GetUser", {})


@pytest.mark.parametrize("limit", [20, 19])
async def test_the_limit_of_a_reply_is_exact(limit: int) -> None:
    exact = send(http(b'{"a": "01234567890"}'))
    async with (
        fault_server(exact) as server,
        CognitoTransport(server.url, max_reply_bytes=limit) as transport,
    ):
        if limit == 20:
            assert await transport.call("GetUser", {}) == {"a": "01234567890"}
        else:
            with pytest.raises(MalformedResponse, match="more than 19 bytes"):
                await transport.call("GetUser", {})


async def test_cancelling_leaves_the_transport_usable() -> None:
    async with (
        fault_server(*[hang] * 5, _OK) as server,
        CognitoTransport(server.url, max_in_flight=1) as transport,
    ):
        for sent in range(1, 6):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(transport.call, "RespondToAuthChallenge", {})
                await server.arrived(sent)
                tasks.cancel_scope.cancel()
        assert await transport.call("GetUser", {}) == {"Username": "ada"}


async def test_no_more_are_under_way_than_allowed_and_all_have_their_turn() -> None:
    together = 0
    most = 0

    async def count(stream: ByteStream) -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        await anyio.sleep(0.005)
        together -= 1
        await _OK(stream)

    async with (
        fault_server(count) as server,
        CognitoTransport(server.url, max_in_flight=4) as transport,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(20):
            tasks.start_soon(transport.call, "GetUser", {})
    assert (len(server.requests), most) == (20, 4)


class _Counting(ConnectionPool):
    """Our pool, whose requests wait until all the others are there or have given up."""

    sent = 0
    go: anyio.Event

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        self.sent += 1
        await self.go.wait()
        raise httpx.ReadError("enough")


class _CountingTransport(httpx.AsyncBaseTransport):
    sent = 0
    go: anyio.Event

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        await self.go.wait()
        raise httpx.ReadError("enough")


@pytest.mark.parametrize("through", ["nothing", "our pool", "a transport", "a client"])
async def test_the_default_limit_of_requests_under_way(
    through: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = _CountingTransport() if through in ("a transport", "a client") else _Counting()
    carrier.go = anyio.Event()
    client = {
        "nothing": None,
        "our pool": carrier,
        "a transport": carrier,
        "a client": httpx.AsyncClient(transport=carrier),
    }[through]
    if client is None:
        monkeypatch.setattr("auth_flow.transports._wire.http_transport", lambda *_, **__: carrier)
    refused = 0

    async def call() -> None:
        nonlocal refused
        with pytest.raises((TimedOut, ConnectionLost)) as failed:
            await transport.call("SignUp", {})
        refused += isinstance(failed.value, TimedOut)
        if refused == 70 - carrier.sent:
            carrier.go.set()

    transport = CognitoTransport(
        "http://server", client=client, retries=Retries(attempts=1), timeouts=Timeouts(pool=0.05)
    )
    async with transport, anyio.create_task_group() as tasks:
        for _ in range(70):
            tasks.start_soon(call)
    assert carrier.sent == (64 if through in ("nothing", "our pool") else 8)


def test_the_usual_time_limits() -> None:
    assert Timeouts() == Timeouts(connect=5, pool=10, read=15, write=10, total=30)


async def test_a_bare_transport_gets_the_timeouts() -> None:
    seen: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={})

    timeouts = Timeouts(connect=1, pool=2, read=3, write=4)
    client = httpx.MockTransport(answer)
    async with CognitoTransport("http://server", client=client, timeouts=timeouts) as transport:
        await transport.call("GetUser", {})
    assert seen == [{"connect": 1, "pool": 2, "read": 3, "write": 4}]


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_a_clients_redirects_are_not_followed(library: Any) -> None:
    asked: list[str] = []

    def answer(request: Any) -> Any:
        asked.append(request.url.host)
        return library.Response(307, headers={"location": "http://thief.example/"})

    async with (
        library.AsyncClient(
            transport=library.MockTransport(answer), follow_redirects=True
        ) as client,
        CognitoTransport("http://server", client=client) as transport,
    ):
        with pytest.raises(MalformedResponse) as refused:
            await transport.call("SignUp", {"Password": "Marker-Secret-1"})
    assert refused.value.status == 307
    assert asked == ["server"]


# On trio, httpx leaves its inner generators behind if a reply is not read to its end.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <async_generator object ")
@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_an_endless_reply_over_a_callers_client_is_not_read_to_its_end(library: Any) -> None:
    parts, closed = 0, False
    left = _generators_left_to_the_garbage_collector()

    class Endless(library.AsyncByteStream):  # type: ignore[name-defined,misc]  # either library's
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal parts
            for parts in range(1, 100):  # noqa: B007
                yield b"x" * 100

        async def aclose(self) -> None:
            nonlocal closed
            closed = True

    def answer(request: Any) -> Any:
        return library.Response(200, stream=Endless())

    async with (
        library.AsyncClient(transport=library.MockTransport(answer)) as client,
        CognitoTransport("http://server", client=client, max_reply_bytes=1000) as transport,
    ):
        with pytest.raises(MalformedResponse, match="more than 1000 bytes"):
            await transport.call("SignUp", {})
    assert (parts, closed) == (11, True)
    assert "BoundAsyncStream.__aiter__" not in left


def _generators_left_to_the_garbage_collector() -> list[str]:
    """Note their names from now on; the next event loop has hooks of its own."""
    left: list[str] = []
    first, finalizer = sys.get_asyncgen_hooks()

    def note(generator: Any) -> None:
        left.append(generator.__qualname__)
        finalizer(generator)

    sys.set_asyncgen_hooks(first, note)
    return left


async def test_the_clock_of_the_service_is_read_from_its_replies() -> None:
    ahead = formatdate(time.time() + 3600, usegmt=True)
    dated, undated = say({}, headers={"date": ahead}), say({})
    async with fault_server(dated, undated) as server, _transport(server) as transport:
        assert transport.clock_difference is None
        for _ in range(2):
            await transport.call("GetUser", {})
            assert transport.clock_difference == pytest.approx(3600, abs=60)


async def test_idle_connections_are_kept_as_long_as_those_of_the_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_wire, "LIMITS", httpx.Limits(keepalive_expiry=0.0))
    async with fault_server(say({})) as server, _transport(server) as transport:
        for _ in range(2):
            await transport.call("GetUser", {})
    assert server.connections == 2


async def test_the_end_of_a_block_closes_the_transport() -> None:
    async with CognitoTransport("http://127.0.0.1:9") as transport:
        pass
    with pytest.raises(TransportClosed):
        await transport.call("GetUser", {})


async def test_a_reply_has_at_most_a_mebibyte() -> None:
    replies = [b'"' + b"x" * size + b'"' for size in ((1 << 20) - 2, (1 << 20) - 1)]
    client = httpx.MockTransport(lambda _: httpx.Response(200, content=replies.pop(0)))
    async with CognitoTransport("http://server", client=client) as transport:
        for complaint in ("not a JSON object", "more than 1048576 bytes"):
            with pytest.raises(MalformedResponse, match=complaint):
                await transport.call("SignUp", {})


@pytest.mark.parametrize(
    ("complaint", "error"),
    [
        ("Illegal header value b'x'", InvalidRequest),
        ("Too much data for declared Content-Length", ConnectionLost),
    ],
)
async def test_a_fault_of_the_client_in_its_protocol(complaint: str, error: type) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.LocalProtocolError(complaint)

    client = httpx.MockTransport(answer)
    async with CognitoTransport("http://server", client=client) as transport:
        with pytest.raises(error):
            await transport.call("SignUp", {})


async def test_whoever_waits_too_long_for_a_turn_has_sent_nothing() -> None:
    async with fault_server(hang) as server:
        transport = CognitoTransport(
            server.url, max_in_flight=1, retries=Retries(attempts=1), timeouts=Timeouts(pool=0.02)
        )
        async with transport, anyio.create_task_group() as tasks:
            tasks.start_soon(transport.call, "GetUser", {})
            await server.arrived(1)
            with pytest.raises(TimedOut) as timed_out:
                await transport.call("SignUp", {})
            tasks.cancel_scope.cancel()
    assert timed_out.value.retryable
    assert [request.operation for request in server.requests] == ["GetUser"]


async def test_a_client_of_the_callers_is_used_whole_and_left_open() -> None:
    seen: list[httpx.Request] = []

    async def hook(request: httpx.Request) -> None:
        seen.append(request)

    async with (
        fault_server(_OK) as server,
        httpx.AsyncClient(event_hooks={"request": [hook]}, headers={"x-mine": "1"}) as client,
    ):
        async with CognitoTransport(server.url, client=client) as transport:
            await transport.call("GetUser", {})
        assert not client.is_closed
    assert len(seen) == 1
    assert server.requests[0].headers["x-mine"] == "1"


async def test_closing_before_the_first_call_opens_nothing() -> None:
    async with CognitoTransport("http://127.0.0.1:9/"):
        pass


@pytest.mark.parametrize(
    "endpoint", ["", "cognito-idp.eu-west-1.amazonaws.com", "ftp://127.0.0.1/"]
)
async def test_an_endpoint_that_is_no_url_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(ValueError, match="no URL"):
        CognitoTransport(endpoint)


async def test_httpx_is_imported_by_the_first_call_and_not_before() -> None:
    code = "import sys, auth_flow.transports._cognito; print('httpx' in sys.modules)"
    process = await anyio.run_process([sys.executable, "-c", code])
    assert process.stdout.strip() == b"False"


async def test_a_hook_of_the_callers_client_may_read_the_body() -> None:
    async def hook(response: httpx.Response) -> None:
        await response.aread()

    hooks = {"response": [hook]}
    async with fault_server(_OK) as server, httpx.AsyncClient(event_hooks=hooks) as client:
        assert await CognitoTransport(server.url, client=client).call("GetUser", {}) == {
            "Username": "ada"
        }


async def test_an_answer_that_is_too_large_keeps_its_request_id() -> None:
    large = send(http(b" " * 2_000, headers={"x-amzn-requestid": "id-1"}))
    async with (
        fault_server(large) as server,
        CognitoTransport(server.url, max_reply_bytes=1_000) as transport,
    ):
        with pytest.raises(MalformedResponse, match="more than 1000 bytes") as raised:
            await transport.call("SignUp", {})
    assert (raised.value.request_id, raised.value.status) == ("id-1", 200)


async def test_a_wait_that_is_the_callers_is_told() -> None:
    busy = say({"__type": "TooManyRequestsException"}, 429, {"retry-after": "100"})
    async with fault_server(busy) as server, CognitoTransport(server.url) as transport:
        with pytest.raises(TooManyRequestsException) as raised:
            await transport.call("SignUp", {})
    assert raised.value.retry_after == 100


async def test_a_request_that_never_had_its_turn_may_be_made_again() -> None:
    arrived, go = anyio.Event(), anyio.Event()

    class Stubborn(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            arrived.set()
            with anyio.CancelScope(shield=True):
                await go.wait()
            await anyio.lowlevel.checkpoint()
            raise AssertionError("cancelled by now")

    async def sign_up() -> bool:
        with pytest.raises(TimedOut, match="no reply within") as timed_out:
            await transport.call("SignUp", {})
        return timed_out.value.retryable

    async def begun() -> None:
        assert await sign_up() is False

    transport = CognitoTransport(
        "http://server", client=Stubborn(), max_in_flight=1, timeouts=Timeouts(total=0.05)
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(begun)
        await arrived.wait()
        assert await sign_up() is True
        go.set()


@pytest.mark.parametrize("kind", ["absent", "no PEM"])
async def test_roots_that_cannot_be_loaded_are_named(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = tmp_path / "roots.pem"
    if kind == "no PEM":
        roots.write_text("no certificate")
    make_context.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    async with CognitoTransport("https://127.0.0.1:9/") as transport:
        with pytest.raises(ConnectFailed, match=r"roots\.pem"):
            await transport.call("SignUp", {})
