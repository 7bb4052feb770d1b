"""Run the tests on asyncio and on trio, and report the lines that they do not cover.

`python3 scripts/test.py` needs nothing but Python: it installs the tests' requirements into an
environment of its own. Arguments go to pytest; with arguments, coverage is not measured.
"""

from __future__ import annotations

import sys

from environment import development_python, interruptible, run

if __name__ == "__main__":
    with interruptible():
        python, arguments = development_python(), sys.argv[1:]
        if arguments:
            run(python, "-m", "pytest", *arguments)
        else:
            run(python, "-m", "coverage", "run", "-m", "pytest")
            run(python, "-m", "coverage", "report")
