"""Everything that has to hold before a change goes in: lint, types, the wheel, the tests with their
coverage.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from environment import ROOT, development_python, interruptible, python_for, run


def check_wheel() -> None:
    """Build the wheel, install it with its extras into an empty environment, and let pyright judge
    its types.
    """
    with tempfile.TemporaryDirectory() as folder:
        run(
            development_python(),
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            folder,
            ".",
        )
        (wheel,) = Path(folder).glob("*.whl")
        installed = python_for(
            "wheel",
            "--constraint",
            "requirements-dev.lock",
            "pyright",
            "botocore-stubs",
            f"{ROOT}[all]",
        )
        run(installed, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel)
        # Away from the checkout, so that the installed package is what is seen.
        subprocess.run(
            [installed, "-c", "import auth_flow.states.chart, auth_flow.embedded"],
            cwd=folder,
            check=True,
        )
        # pyright judges what the first Python on the path has installed.
        environment = {
            **os.environ,
            "PATH": os.pathsep.join((str(installed.parent), os.environ["PATH"])),
        }
        judge = [
            installed,
            "-m",
            "pyright",
            "--verifytypes",
            "auth_flow",
            "--ignoreexternal",
            "--outputjson",
        ]
        verdict = subprocess.run(
            judge, cwd=folder, check=False, capture_output=True, text=True, env=environment
        )
        counts = json.loads(verdict.stdout)["typeCompleteness"]["exportedSymbolCounts"]
        # What pyright calls ambiguous is inferred from a value, such as the name of a step; mypy
        # infers the same.
        if counts["withUnknownType"] or not counts["withKnownType"]:
            sys.exit(f"The installed package has public names without a type: {counts}")


def main() -> None:
    """Check one thing after the other; stop at the first that fails."""
    python = development_python()
    run(python, "-m", "ruff", "format", "--check", ".")
    run(python, "-m", "ruff", "check", ".")
    run(python, "-m", "mypy")
    run(python, "-m", "pyright", "--pythonpath", python)
    check_wheel()
    run(sys.executable, "scripts/test.py", *sys.argv[1:])


if __name__ == "__main__":
    with interruptible():
        main()
