"""`python -m auth_flow.cli`."""

from __future__ import annotations

import sys

from auth_flow.cli import main

sys.exit(main())
