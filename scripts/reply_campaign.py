"""Change each member of each reply of the service in turn, and count errors without a type of ours.

    python scripts/reply_campaign.py [--runs 0] [--seed 3]

Every flow and every operation of a session is run against replies in which one member is missing,
null, of another type, huge, nested or not text. `--runs` chooses some of them at random; 0 tries
all, which takes minutes. Exits with status 1 if an error was raised that is not one of
`auth_flow.errors`, or if a flow could not be put away afterwards.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import anyio

from tests.flow.mutations import tried


def main() -> int:
    """Run the campaign and print its findings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    findings = anyio.run(tried, options.runs or None, options.seed)
    for kind, found in (("untyped", findings.untyped), ("not parked", findings.unparked)):
        for line, count in found.most_common():
            print(f"{count:5} {kind}: {line}")
    print(
        f"{findings.runs} replies: {findings.untyped.total()} untyped errors,"
        f" {findings.unparked.total()} flows that could not be put away."
    )
    return 1 if findings.untyped or findings.unparked else 0


if __name__ == "__main__":
    sys.exit(main())
