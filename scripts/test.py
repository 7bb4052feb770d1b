"""Run the tests on asyncio and on trio, and report the lines that they do not cover.

`python3 scripts/test.py` needs nothing but Python: it installs the tests' requirements into an
environment of its own, and runs the tests in a process for each core, up to four. Arguments go to
pytest; with arguments, there is one process, and coverage is not measured.
"""

from __future__ import annotations

import sys

from environment import development_python, interruptible, run

EVERYTHING = (
    "--numprocesses=auto",
    "--maxprocesses=4",
    "--dist=loadfile",
    "--cov",
    "--cov-report=",
    "--durations=25",
)

if __name__ == "__main__":
    with interruptible():
        python, arguments = development_python(), sys.argv[1:]
        run(python, "-m", "pytest", *(arguments or EVERYTHING))
        if not arguments:
            run(python, "-m", "coverage", "report")
