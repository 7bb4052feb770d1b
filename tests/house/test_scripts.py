"""The two commands of the README, where they do not get far."""

from __future__ import annotations

import subprocess
import sys

from .tree import ROOT


def test_interrupting_a_script_shows_no_traceback() -> None:
    program = "import environment; raise KeyboardInterrupt"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "scripts", capture_output=True, text=True, check=False)
    assert done.returncode
    assert done.stderr == ""


def test_what_cannot_be_installed_is_told_in_a_sentence() -> None:
    program = """
import subprocess, tempfile, environment
from pathlib import Path
from types import SimpleNamespace
environment.venv.create = lambda *_, **__: None
environment.subprocess.run = lambda *_, **__: SimpleNamespace(returncode=1)
environment.python_for("nothing", "no-such-package")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "scripts", capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == ["That could not be installed: pip says why above. Is there a network?"]
