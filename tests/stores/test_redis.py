"""What is Redis' own: the way there and back."""

from __future__ import annotations

import gc
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketAttribute, SocketStream

from auth_flow.errors import StoreConflict, StoreUnavailable
from auth_flow.stores import Entry, RedisStore
from auth_flow.stores._resp import RespConnection, Server
from tests.stores import redis_server
from tests.stores.proxy import Proxy
from tests.stores.redis_server import RedisServer

pytestmark = pytest.mark.anyio

PATIENCE = 20


@pytest.fixture
async def proxy(redis: RedisServer) -> AsyncGenerator[Proxy]:
    proxy = Proxy(redis.port)
    with anyio.fail_after(PATIENCE):
        async with proxy.running():
            yield proxy
            await proxy.all_are_closed()


@pytest.fixture
async def store(proxy: Proxy) -> AsyncGenerator[RedisStore]:
    store = RedisStore(proxy.url)
    yield store
    await store.aclose()


# Getting in


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("redis://localhost", Server("localhost", 6379, False, 0, None, None)),
        (
            "redis://:pass%20word@10.0.0.1:7000/3",
            Server("10.0.0.1", 7000, False, 3, None, "pass word"),
        ),
        ("rediss://ada:pa%2Fss%3Aword@[::1]/", Server("::1", 6379, True, 0, "ada", "pa/ss:word")),
    ],
)
def test_a_url_says_where_and_who(url: str, server: Server) -> None:
    assert Server.of(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis:///0",
        "redis://localhost/name",
        "redis://localhost:name",
        "redis://:hunter2/x@localhost",
    ],
)
def test_what_is_no_url_of_redis_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="A Redis URL has the form") as caught:
        RedisStore(url)
    assert "hunter2" not in str(caught.value)


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(Server.of("redis://:hunter2@localhost")) + repr(
        RedisStore("redis://:hunter2@localhost")
    )


async def test_it_comes_in_by_user_and_password(redis: RedisServer, key: str) -> None:
    store = RedisStore(redis.url(who="worker:pass%3Aword"))
    version = await store.save(key, "value", expected=None)
    assert await store.load(key) == Entry("value", version)
    await store.aclose()


@pytest.mark.parametrize(
    ("who", "prefix", "why"),
    [
        (":hunter2", "auth-flow:", "Redis refused AUTH: WRONGPASS."),
        ("worker:hunter2", "auth-flow:", "Redis refused AUTH: WRONGPASS."),
        ("", "auth-flow:", "Redis refused GET: NOAUTH."),
        ("worker:pass%3Aword", "hunter2:", "Redis refused GET: NOPERM."),
    ],
)
async def test_a_refusal_is_told_by_its_code_alone(
    proxy: Proxy, who: str, prefix: str, why: str
) -> None:
    store = RedisStore(proxy.url.replace(":open%20sesame", who), prefix=prefix)
    with pytest.raises(StoreUnavailable) as caught:
        await store.load("hunter2")
    assert str(caught.value) == why
    await proxy.all_are_closed()


async def test_databases_and_prefixes_are_told_apart(redis: RedisServer, key: str) -> None:
    stores = [
        RedisStore(redis.url()),
        RedisStore(redis.url(database=1)),
        RedisStore(redis.url(), prefix="other:"),
    ]
    for number, store in enumerate(stores):
        await store.save(key, str(number), expected=None)
    for number, store in enumerate(stores):
        held = await store.load(key)
        assert held
        assert held.value == str(number)
        await store.aclose()


async def test_it_speaks_tls_to_who_can_show_a_certificate(redis: RedisServer, key: str) -> None:
    trusting = ssl.create_default_context()
    redis.authority.configure_trust(trusting)
    store = RedisStore(redis.tls_url, ssl_context=trusting)
    version = await store.save(key, "value", expected=None)
    assert await store.load(key) == Entry("value", version)
    await store.aclose()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await RedisStore(redis.tls_url).load(key)


async def test_where_nobody_listens_it_says_so() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached") as caught:
        await RedisStore(f"redis://127.0.0.1:{redis_server.free_port()}").load("key")
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"$x\r\n",
        b":\r\n",
        b"x" * 100_000,
        b"$2\r\n\xff\xff\r\n",
    ],
)
async def test_what_is_not_redis_is_recognised(answer: bytes) -> None:
    async def serve(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(answer)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        store = RedisStore(f"redis://127.0.0.1:{listener.extra(SocketAttribute.local_port)}")
        with pytest.raises(StoreUnavailable, match="Redis protocol") as caught:
            await store.load("key")
        assert caught.value.__suppress_context__
        group.cancel_scope.cancel()


async def test_an_entry_is_one_string_that_expires_by_itself(redis: RedisServer, key: str) -> None:
    store = RedisStore(redis.url())
    version = await store.save(key, "a value", expected=None, ttl=60)
    connection = await RespConnection.open(Server.of(redis.url()), None)
    assert await connection.ask("GET", f"auth-flow:{key}") == f"{version} a value"
    left = await connection.ask("PTTL", f"auth-flow:{key}")
    assert isinstance(left, int)
    assert 0 < left <= 60_000
    await connection.aclose()
    await store.aclose()


# The way back


@pytest.mark.parametrize(("options", "most"), [({}, 16), ({"max_connections": 3}, 3)])
async def test_connections_are_used_again_and_are_not_too_many(
    proxy: Proxy, key: str, options: dict[str, Any], most: int
) -> None:
    store = RedisStore(proxy.url, **options)
    await store.save(key, "value", expected=None)
    for _ in range(5):
        await store.load(key)
    assert proxy.connections == 1
    async with anyio.create_task_group() as group:
        for _ in range(40):
            group.start_soon(store.load, key)
    assert proxy.connections == most
    await store.aclose()


async def test_connections_that_broke_while_idle_are_made_anew(
    proxy: Proxy, store: RedisStore, key: str
) -> None:
    version = await store.save(key, "one", expected=None)
    proxy.cut()
    assert await store.load(key) == Entry("one", version)
    proxy.cut()
    version = await store.save(key, "two", expected=version)
    proxy.cut()
    await store.delete(key, expected=version)
    assert await store.load(key) is None


async def test_a_save_whose_answer_is_lost_is_done_once(
    proxy: Proxy, store: RedisStore, key: str
) -> None:
    version = await store.save(key, "one", expected=None)
    proxy.lose_replies = 1
    version = await store.save(key, "two", expected=version)
    assert await store.load(key) == Entry("two", version)
    proxy.lose_replies = 1
    await store.delete(key, expected=version)
    assert await store.load(key) is None


async def test_a_save_whose_answer_is_lost_again_may_be_done_or_not(
    proxy: Proxy, store: RedisStore, key: str
) -> None:
    version = await store.save(key, "one", expected=None)
    proxy.lose_replies = 2
    with pytest.raises(StoreUnavailable, match="was lost") as caught:
        await store.save(key, "two", expected=version)
    assert caught.value.__suppress_context__
    held = await store.load(key)
    assert held
    assert held.value in ("one", "two")


async def test_a_save_overtaken_after_its_answer_was_lost_is_not_said_to_have_written_nothing(
    proxy: Proxy, store: RedisStore, redis: RedisServer, key: str
) -> None:
    other = RedisStore(redis.url())

    async def overtake() -> None:
        held = await other.load(key)
        assert held
        assert held.value == "ours", "it was done"
        await other.save(key, "theirs", expected=held.version)

    version = await store.save(key, "first", expected=None)
    proxy.lose_replies, proxy.on_loss = 1, overtake
    with pytest.raises(StoreUnavailable):
        await store.save(key, "ours", expected=version)
    with pytest.raises(StoreConflict):
        await store.save(key, "ours", expected=version)
    await other.aclose()


async def test_an_answer_that_does_not_come_is_not_waited_for_without_end(
    proxy: Proxy, key: str
) -> None:
    store = RedisStore(proxy.url, timeout=0.1)
    await store.save(key, "value", expected=None)
    proxy.deaf = True
    with pytest.raises(StoreUnavailable, match="in time") as caught:
        await store.load(key)
    assert caught.value.__suppress_context__
    proxy.deaf = False
    assert await store.load(key)
    await store.aclose()


async def test_a_cancelled_command_takes_its_answer_with_it(
    proxy: Proxy, store: RedisStore, key: str
) -> None:
    version = await store.save(key, "value", expected=None)
    proxy.deaf = True
    with anyio.move_on_after(0.05) as scope:
        await store.load(f"{key}-other")
    assert scope.cancelled_caught
    proxy.deaf = False
    assert await store.load(key) == Entry("value", version)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_command_under_way_keeps_no_connection_when_the_store_was_closed_and_the_loop_ends(
    redis: RedisServer, key: str, backend: str
) -> None:
    store = RedisStore(redis.url())

    async def use() -> None:
        await store.load(key)
        async with anyio.create_task_group() as group:
            group.start_soon(store.load, key)
            await anyio.lowlevel.checkpoint()
            await store.aclose()

    anyio.run(use, backend=backend)
    gc.collect()  # which would warn of a connection that was not closed


async def test_it_outlives_the_server(tmp_path: Path, key: str) -> None:
    if redis_server.find() is None:
        pytest.skip("neither redis-server nor valkey-server is on PATH")
    with redis_server.running(tmp_path) as server:
        store = RedisStore(server.url())
        await store.save(key, "value", expected=None)
    with pytest.raises(StoreUnavailable):
        await store.load(key)
    with redis_server.running(tmp_path, server.port):
        assert await store.load(key) is None
        await store.save(key, "value", expected=None)
        await store.aclose()
