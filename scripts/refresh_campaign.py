"""Measure how many sessions are lost if processes are killed while they refresh rotating tokens.

    python scripts/refresh_campaign.py [--kills 100] [--lease 3.0] [--store sqlite|redis] [GRACE …]

For each grace period (`RetryGracePeriodSeconds`, by default 60, 10 and 0 seconds) four processes
refresh one session without a pause, against the embedded user pool, and are killed one after the
other. A killed process may hold the lease, so a campaign takes up to `lease` seconds for each kill.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.session.campaign import run
from tests.stores import redis_server


def main() -> None:
    """Run the campaigns and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graces", metavar="GRACE", nargs="*", type=int, default=[60, 10, 0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--lease", type=float, default=3.0)
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    for grace in options.graces:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if options.store == "redis":
                place = stack.enter_context(redis_server.running(folder)).url()
            else:
                place = str(folder / "sessions")
            started = time.monotonic()
            result = run(
                grace=grace,
                lease=options.lease,
                kills=options.kills,
                place=place,
                seed=options.seed,
            )
        print(
            f"grace {grace:2} s: {result.refreshes} refreshes, {result.kills} kills,"
            f" {result.sign_outs} sessions lost, {result.failures} other errors"
            f" ({time.monotonic() - started:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
