"""Servers in processes of their own: each is started once, waited for, and ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

START_UP = 30.0
"""Seconds that a server may take until it answers; here they need about one."""


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(
    module: str, *arguments: str, port: int, health: str, home: Path, settings: Mapping[str, str]
) -> Iterator[str]:
    """Run `python -m module` until the block ends; yields its URL once `health`, a path, is
    answered.

    Its environment is `settings` and nothing of this process's but the search path, its files go
    below `home`, and what it prints is in `home/log`. Skips the test where the module is not
    installed."""
    pytest.importorskip(module, reason=f"{module} is not installed")
    command = [sys.executable, "-m", module, *arguments]
    with running(command, port=port, health=health, home=home, settings=settings) as url:
        yield url


@contextmanager
def running(
    command: Sequence[str], *, port: int, health: str, home: Path, settings: Mapping[str, str]
) -> Iterator[str]:
    """Run a command that serves HTTP until the block ends, as `server` does."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), **settings}
    url = f"http://127.0.0.1:{port}"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, url + health, home / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_UP
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"{url} did not answer; the server said:\n{log.read_text()[-2000:]}")
