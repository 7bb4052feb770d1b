"""Environments for clients whose requirements conflict with ours."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2] / ".venv"
INSTALLATION = 240.0
"""Seconds that an installation may take."""


def python_with(*requirements: str) -> Path:
    """Return the interpreter of an environment with these packages, made on first use.

    Skips the test if they cannot be installed.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = HOME / "-".join(["counterpart", *requirements, version]).replace("=", "")
    python, stamp = home / "bin" / "python", home / "installed"
    if not stamp.exists():
        try:
            venv.create(home, with_pip=True, clear=True)
            subprocess.run(
                [python, "-m", "pip", "install", "--quiet", *requirements],
                check=True,
                capture_output=True,
                timeout=INSTALLATION,
            )
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"{', '.join(requirements)} cannot be installed: {error}")
        stamp.touch()
    return python
