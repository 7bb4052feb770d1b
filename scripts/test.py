"""Run the tests, on asyncio and on trio. Arguments go to pytest.

`python3 scripts/test.py` needs nothing but Python: it installs what the tests need into an environment of its own.
"""

from __future__ import annotations

import sys

from environment import development_python, run

if __name__ == "__main__":
    run(development_python(), "-m", "pytest", *sys.argv[1:])
