"""Four processes, one session, a rotating refresh token, and a Redis between them; some of them are
killed at work.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, aclosing
from pathlib import Path

import anyio
import pytest

from auth_flow import AuthFlow, SignIn, UserPool
from auth_flow.embedded import ClientSettings, EmbeddedCognito, RefreshTokenRotation, running
from auth_flow.stores._redis import RedisStore
from tests.stores import redis_server

REFRESHES = int(os.environ.get("AUTH_FLOW_TEST_REFRESHES", "250"))
"""How many refreshes to see. The whole test takes about 15 seconds for each 1,000."""

WORKERS = 4
LEASE = 0.3
"""Seconds; a killed worker holds the others up for so long. Out in the world it is longer."""


class Workers:
    """Processes that refresh one session, and what they have said so far."""

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "tests.session.worker", *arguments]
        self._running: list[subprocess.Popen[str]] = []
        self._stack = ExitStack()
        self.said: Counter[str] = Counter()
        self.heard = threading.Condition()

    def start(self) -> None:
        process = self._stack.enter_context(
            subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        )
        self._running.append(process)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def kill_one(self, dice: random.Random) -> None:
        process = self._running.pop(dice.randrange(len(self._running)))
        process.kill()
        process.wait()

    def wait_for(self, refreshes: int) -> None:
        with self.heard:
            enough = self.heard.wait_for(
                lambda: self.said["refreshed"] >= refreshes or self.said.keys() - {"refreshed"}, 120
            )
        assert enough, "nothing was heard for two minutes"

    def stop(self) -> None:
        while self._running:
            self.kill_one(random.Random(0))
        self._stack.close()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            with self.heard:
                self.said[line.strip()] += 1
                self.heard.notify_all()


@pytest.fixture
def redis(tmp_path: Path) -> Generator[str]:
    if redis_server.find() is None:
        pytest.skip("neither redis-server nor valkey-server is on PATH")
    with redis_server.running(tmp_path) as server:
        yield server.url()


@pytest.fixture
def service() -> Generator[tuple[str, UserPool]]:
    """The embedded pool on a port, with the user ada. A spent refresh token has some seconds of
    grace, for who was killed.
    """
    service = EmbeddedCognito()
    pool = service.create_pool()
    pool.create_user("ada", "Correct-Horse-1")
    rotation = RefreshTokenRotation(feature="ENABLED", retry_grace_period_seconds=10)
    client = pool.create_client(ClientSettings(refresh_token_rotation=rotation))
    with running(service) as url:
        yield url, UserPool(user_pool_id=pool.id, client_id=client.id, endpoint=url)


async def sign_in(pool: UserPool, store_url: str) -> None:
    async with aclosing(RedisStore(store_url)) as store, AuthFlow(pool, store=store) as flow:
        await flow.send(SignIn(username="ada", password="Correct-Horse-1"))


def test_nobody_is_signed_out(service: tuple[str, UserPool], redis: str) -> None:
    url, pool = service
    dice = random.Random(4)
    anyio.run(sign_in, pool, redis)
    workers = Workers(url, pool.user_pool_id, pool.client_id, redis, str(LEASE))
    try:
        for _ in range(WORKERS):
            workers.start()
        for refreshes in range(50, REFRESHES + 1, 50):
            workers.wait_for(refreshes - dice.randrange(50))
            workers.kill_one(dice)
            workers.start()
        workers.wait_for(REFRESHES)
    finally:
        workers.stop()
    assert set(workers.said) == {"refreshed"}, workers.said
