from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flow.scripted import Clock, Script

from .service import TokenService


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> TokenService:
    return TokenService(clock)


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    yield script
    script.check()
