"""Write `requirements-dev.lock` anew: the newest versions that fit together, with their hashes.

    python3 scripts/lock.py

The lock is for all supported Python versions and platforms. It holds the extras, the tests'
requirements and the linters. Arguments go to `uv pip compile`, such as `--upgrade-package NAME`;
without arguments, every package is upgraded.
"""

from __future__ import annotations

import sys

from environment import LOCK, interruptible, python_for, run

COMPILE = (
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--all-extras",
    "--group=dev",
    "--custom-compile-command=python3 scripts/lock.py",
    "--no-emit-package=auth-flow",
    "pyproject.toml",
    f"--output-file={LOCK.name}",
)

if __name__ == "__main__":
    with interruptible():
        run(python_for("lock", "uv"), "-m", "uv", *COMPILE, *(sys.argv[1:] or ["--upgrade"]))
