"""A virtual environment for each purpose and Python version, made on first use below `.venv/`."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-dev.lock"


def python_for(purpose: str, *requirements: str) -> Path:
    """Return the interpreter of an environment in which `requirements`, arguments of `pip install`,
    are installed.

    What is installed follows the lock file; the environment is brought up to date when the lock or
    the project's metadata change.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python would run
        sys.exit("auth-flow needs Python 3.11 or later.")
    home = ROOT / ".venv" / f"{purpose}-{sys.version_info.major}.{sys.version_info.minor}"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(
        LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + repr(requirements).encode()
    ).hexdigest()
    stamp = home / "installed"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"Preparing {home.relative_to(ROOT)} …", file=sys.stderr)
        try:
            venv.create(home, with_pip=True, clear=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(
                f"That could not be installed: {home.relative_to(ROOT)} cannot be made. {error}"
            )
        if status_of(
            python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements
        ):
            sys.exit("That could not be installed: pip says why above. Is there a network?")
        stamp.write_text(wanted)
    return python


def development_python() -> Path:
    """Return the interpreter that has everything: the extras, the tests' counterparts, the
    linters.
    """
    return python_for("dev", "--requirement", str(LOCK))


def run(*command: str | Path) -> None:
    """Run a command in the root of the repository, and exit as it does where it fails."""
    if status := status_of(*command):
        sys.exit(status)


def status_of(*command: str | Path) -> int:
    """Run a command in the root of the repository, and return its exit status as a shell tells
    it.
    """
    with subprocess.Popen(command, cwd=ROOT) as running:
        try:
            status = running.wait()
        except KeyboardInterrupt:
            running.wait()  # it was interrupted too, and takes the time it needs to say so
            raise
    return status if status >= 0 else 128 - status


@contextmanager
def interruptible() -> Generator[None]:
    """What a script does. Ctrl-C ends it without a traceback: its command has said what there is to
    say.
    """
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
