"""Under `python -OO` there are no docstrings and no assertions, and nothing that is shown to a user
or a caller may depend on them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def printed(part: str, *options: str) -> str:
    command = [sys.executable, *options, "-m", "tests.house.optimized", part]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout


def test_the_same_refusals_are_printed() -> None:
    normal = printed("refusals")
    assert "The password must not be empty." in normal
    assert printed("refusals", "-OO").splitlines() == normal.splitlines()


def test_the_same_helps_are_printed() -> None:
    normal = printed("helps")
    assert "Set up an authenticator app, and prefer it." in normal
    assert printed("helps", "-OO").splitlines() == normal.splitlines()
