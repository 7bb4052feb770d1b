"""The connection pool, over real sockets."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import threading
from collections.abc import Callable

import anyio
import anyio.to_thread
import httpx
import pytest
import trustme
from anyio.abc import ByteStream

from auth_flow.errors import TransportClosed
from auth_flow.transports import ConnectionPool, http_transport
from auth_flow.transports._http import LoopTransport
from auth_flow.transports._tls import make_context
from tests.transports.faults import break_after, fault_server, hang, http, say, send
from tests.transports.storm import storm

pytestmark = pytest.mark.anyio

_ONE = httpx.Limits(max_connections=1)
_OK = say({"Username": "ada"})


async def _post(
    pool: httpx.AsyncBaseTransport, url: str, content: bytes = b"{}", **extensions: object
) -> httpx.Response:
    response = await pool.handle_async_request(
        httpx.Request("POST", url, content=content, extensions=extensions)
    )
    try:
        await response.aread()
    finally:
        await response.aclose()
    return response


async def test_nothing_is_left_of_a_storm_of_faults_and_cancellations() -> None:
    ends = await storm(2_000, seed=5)
    assert sum(ends.values()) == 2_000
    assert {"200", "cancelled", "ConnectError", "ReadTimeout", "RemoteProtocolError"} <= set(ends)


async def test_an_httpx_client_runs_over_it() -> None:
    answer = send(http(b'{"a": "\xc3\xbc"}', 201, {"x-amzn-requestid": "1"}))
    async with (
        fault_server(answer) as server,
        httpx.AsyncClient(transport=ConnectionPool()) as client,
    ):
        response = await client.post(server.url, json={"b": 1})
    assert (response.status_code, response.json(), response.headers["X-Amzn-RequestId"]) == (
        201,
        {"a": "ü"},
        "1",
    )
    assert (response.http_version, response.reason_phrase) == ("HTTP/1.1", "Whatever")
    assert server.requests[0].content == b'{"b":1}'


async def test_a_connection_serves_one_request_after_the_other() -> None:
    async with fault_server(_OK) as server, ConnectionPool() as pool:
        for _ in range(5):
            await _post(pool, server.url)
        assert (server.connections, len(server.requests)) == (1, 5)


async def test_a_large_request_and_a_large_answer_arrive_whole() -> None:
    content, answer = b"q" * 3_000_000, b"a" * 3_000_000
    async with fault_server(send(http(answer))) as server, ConnectionPool() as pool:
        assert (await _post(pool, server.url, content)).content == answer
    assert server.requests[0].content == content


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        (
            b"HTTP/1.1 100 Continue\r\n\r\n"
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
        ),
    ],
)
async def test_every_framing_of_a_body_is_read(raw: bytes) -> None:
    async with fault_server(break_after(raw)) as server, ConnectionPool() as pool:
        assert (await _post(pool, server.url)).content == b"hello"


async def test_a_connection_that_the_server_closed_while_idle_is_replaced() -> None:
    async with fault_server(break_after(http(b"{}")), _OK) as server, ConnectionPool() as pool:
        await _post(pool, server.url)
        await server.closed()
        assert (await _post(pool, server.url)).status_code == 200
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 20"])
async def test_a_request_that_was_sent_is_never_sent_again(said: bytes) -> None:
    async with fault_server(_OK, break_after(said)) as server, ConnectionPool() as pool:
        await _post(pool, server.url)
        with pytest.raises(httpx.RemoteProtocolError):
            await _post(pool, server.url)
    assert len(server.requests) == 2


async def test_an_answer_that_nobody_asked_for_is_never_taken_for_ones_own() -> None:
    """Two answers to one request: whoever gets the connection next must not read the second, which
    may hold another's tokens.
    """
    twice = http(b"mine") + http(b"stolen")
    async with fault_server(send(twice), send(http(b"own"))) as server, ConnectionPool() as pool:
        assert (await _post(pool, server.url)).content == b"mine"
        assert (await _post(pool, server.url)).content == b"own"
    assert server.connections == 2


async def test_an_answer_that_comes_late_is_never_taken_for_ones_own() -> None:
    sent = anyio.Event()

    async def two_packets(stream: ByteStream) -> None:
        await stream.send(http(b"mine"))
        await read.wait()
        await stream.send(http(b"stolen"))
        sent.set()

    read = anyio.Event()
    async with fault_server(two_packets, send(http(b"own"))) as server, ConnectionPool() as pool:
        assert (await _post(pool, server.url)).content == b"mine"
        read.set()
        await sent.wait()
        assert (await _post(pool, server.url)).content == b"own"
        await server.closed(but=1)


async def test_an_answer_left_unread_costs_its_connection() -> None:
    async with (
        fault_server(send(http(b"a" * 1_000_000)), _OK) as server,
        ConnectionPool(limits=_ONE) as pool,
    ):
        response = await pool.handle_async_request(httpx.Request("POST", server.url))
        await response.aclose()
        await response.aclose()
        with pytest.raises(httpx.StreamClosed):
            await anext(aiter(response.stream))
        assert (await _post(pool, server.url)).status_code == 200
    assert server.connections == 2


async def test_requests_wait_their_turn_in_the_order_of_arrival() -> None:
    go = anyio.Event()

    async def wait(stream: ByteStream) -> None:
        await go.wait()
        await _OK(stream)

    async with (
        fault_server(wait, _OK) as server,
        ConnectionPool(limits=_ONE) as pool,
        anyio.create_task_group() as tasks,
    ):
        for number in range(10):
            tasks.start_soon(_post, pool, server.url, b"%d" % number)
            await anyio.wait_all_tasks_blocked()
        go.set()
    assert [request.content for request in server.requests] == [
        b"%d" % number for number in range(10)
    ]
    assert server.connections == 1


async def test_waiting_for_a_turn_takes_no_longer_than_allowed() -> None:
    async with (
        fault_server(hang) as server,
        ConnectionPool(limits=_ONE) as pool,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(_post, pool, server.url)
        await server.arrived(1)
        with pytest.raises(httpx.PoolTimeout):
            await _post(pool, server.url, timeout={"pool": 0.02})
        tasks.cancel_scope.cancel()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://pool.example/", ("pool.example", 80)),
        ("https://pool.example/", ("pool.example", 443)),
        ("http://pool.example:8080/", ("pool.example", 8080)),
        ("http://bücher.example/", ("xn--bcher-kva.example", 80)),
    ],
)
async def test_a_connection_leads_where_the_url_says(
    url: str, place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[tuple[str, int]] = []

    async def refuse(host: str, port: int, **_: object) -> None:
        places.append((host, port))
        raise OSError

    monkeypatch.setattr(anyio, "connect_tcp", refuse)
    async with ConnectionPool(verify=False) as pool:
        with pytest.raises(httpx.ConnectError):
            await _post(pool, url)
    assert places == [place]


async def test_a_connection_without_a_limit_of_time_does_not_expire() -> None:
    async with (
        fault_server(_OK) as server,
        ConnectionPool(limits=httpx.Limits(keepalive_expiry=None)) as pool,
    ):
        await _post(pool, server.url)
        await _post(pool, server.url)
        assert server.connections == 1


async def test_idle_connections_expire() -> None:
    async with (
        fault_server(_OK) as server,
        ConnectionPool(limits=httpx.Limits(keepalive_expiry=0.0)) as pool,
    ):
        await _post(pool, server.url)
        await _post(pool, server.url)
        assert server.connections == 2
        await server.closed(but=1)


async def test_no_more_idle_connections_are_kept_than_allowed() -> None:
    async with (
        fault_server(_OK) as server,
        ConnectionPool(limits=httpx.Limits(max_keepalive_connections=0)) as pool,
    ):
        await _post(pool, server.url)
        await server.closed()


async def test_an_idle_connection_elsewhere_makes_room() -> None:
    async with (
        fault_server(_OK) as one,
        fault_server(_OK) as other,
        ConnectionPool(limits=_ONE) as pool,
    ):
        await _post(pool, one.url)
        await _post(pool, other.url)
        await one.closed()
        assert (one.connections, other.connections, other.open_connections) == (1, 1, 1)


async def test_an_idle_connection_elsewhere_stays_while_there_is_room() -> None:
    async with (
        fault_server(_OK) as one,
        fault_server(_OK) as other,
        ConnectionPool(limits=httpx.Limits(max_connections=2)) as pool,
    ):
        await _post(pool, one.url)
        await _post(pool, other.url)
        await _post(pool, one.url)
        assert (one.connections, other.connections) == (1, 1)


async def test_a_request_that_waits_for_its_turn_is_not_sent_by_a_closed_pool() -> None:
    go = anyio.Event()

    async def wait(stream: ByteStream) -> None:
        await go.wait()
        await _OK(stream)

    async def refused() -> None:
        with pytest.raises(TransportClosed):
            await _post(pool, server.url)

    async with fault_server(wait) as server, anyio.create_task_group() as tasks:
        pool = ConnectionPool(limits=_ONE)
        tasks.start_soon(_post, pool, server.url)
        await server.arrived(1)
        tasks.start_soon(refused)
        await anyio.wait_all_tasks_blocked()
        await pool.aclose()
        go.set()
    assert len(server.requests) == 1


async def test_a_pool_that_another_loop_closed_keeps_no_connection() -> None:
    async with fault_server(_OK) as server:
        pool = ConnectionPool()
        under_way = await pool.handle_async_request(httpx.Request("POST", server.url))
        await anyio.to_thread.run_sync(anyio.run, pool.aclose)
        await under_way.aread()
        await under_way.aclose()
        await server.closed()


async def test_a_pool_that_is_closed_while_its_task_is_cancelled_keeps_no_connection() -> None:
    async with fault_server(_OK) as one, fault_server(_OK) as other:
        pool = ConnectionPool()
        await _post(pool, one.url)
        await _post(pool, other.url)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await pool.aclose()
        await one.closed()
        await other.closed()


async def test_a_closed_pool_closes_its_connections_and_opens_no_more() -> None:
    async with fault_server(_OK) as server:
        async with ConnectionPool() as pool:
            await _post(pool, server.url)
            under_way = await pool.handle_async_request(httpx.Request("POST", server.url))
        await under_way.aread()
        await under_way.aclose()
        await server.closed()
        with pytest.raises(TransportClosed):
            await _post(pool, server.url)


async def test_each_wait_has_its_own_limit() -> None:
    async with fault_server(hang) as server, ConnectionPool() as pool:
        with pytest.raises(httpx.ReadTimeout):
            await _post(pool, server.url, timeout={"read": 0.02})
        with pytest.raises(
            httpx.ConnectTimeout
        ):  # a handshake that the server, waiting for HTTP, never answers
            await _post(pool, server.url.replace("http:", "https:"), timeout={"connect": 0.2})


async def test_a_body_that_does_not_come_is_a_read_timeout_and_frees_the_turn() -> None:
    async with (
        fault_server(send(http(b"{}")[:-1]), _OK) as server,
        ConnectionPool(limits=_ONE) as pool,
    ):
        request = httpx.Request("POST", server.url, extensions={"timeout": {"read": 0.05}})
        response = await pool.handle_async_request(request)
        with anyio.fail_after(5):
            with pytest.raises(httpx.ReadTimeout):
                await response.aread()
            assert (await _post(pool, server.url)).status_code == 200


async def test_a_server_that_stops_reading_is_a_write_timeout() -> None:
    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        ConnectionPool() as pool,
    ):
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        with pytest.raises(httpx.WriteTimeout):
            await _post(
                pool, f"http://127.0.0.1:{port}/", b"q" * 20_000_000, timeout={"write": 0.1}
            )


async def test_a_server_that_goes_away_meanwhile_is_a_write_error() -> None:
    async def leave(stream: ByteStream) -> None:
        await stream.aclose()

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        ConnectionPool() as pool,
    ):
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, leave)
            with pytest.raises(httpx.WriteError):
                await _post(pool, f"http://127.0.0.1:{port}/", b"q" * 20_000_000)
            tasks.cancel_scope.cancel()


async def test_an_unknown_scheme_and_an_illegal_request_are_refused() -> None:
    async with fault_server(_OK) as server, ConnectionPool() as pool:
        with pytest.raises(httpx.UnsupportedProtocol):
            await _post(pool, "ftp://127.0.0.1/")
        request = httpx.Request("POST", server.url, headers={"host": "a\r\nb"})
        with pytest.raises(httpx.LocalProtocolError):
            await pool.handle_async_request(request)
        assert (await _post(pool, server.url)).status_code == 200


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_tls_with_roots_of_ones_own(
    authority: trustme.CA, server_tls: ssl.SSLContext
) -> None:
    roots = ssl.create_default_context()
    authority.configure_trust(roots)
    async with fault_server(_OK, tls=server_tls) as server, ConnectionPool(verify=roots) as pool:
        await _post(pool, server.url)
        assert (await _post(pool, server.url)).json() == {"Username": "ada"}
    assert server.connections == 1


async def test_a_tls_connection_may_end_without_a_closing_message(
    server_tls: ssl.SSLContext,
) -> None:
    async with (
        fault_server(break_after(b"HTTP/1.1 200 OK\r\n\r\nhello"), tls=server_tls) as server,
        ConnectionPool(verify=False) as pool,
    ):
        assert (await _post(pool, server.url)).content == b"hello"


async def test_the_usual_variable_names_the_roots(
    authority: trustme.CA, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_context.cache_clear()
    with authority.cert_pem.tempfile() as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        async with fault_server(_OK, tls=server_tls) as server, ConnectionPool() as pool:
            assert (await _post(pool, server.url)).status_code == 200
    make_context.cache_clear()


async def test_the_context_is_made_once_and_off_the_loop(
    server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    make = httpx.create_ssl_context

    def noted(*settings: bool) -> ssl.SSLContext:
        threads.append(threading.current_thread())
        return make(*settings)

    monkeypatch.setattr(httpx, "create_ssl_context", noted)
    make_context.cache_clear()
    async with (
        fault_server(_OK, tls=server_tls) as server,
        ConnectionPool(verify=False) as pool,
        ConnectionPool(verify=False) as another,
    ):
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(_post, pool, server.url)
        await _post(another, server.url)
    make_context.cache_clear()
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_a_certificate_of_an_unknown_authority_is_refused(server_tls: ssl.SSLContext) -> None:
    async with fault_server(_OK, tls=server_tls) as server, ConnectionPool() as pool:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await _post(pool, server.url)
        await server.closed()
    assert server.requests == []


# What is httpx's


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_a_proxy_of_the_environment_is_used_by_httpxs_own_transport(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with fault_server(_OK) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async with http_transport("http://cognito-idp.eu-west-1.amazonaws.com/") as transport:
            assert isinstance(transport, LoopTransport)
            assert (
                await _post(transport, "http://cognito-idp.eu-west-1.amazonaws.com/")
            ).status_code == 200
    assert proxy.requests[0].headers["host"] == "cognito-idp.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("variables", "settings", "ours"),
    [
        ({}, {}, True),
        ({"https_proxy": "127.0.0.1:9"}, {}, False),
        ({"all_proxy": "http://127.0.0.1:9"}, {}, False),
        ({"http_proxy": "http://127.0.0.1:9"}, {}, True),
        ({"https_proxy": "http://127.0.0.1:9", "no_proxy": "example.com,amazonaws.com"}, {}, True),
        ({"https_proxy": "http://127.0.0.1:9", "no_proxy": "*"}, {}, True),
        ({"https_proxy": "http://127.0.0.1:9"}, {"trust_env": False}, True),
        ({}, {"proxy": "http://127.0.0.1:9"}, False),
        ({}, {"proxy": httpx.Proxy("http://127.0.0.1:9")}, False),
        ({}, {"proxy": httpx.URL("http://127.0.0.1:9")}, False),
    ],
)
async def test_who_carries_the_request(
    variables: dict[str, str],
    settings: dict[str, object],
    ours: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    async with http_transport(
        "https://cognito-idp.eu-west-1.amazonaws.com", **settings
    ) as transport:  # type: ignore[arg-type]
        assert isinstance(transport, ConnectionPool) is ours


def test_the_usual_settings_are_those_of_httpx_with_more_connections() -> None:
    usual = {"verify": True, "cert": None, "trust_env": True}
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=15.0)
    assert _defaults(ConnectionPool) == {**usual, "limits": limits}
    assert _defaults(http_transport) == {
        **usual,
        "limits": limits,
        "http2": False,
        "proxy": None,
    }


def _defaults(function: Callable[..., object]) -> dict[str, object]:
    parameters = inspect.signature(function).parameters
    return {
        name: each.default for name, each in parameters.items() if each.default is not each.empty
    }


@pytest.mark.parametrize(
    ("target", "own"),
    [
        ("auth_flow.transports._http.ConnectionPool", {}),
        ("httpx.AsyncHTTPTransport", {"http2": True}),
        ("httpx.AsyncHTTPTransport", {"proxy": httpx.Proxy("http://127.0.0.1:9")}),
    ],
)
async def test_who_carries_the_request_gets_all_settings(
    target: str, own: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}

    def made(**settings: object) -> httpx.AsyncBaseTransport:
        given.update(settings)
        return httpx.MockTransport(lambda request: httpx.Response(204))

    monkeypatch.setattr(target, made)
    settings = {"verify": False, "cert": "cert.pem", "trust_env": False, "limits": _ONE, **own}
    async with http_transport("https://pool.example", **settings) as carrier:  # type: ignore[arg-type]
        await _post(carrier, "https://pool.example")
    assert given.items() >= settings.items()


async def test_a_transport_of_httpxs_is_closed_and_opens_no_more() -> None:
    async with fault_server(_OK) as proxy:
        carrier = http_transport("http://pool.example", proxy=proxy.url)
        await _post(carrier, "http://pool.example")
        await carrier.aclose()
        await proxy.closed()
        with pytest.raises(TransportClosed):
            await _post(carrier, "http://pool.example")
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_cancelling_natively_gives_the_slot_back() -> None:
    """`asyncio.timeout`, `wait_for` and a dropped web request cancel the task itself; no cancel
    scope of anyio's knows of it.
    """
    async with fault_server(hang, _OK) as server, ConnectionPool(limits=_ONE) as pool:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_post(pool, server.url), 0.05)
        assert (await _post(pool, server.url)).status_code == 200
