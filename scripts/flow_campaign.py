"""Kill workers at random while they send shared flows' events, and count broken promises.

    python scripts/flow_campaign.py [--flows 1000] [--kills 400] [--store sqlite|redis] [--seed 11]

People sign in with a code, sign up, and reset passwords against the embedded user pool. Whoever
gets no reply sends the same thing again, through another worker. No request that the pool has
accepted may reach it again, no flow may be lost, and no reply may be untrue.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.shared.campaign import run
from tests.stores import redis_server


def main() -> None:
    """Run the campaign and print its figures. Exit with status 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--flows", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=400)
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if options.store == "redis":
            place = stack.enter_context(redis_server.running(folder)).url()
        else:
            place = str(folder / "flows")
        started = time.monotonic()
        result = run(place, flows=options.flows, kills=options.kills, seed=options.seed)
    print(
        f"{options.store}: {result.flows} flows, {result.kills} kills, {result.unknown} times"
        f" FateUnknown; {result.repeated} requests sent twice, {result.lost} flows lost,"
        f" {result.lies.total()} untrue replies {dict(result.lies)}"
        f" ({time.monotonic() - started:.0f} s)"
    )
    if result.repeated or result.lost or result.lies:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
