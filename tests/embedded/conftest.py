from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from auth_flow.embedded import (
    ClientSettings,
    EmbeddedCognito,
    PoolSettings,
    SigningKey,
    TurnableClock,
)
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


@pytest.fixture
async def wire(signing_key: SigningKey, clock: TurnableClock) -> AsyncIterator[Wire]:
    """A service with one pool, one client without a secret, and the user ada."""
    service = EmbeddedCognito(clock=clock)
    pool = service.create_pool(PoolSettings(), key=signing_key)
    pool.create_user(
        "ada", PASSWORD, attributes={"email": "ada@example.org", "phone_number": "+15555555309"}
    )
    async with service.http_client() as http:
        yield Wire(http, service, pool, pool.create_client())


@pytest.fixture
async def app(wire: Wire) -> AsyncIterator[App]:
    """An application of that pool, with a client of its own."""
    client = wire.pool.create_client(ClientSettings(**OAUTH))
    async with wire.service.http_client() as http:
        yield App(wire, client.id, Browser(http))
