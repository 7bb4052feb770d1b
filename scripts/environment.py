"""A virtual environment for each purpose and Python version, made on first use below `.venv/`."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-dev.lock"


def python_for(purpose: str, *requirements: str) -> Path:
    """Return the interpreter of an environment in which `requirements`, arguments of `pip install`, are installed.

    What is installed follows the lock file; the environment is brought up to date when the lock or the project's metadata change.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python would run
        sys.exit("auth-flow needs Python 3.11 or later.")
    home = ROOT / ".venv" / f"{purpose}-{sys.version_info.major}.{sys.version_info.minor}"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + repr(requirements).encode()).hexdigest()
    stamp = home / "installed"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"Preparing {home.relative_to(ROOT)} …", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, *requirements], check=False, cwd=ROOT).returncode:
            sys.exit("That could not be installed: pip says why above. Is there a network?")
        stamp.write_text(wanted)
    return python


def development_python() -> Path:
    """Return the interpreter that has everything: the extras, the tests' counterparts, the linters."""
    return python_for("dev", "--requirement", str(LOCK))


def run(*command: str | Path) -> None:
    """Run a command in the root of the repository, and exit as it does where it fails."""
    if status := subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit(status)


def quit_quietly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Interrupted, a script ends as its command did, which has said what there is to say."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = quit_quietly
