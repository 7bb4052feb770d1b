"""`python -m auth_flow`: the command line, where no `auth-flow` is on the path."""

from __future__ import annotations

import sys

from auth_flow._cli import main

sys.exit(main())
