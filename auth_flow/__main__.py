"""Run the command line as `python -m auth_flow`, if `auth-flow` is not on the path."""

from __future__ import annotations

import sys

from auth_flow._cli import main

sys.exit(main())
