"""Walk through a sign-in with MFA, in the terminal, with a user pool in the same process.

`python3 scripts/demo.py` needs nothing but Python: it installs auth-flow into an environment of its
own, and runs `auth-flow demo` there.
"""

from __future__ import annotations

import sys

from environment import constraints, interruptible, python_for, run

if __name__ == "__main__":
    with interruptible():
        python = python_for("demo", "--constraint", str(constraints()), ".[terminal]")
        run(python, "-m", "auth_flow", "demo", *sys.argv[1:])
