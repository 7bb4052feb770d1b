"""A Redis client that the caller brings: coredis, opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import coredis
import pytest

from auth_flow.errors import StoreConflict, StoreUnavailable, WrongEventLoop
from auth_flow.stores import RedisStore
from tests.stores.redis_server import PASSWORD, RedisServer

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["bytes", "text"])
async def client(
    redis: RedisServer, request: pytest.FixtureRequest
) -> AsyncGenerator[coredis.Redis[bytes] | coredis.Redis[str]]:
    decode: bool = request.param
    async with coredis.Redis(
        "127.0.0.1", redis.port, password=PASSWORD, decode_responses=decode
    ) as client:
        yield client


async def test_it_keeps_the_rules_of_a_store(
    client: coredis.Redis[bytes] | coredis.Redis[str], redis: RedisServer, key: str
) -> None:
    store = RedisStore(client=client)
    assert await store.load(key) is None
    version = await store.save(key, "välue", expected=None, ttl=60)
    with pytest.raises(StoreConflict):
        await store.save(key, "other", expected=None)
    assert await store.load(key) == ("välue", version)
    ours = RedisStore(redis.url())
    assert await ours.load(key) == ("välue", version), "both see the same entries"
    await ours.aclose()
    with pytest.raises(StoreConflict):
        await store.delete(key, expected="another")
    await store.delete(key, expected=version)
    assert await store.load(key) is None
    await store.aclose()
    assert await store.load(key) is None, "the client stays open"


async def test_what_the_client_raises_is_one_of_our_errors(
    client: coredis.Redis[bytes] | coredis.Redis[str], key: str
) -> None:
    class Failing:
        async def get(self, key: str) -> None:
            raise ConnectionError(f"lost at {key}")

        async def eval(self, script: str, keys: object, args: object) -> None:
            raise AssertionError

    with pytest.raises(StoreUnavailable, match="ConnectionError") as caught:
        await RedisStore(client=Failing()).load(key)
    assert key not in str(caught.value)
    assert caught.value.__suppress_context__


class Still:
    """Has nothing, and takes its time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def get(self, key: str) -> None:
        await anyio.sleep(self._seconds)

    async def eval(self, script: str, keys: object, args: object) -> None:
        raise AssertionError


async def test_a_client_that_does_not_reply_is_not_waited_for_without_end() -> None:
    with anyio.fail_after(5), pytest.raises(StoreUnavailable, match="in time") as caught:
        await RedisStore(client=Still(60), timeout=0.01).load("key")
    assert caught.value.__suppress_context__


def test_a_client_is_refused_in_another_event_loop() -> None:
    store = RedisStore(client=Still(0))
    assert anyio.run(store.load, "key") is None
    with pytest.raises(WrongEventLoop, match="Redis client"):
        anyio.run(store.load, "key")


def test_it_is_a_url_or_a_client() -> None:
    with pytest.raises(ValueError, match="a URL or a client"):
        RedisStore()
    with pytest.raises(ValueError, match="a URL or a client"):
        RedisStore("redis://localhost", client=Still(0))
