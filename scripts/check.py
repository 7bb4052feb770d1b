"""Run every check that a change has to pass: format, lint, types, the wheel, the tests and their
coverage. Arguments go to pytest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from environment import ROOT, constraints, development_python, interruptible, python_for, run

MOST_SYMBOLS = 500
"""The budget of the public face, in symbols as pyright counts them."""


def check_wheel() -> None:
    """Build the wheel, install it with its extras into an empty environment, and check it there."""
    with tempfile.TemporaryDirectory() as folder:
        build = ("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ".")
        run(development_python(), "-m", *build)
        (wheel,) = Path(folder).glob("*.whl")
        pinned = ("--constraint", str(constraints()), "pyright", "botocore-stubs", f"{ROOT}[all]")
        python = python_for("wheel", *pinned)
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel)
        # In a folder outside of the checkout, Python and pyright see the installed package.
        program = "import auth_flow.states.chart, auth_flow.embedded"
        subprocess.run([python, "-c", program], cwd=folder, check=True)
        check_public_types(python, folder)


def check_public_types(python: Path, folder: str) -> None:
    """Count the public symbols of the installed package; exit if one has no type, or if there are
    too many.
    """
    verify = ("pyright", "--verifytypes", "auth_flow", "--ignoreexternal", "--outputjson")
    verdict = subprocess.run(
        [python, "-m", *verify],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        # pyright looks for the package in the first Python on the path.
        env={**os.environ, "PATH": os.pathsep.join((str(python.parent), os.environ["PATH"]))},
    )
    counts = json.loads(verdict.stdout)["typeCompleteness"]["exportedSymbolCounts"]
    # An "ambiguous" type is inferred from a value, such as the name of a step. mypy infers the
    # same.
    if counts["withUnknownType"] or not counts["withKnownType"]:
        sys.exit(f"The installed package has public names without a type: {counts}")
    total = sum(counts.values())
    print(f"The public face has {total} symbols; {MOST_SYMBOLS} are allowed.", flush=True)
    if total > MOST_SYMBOLS:
        sys.exit("The public face is too large: move modules behind an underscore.")


def main() -> None:
    """Run one check after the other, and stop at the first that fails."""
    python = development_python()
    run(python, "-m", "ruff", "format", "--check", ".")
    run(python, "-m", "ruff", "check", ".")
    run(python, "-m", "mypy")
    run(python, "-m", "pyright", "--pythonpath", python)
    run(python, "scripts/service_model.py", "--newest")
    check_wheel()
    run(sys.executable, "scripts/test.py", *sys.argv[1:])


if __name__ == "__main__":
    with interruptible():
        main()
