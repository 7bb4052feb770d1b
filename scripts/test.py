"""Run the tests, on asyncio and on trio, and report what they do not cover. Arguments go to pytest;
then the report is left out.

`python3 scripts/test.py` needs nothing but Python: it installs what the tests need into an
environment of its own.
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
