"""Run a tool of the development environment, as `python -m` does.

python3 scripts/tool.py ruff check .
python3 scripts/tool.py mypy
"""

from __future__ import annotations

import sys

from environment import development_python, interruptible, run

if __name__ == "__main__":
    with interruptible():
        run(development_python(), "-m", *sys.argv[1:])
