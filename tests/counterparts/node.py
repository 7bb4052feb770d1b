"""A program of Node that answers lines, and the packages it needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from auth_flow.stores._locks import locked
from tests.counterparts.served import ServedPool

PACKAGE = Path(__file__).parent / "node"
INSTALLATION = 300.0
"""Seconds that `npm ci` may take."""
PATIENCE = 60.0
"""Seconds that a call may take before the program is ended."""


def install(package: Path = PACKAGE) -> str:
    """Return the path of Node, with the packages of `package` installed.

    Skips the test if they cannot be installed.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        pytest.skip("there is no Node here")
    # One process at a time, if the tests run in several.
    with locked(Path(tempfile.gettempdir()) / "auth-flow-npm.lock", 2 * INSTALLATION):
        if not (package / "node_modules" / ".package-lock.json").exists():
            if npm is None:
                pytest.skip(
                    f"the packages of tests/counterparts/{package.name} are not installed, and"
                    " there is no npm here"
                )
            command = [npm, "ci", "--no-audit", "--no-fund"]
            try:
                subprocess.run(
                    command,
                    cwd=package,
                    check=True,
                    capture_output=True,
                    text=True,
                    timeout=INSTALLATION,
                )
            except subprocess.TimeoutExpired as error:
                pytest.skip(f"in tests/counterparts/{package.name}: {error}")
            except subprocess.CalledProcessError as error:
                pytest.skip(f"in tests/counterparts/{package.name}: {error}\n{error.stderr}")
    return node


class Refused(Exception):
    """What the program caught; `name` is the name of its error."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class Program:
    """A running program: `call` has it make one call and waits for the outcome."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def configured_for(self, pool: ServedPool) -> Program:
        """The program, from now on as an app of this pool."""
        self.call("configure", pool=pool.pool.id, client=pool.client.id, endpoint=pool.url)
        return self

    def call(self, call: str, **given: Any) -> Any:
        """Return the result of a call; raises `Refused` for an error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        try:
            print(
                json.dumps({"call": call, "input": given or None}),
                file=self._process.stdin,
                flush=True,
            )
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        assert line, "the program has ended"
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"], answer["message"])
        return answer["result"]


@contextmanager
def program(node: str, script: str, *arguments: str) -> Iterator[Program]:
    """Run a script. Its standard error is the test's."""
    command = [node, str(PACKAGE / script), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Program(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # at its end the program closes its browser, and ends
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()
