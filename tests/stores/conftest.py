from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from uuid import uuid4

import keyring
import pytest

from auth_flow.stores import MemoryStore, Store
from tests.stores import keyrings, redis_server
from tests.stores.places import SHARED, open_store
from tests.stores.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer]:
    if redis_server.find() is None:
        pytest.skip("neither redis-server nor valkey-server is on PATH")
    with redis_server.running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def plain_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Our keyring instead of the system's, in this process and in those that it starts."""
    monkeypatch.setenv(
        "PYTHON_KEYRING_BACKEND", f"{keyrings.__name__}.{keyrings.PlainKeyring.__name__}"
    )
    monkeypatch.setenv(keyrings.PLACE, str(tmp_path / "keyring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(keyrings.PlainKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture(params=("memory", *SHARED))
def kind(request: pytest.FixtureRequest) -> str:
    """Every kind of store, where a test does not choose."""
    kind: str = request.param
    return kind


@pytest.fixture
def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Where a store of this kind can be opened, any number of times."""
    if kind == "keyring":
        request.getfixturevalue("plain_keyring")
    if kind == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        return server.url()
    return (
        str(tmp_path / "folder" / "entries")
        if kind in ("file", "keyring")
        else str(tmp_path / "entries")
    )


@pytest.fixture
async def opened(kind: str, request: pytest.FixtureRequest) -> AsyncGenerator[Callable[[], Store]]:
    """Opens the store under test; each call gives another handle on the same entries, where the
    kind has such a thing.
    """
    memory = MemoryStore()
    place = "" if kind == "memory" else request.getfixturevalue("place")
    stores: list[Store] = []

    def opened() -> Store:
        stores.append(memory if kind == "memory" else open_store(kind, place))
        return stores[-1]

    yield opened
    for store in stores:
        await store.aclose()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    return opened()


@pytest.fixture
def key() -> str:
    """A key that no other test uses: they share one Redis."""
    return uuid4().hex
