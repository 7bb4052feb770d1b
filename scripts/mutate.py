"""Change the code in small ways, one at a time, and list the changes that no test notices.

    python3 scripts/mutate.py [--seed 18] [--sample 20 | --all | --again FILE] [--jobs 1] [PART …]

`scripts/mutate.toml` divides the code into parts, each with the modules and the tests that belong
to it, and lists the changes that make no difference, each with the reason. From each part (by
default all of them), `--sample` changes are drawn; the same seed draws the same changes from the
same code. With `--all`, each change of a part is tried; with `--again`, those that were not noticed
according to the output of an earlier run.

The changes are made in a copy of the repository, one at a time, and the tests that run the changed
line are run. A change counts as noticed if a test fails, or if the tests hang. Exits with status 1
if a change was not noticed.

Nothing has to be installed: if there is no pytest, the script runs itself in the development
environment.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from changes import Change, changes_in
from environment import development_python, interruptible, status_of

try:
    from trials import Copy
except ModuleNotFoundError as error:
    if error.name != "pytest":
        raise
    with interruptible():
        sys.exit(status_of(development_python(), __file__, *sys.argv[1:]))

PLAN = Path(__file__).with_suffix(".toml")
_LINE = re.compile(r"(?<=\.py):[0-9]+")


@dataclass(frozen=True)
class Part:
    """Modules, and the tests that answer for them. Modules may be patterns."""

    name: str
    modules: list[str]
    tests: list[str]

    def paths(self, root: Path) -> list[Path]:
        """Return the modules below `root`."""
        return [path for module in self.modules for path in sorted(root.glob(module))]


def read_plan() -> tuple[list[Part], set[tuple[str, str, str, str]]]:
    """Return the parts, and the changes that make no difference."""
    plan = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    parts = [Part(name, part["modules"], part["tests"]) for name, part in plan["part"].items()]
    equivalents = {
        (each["path"], each["scope"], each["old"], each["new"])
        for each in plan.get("equivalent", [])
    }
    return parts, equivalents


def changes_of(part: Part, root: Path, equivalents: set[tuple[str, str, str, str]]) -> list[Change]:
    """Return the changes of a part, as it is below `root`. The repository may change meanwhile."""
    return [
        change
        for path in part.paths(root)
        for change in changes_in(path.relative_to(root).as_posix(), path.read_bytes())
        if change.key not in equivalents
    ]


def _survivors(output: str) -> set[str]:
    """Return the changes that an earlier run lists, without their lines, which move."""
    lines = (line.partition("SURVIVED ")[2] for line in output.splitlines())
    return {_LINE.sub("", line) for line in lines if line}


def run(part: Part, changes: Sequence[Change], copies: Sequence[Copy]) -> list[Change]:
    """Try the changes of a part, and return those that were not noticed."""
    reach = copies[0].reach(part.paths(copies[0].root), part.tests)
    free: SimpleQueue[Copy] = SimpleQueue()
    for each in copies:
        free.put(each)

    def survives(change: Change) -> bool:
        copy = free.get()
        try:
            test = copy.noticed_by(change, reach)
        finally:
            free.put(copy)
        print(f"  {'noticed ' if test else 'SURVIVED'} {change}  {test}".rstrip(), flush=True)
        return not test

    with ThreadPoolExecutor(len(copies)) as threads:
        return [
            change
            for change, survived in zip(changes, threads.map(survives, changes), strict=True)
            if survived
        ]


def main() -> int:
    """Try a sample of each part, and print the rates."""
    parts, equivalents = read_plan()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", metavar="PART", nargs="*", help="by default all")
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--sample", type=int, default=20, help="changes of each part")
    parser.add_argument("--all", action="store_true", help="each change of each part")
    parser.add_argument("--again", type=Path, help="the output of an earlier run")
    parser.add_argument("--jobs", type=int, default=1, help="changes tried at the same time")
    options = parser.parse_args()
    if unknown := set(options.parts) - {part.name for part in parts}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    rates: list[str] = []
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        copies = [Copy(Path(folder) / str(number)) for number in range(options.jobs)]
        for part in parts:
            if options.parts and part.name not in options.parts:
                continue
            changes = changes_of(part, copies[0].root, equivalents)
            if options.again:
                earlier = _survivors(options.again.read_text(encoding="utf-8"))
                changes = [each for each in changes if _LINE.sub("", str(each)) in earlier]
            elif not options.all:
                generator = random.Random(f"{options.seed} {part.name}")  # noqa: S311
                changes = generator.sample(changes, min(options.sample, len(changes)))
            if not changes:
                continue
            print(part.name, flush=True)
            lost = run(part, changes, copies)
            survived += len(lost)
            rates.append(f"{part.name}: {len(changes) - len(lost)} of {len(changes)} noticed")
    print("\n".join(rates))
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
