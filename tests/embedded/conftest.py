from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    PoolSettings,
    SigningKey,
    TurnableClock,
)
from auth_flow.embedded._storage import Table
from tests.embedded.hosted import OAUTH, App, Browser
from tests.embedded.wire import PASSWORD, Wire


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    return SigningKey()


class StandingClock(TurnableClock):
    """Stands still until it is turned, so that limits can be met to the second."""

    def __init__(self) -> None:
        super().__init__()
        self._began = float(int(time.time()))

    def __call__(self) -> float:
        return self._began + self._ahead


@pytest.fixture
def clock() -> TurnableClock:
    return StandingClock()


MEMORY = Path("/dev/shm")
"""On Linux, a folder in memory. On a disk, each change would wait until it is written."""


@pytest.fixture
def storage() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder) / "cognito.sqlite"


@pytest.fixture
async def wire(signing_key: SigningKey, clock: TurnableClock, storage: Path) -> AsyncIterator[Wire]:
    """A service with one pool, one client without a secret, and the user ada.

    Whenever it has answered a request, its file holds all that is in memory.
    """
    with (
        EmbeddedCognito(clock=clock, storage=storage) as service,
        closing(sqlite3.connect(storage)) as file,
    ):
        pool = service.create_pool(PoolSettings(), key=signing_key)
        pool.create_user(
            "ada", PASSWORD, attributes={"email": "ada@example.org", "phone_number": "+15555555309"}
        )

        async def compare(_: httpx.Response) -> None:
            assert set(file.execute("SELECT key, json FROM rows")) == rows_in_memory(service)

        async with service.http_client() as http:
            http.event_hooks["response"].append(compare)
            yield Wire(http, service, pool, pool.create_client())


def rows_in_memory(service: EmbeddedCognito) -> set[tuple[str, str]]:
    """The keys and the JSON of all rows."""
    return {
        (key, row.model_dump_json())
        for owner in (service, *service.pools.values())
        for table in vars(owner).values()
        if isinstance(table, Table)
        for key, row in table.items()
    }


@pytest.fixture
async def app(wire: Wire) -> AsyncIterator[App]:
    """An application of that pool, with a client of its own."""
    client = wire.pool.create_client(ClientSettings(**OAUTH))
    async with wire.service.http_client() as http:
        http.event_hooks = wire.http.event_hooks
        yield App(wire, client.id, Browser(http))
