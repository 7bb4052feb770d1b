"""A campaign: processes share one session, its refresh token rotates, and some of them are killed.

The test runs a small one, `scripts/refresh_campaign.py` a large one.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass

import anyio

from auth_flow import AuthFlow, SignIn, UserPool
from auth_flow.embedded import ClientSettings, EmbeddedCognito, RefreshTokenRotation, running
from auth_flow.stores import RedisStore, SQLiteStore

PASSWORD = "Correct-Horse-1"
WORKERS = 4
PATIENCE = 60.0
"""Seconds in which the workers have to print something."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a campaign went. `sign_outs` counts sessions that were lost, `failures` other errors."""

    refreshes: int
    kills: int
    sign_outs: int
    failures: int


def open_store(place: str) -> RedisStore | SQLiteStore:
    """Open the store at a Redis URL, or at the path of a database file."""
    return RedisStore(place) if place.startswith("redis://") else SQLiteStore(place)


class Workers:
    """Processes that refresh one session, and what they have printed."""

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "tests.session.worker", *arguments]
        self._running: list[subprocess.Popen[str]] = []
        self._up: set[int] = set()
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

    def stop(self) -> None:
        while self._running:
            self.kill_one(random.Random(0))
        self._stack.close()

    @property
    def signed_out(self) -> bool:
        return any(line.startswith("signed out") for line in self.said)

    def wait_for(self, refreshes: int) -> bool:
        """Wait for so many more refreshes, and until all processes have taken part.

        Return False if the session was lost instead.
        """
        wanted = self.said["refreshed"] + refreshes
        with self.heard:
            enough = self.heard.wait_for(
                lambda: (self.said["refreshed"] >= wanted and self._all_up) or self.signed_out,
                PATIENCE,
            )
        assert enough, f"the workers have stopped: {self.said}"
        return not self.signed_out

    @property
    def _all_up(self) -> bool:
        return all(process.pid in self._up for process in self._running)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            with self.heard:
                self.said[line.strip()] += 1
                self._up.add(process.pid)
                self.heard.notify_all()


@contextmanager
def rotating_pool(grace: int) -> Iterator[tuple[str, UserPool]]:
    """Serve an embedded pool with the user ada, whose refresh tokens rotate.

    A refresh token that was used is good for another `grace` seconds.
    """
    service = EmbeddedCognito()
    pool = service.create_pool()
    pool.create_user("ada", PASSWORD)
    rotation = RefreshTokenRotation(feature="ENABLED", retry_grace_period_seconds=grace)
    client = pool.create_client(ClientSettings(refresh_token_rotation=rotation))
    with running(service) as url:
        yield url, UserPool(user_pool_id=pool.id, client_id=client.id, endpoint=url)


def run(*, grace: int, lease: float, kills: int, place: str, seed: int) -> Result:
    """Kill so many processes at random moments. A session that is lost is followed by another.

    `grace` is the pool's `RetryGracePeriodSeconds`, `lease` the processes' `refresh_lease`.
    """
    dice = random.Random(seed)
    done = sign_outs = refreshes = failures = 0
    with rotating_pool(grace) as (url, pool):
        while done < kills:
            anyio.run(_sign_in, pool, place)
            workers = Workers(url, pool.user_pool_id, pool.client_id, place, str(lease))
            try:
                for _ in range(WORKERS):
                    workers.start()
                while done < kills and workers.wait_for(dice.randrange(5, 15)):
                    time.sleep(dice.random() * 0.02)
                    workers.kill_one(dice)
                    workers.start()
                    done += 1
                lost = not workers.wait_for(WORKERS)
            finally:
                workers.stop()
            sign_outs += lost
            refreshes += workers.said["refreshed"]
            failures += sum(n for line, n in workers.said.items() if line.startswith("failed"))
    return Result(refreshes, done, sign_outs, failures)


async def _sign_in(pool: UserPool, place: str) -> None:
    async with aclosing(open_store(place)) as store, AuthFlow(pool, store=store) as flow:
        await flow.send(SignIn(username="ada", password=PASSWORD))
        await flow.session.sign_out_elsewhere()
