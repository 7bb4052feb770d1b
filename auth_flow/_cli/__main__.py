"""`python -m auth_flow._cli`."""

from __future__ import annotations

import sys

from auth_flow._cli import main

sys.exit(main())
