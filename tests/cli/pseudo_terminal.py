"""A program in a real pseudo-terminal, and somebody who reads and types there."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
PATIENCE = 30.0
"""Seconds that a text may take to appear."""


class PseudoTerminal:
    """Runs `auth-flow …` with the pseudo-terminal as its controlling terminal, so that control
    characters count.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._controller, terminal = pty.openpty()
        self._read_up_to = 0
        self._written = ""
        self.process = subprocess.Popen(
            # The session's first terminal to be opened becomes the controlling one, so the shell
            # opens it.
            [
                "sh",
                "-c",
                'exec "$@" <"$0" >"$0" 2>&1',
                os.ttyname(terminal),
                sys.executable,
                "-m",
                "auth_flow._cli",
                *arguments,
            ],
            env={
                **os.environ,
                "TERM": "xterm",
                "COLUMNS": "100",
                "LINES": "50",
                **(environment or {}),
            },
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._terminal = terminal

    @property
    def shown(self) -> str:
        """All that was shown so far, without colours and cursor movements."""
        return ESCAPES.sub("", self._written)

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until something new on the screen matches."""
        found = self._find(pattern, PATIENCE)
        assert found, f"{pattern!r} did not appear in {self.shown[self._read_up_to :]!r}"
        self._read_up_to = found.end()
        return found

    def enter(self, text: str) -> None:
        """Type a line."""
        self.press(text + "\n")

    def press(self, keys: str) -> None:
        """Type without Enter."""
        os.write(self._controller, keys.encode())

    def interrupt(self, answer: str) -> None:
        """Press Ctrl-C until it is answered: readline overlooks one that comes while it is about to
        wait for a key.
        """
        for _ in range(30):
            self.press("\x03")
            if self._find(answer, PATIENCE / 30):
                return
        raise AssertionError(f"Ctrl-C was not answered: {self.shown[self._read_up_to :]!r}")

    def exit_code(self) -> int:
        """Wait until the program ends."""
        code = self.process.wait(PATIENCE)
        while self._read(time.monotonic() + 0.1):
            pass
        return code

    def _find(self, pattern: str, patience: float) -> re.Match[str] | None:
        deadline = time.monotonic() + patience
        while True:
            found = re.compile(pattern).search(self.shown, self._read_up_to)
            if found or not self._read(deadline):
                return found

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select(
            [self._controller], [], [], max(0.0, deadline - time.monotonic())
        )
        if ready:
            self._written += os.read(self._controller, 65536).decode(errors="replace")
        return bool(ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._controller)
        os.close(self._terminal)
