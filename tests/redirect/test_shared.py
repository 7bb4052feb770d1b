"""A redirect sign-in that one worker begins and another one finishes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from auth_flow import Done, ReturnFromRedirect, Sealer, SharedFlows, SQLiteStore, new_key
from auth_flow.errors import AlreadyDone
from tests.flow.scripted import Clock

from .hosted import POOL, Hosted
from .provider import NOW

pytestmark = pytest.mark.anyio

WORKER = """
import sys, time, anyio
from auth_flow import Sealer, SharedFlows, SignInWithRedirect, SQLiteStore
from tests.redirect.hosted import CALLBACK, POOL

async def main(path, key):
    flows = SharedFlows(SQLiteStore(path), Sealer([key]), POOL, clock=lambda: %d)
    async with flows.take("browser-1") as flow:
        step = await flow.send(SignInWithRedirect(redirect_uri=CALLBACK, custom_state="x"))
    print(step.url, flush=True)
    await anyio.sleep_forever()

anyio.run(main, *sys.argv[1:])
"""


async def test_a_killed_workers_sign_in_is_finished_by_another_and_only_once(
    tmp_path: Path,
) -> None:
    path, key = str(tmp_path / "flows.db"), new_key()
    worker = await anyio.open_process(
        [sys.executable, "-c", WORKER % NOW, path, key],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.STDOUT,
    )
    async with worker:
        assert worker.stdout is not None
        url = (await worker.stdout.receive()).decode().strip()
        worker.send_signal(signal.SIGKILL)
    hosted, clock = Hosted(), Clock()
    clock.now = float(NOW)
    back = ReturnFromRedirect(url=hosted.visit(url))
    store = SQLiteStore(path)
    flows = SharedFlows(store, Sealer([key]), POOL, transport=hosted, clock=clock)
    async with flows.take("browser-1") as flow:
        step = await flow.send(back)
        assert isinstance(step, Done)
        assert step.custom_state == "x"
    async with flows.take("browser-1") as flow:
        with pytest.raises(AlreadyDone):
            await flow.send(back)
    await store.aclose()
    assert len(hosted.posts()) == 1
