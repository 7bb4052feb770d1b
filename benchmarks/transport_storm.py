"""Make a million requests over one pool, cancel them at random and inject faults. Afterwards, no
slot, socket or task may be left.

    python -m benchmarks.transport_storm [--requests 1000000] [--seed 1] [--backend asyncio]
"""

from __future__ import annotations

import argparse
import time

import anyio

from tests.transports.storm import storm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", choices=("asyncio", "trio"), default="asyncio")
    options = parser.parse_args()
    start = time.perf_counter()
    ends = anyio.run(storm, options.requests, options.seed, backend=options.backend)
    seconds = time.perf_counter() - start
    print(
        f"{options.backend}: {sum(ends.values())} requests in {seconds:.0f} s; every slot "
        "free, no socket and no task left."
    )
    print(", ".join(f"{end} {count}" for end, count in ends.most_common()))


if __name__ == "__main__":
    main()
