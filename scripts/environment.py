"""Virtual environments below `.venv/`, one for each purpose and Python version, made on first
use.
"""

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
ENVIRONMENTS = ROOT / ".venv"


def python_for(purpose: str, *requirements: str) -> Path:
    """Return the interpreter of an environment that has `requirements` installed.

    `requirements` are arguments of `pip install`. The environment is made again if the lock file,
    the project's metadata or the requirements have changed. Exits with a message if that fails.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python may run this file
        sys.exit("auth-flow needs Python 3.11 or later.")
    home = ENVIRONMENTS / f"{purpose}-{sys.version_info.major}.{sys.version_info.minor}"
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
            sys.exit(f"Installation failed: cannot create {home.relative_to(ROOT)}. {error}")
        install = ("pip", "install", "--quiet", "--disable-pip-version-check")
        if status_of(python, "-m", *install, *requirements):
            sys.exit("Installation failed: see pip's message above. Is the network available?")
        stamp.write_text(wanted)
    return python


def development_python() -> Path:
    """Return the interpreter with the extras, the tests' requirements and the linters."""
    return python_for("dev", "--requirement", str(LOCK))


def constraints() -> Path:
    """Return a file with the versions of the lock, without their hashes.

    pip refuses to install a folder, such as this checkout, beside requirements with hashes.
    """
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    versions = [line.removesuffix(" \\") for line in lines if "==" in line]
    ENVIRONMENTS.mkdir(exist_ok=True)
    path = ENVIRONMENTS / "constraints.txt"
    path.write_text("\n".join([*versions, ""]), encoding="utf-8")
    return path


def run(*command: str | Path) -> None:
    """Run a command in the root of the repository. If it fails, exit with its status."""
    if status := status_of(*command):
        sys.exit(status)


def status_of(*command: str | Path) -> int:
    """Run a command in the root of the repository, and return its exit status as a shell would:
    128 + N if signal N has ended it.
    """
    with subprocess.Popen(command, cwd=ROOT) as running:
        try:
            status = running.wait()
        except KeyboardInterrupt:
            running.wait()  # Ctrl-C has reached the command too; let it finish its clean-up
            raise
    return status if status >= 0 else 128 - status


@contextmanager
def interruptible() -> Generator[None]:
    """Exit with status 130 and without a traceback if Ctrl-C interrupts the body."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
