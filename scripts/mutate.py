"""Change the code in small ways, one at a time, and list the changes that no test notices.

    python3 scripts/mutate.py [--seed 18] [--sample 20] [--jobs 1] [PART …]

`scripts/mutate.toml` divides the code into parts, each with the modules and the tests that belong
to it, and lists the changes that make no difference, each with the reason. From each part (by
default all of them), `--sample` changes are drawn; the same seed draws the same changes from the
same code. They are made in a copy of the repository. A change counts as noticed if a test fails, or
if the tests hang. Exits with status 1 if a change was not noticed.

Nothing has to be installed: the tests run in the development environment, or by `--python`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from changes import Change, changes_in
from environment import ROOT, development_python

PLAN = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Part:
    """Modules, and the tests that answer for them. Modules may be patterns."""

    name: str
    modules: list[str]
    tests: list[str]


class Copy:
    """A copy of the repository, in which one change at a time is made."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.root = folder
        self._python = python
        self._mtime = time.time()
        left_out = shutil.ignore_patterns(
            ".git", ".venv", ".*_cache", "__pycache__", "node_modules"
        )
        shutil.copytree(ROOT, folder, symlinks=True, ignore=left_out)

    def noticed_by(self, change: Change, tests: Sequence[str], seconds: float) -> str:
        """Return the test that notices a change, or an empty text.

        Those on trio run last. Few changes get that far.
        """
        path = self.root / change.path
        source = path.read_bytes()
        try:
            self._write(path, change.apply(source))
            return self.failure([*tests, "-k", "not trio"], seconds) or self.failure(
                [*tests, "-k", "trio"], seconds
            )
        finally:
            self._write(path, source)

    def failure(self, arguments: Sequence[str], seconds: float) -> str:
        """Return the first test that fails, or an empty text if all pass within this time."""
        command = [self._python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        with subprocess.Popen(
            [*command, *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as running:
            try:
                output, _ = running.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                return f"no end within {seconds:.0f} s"
            finally:
                if running.poll() is None:  # also if the script is interrupted
                    os.killpg(running.pid, signal.SIGKILL)
        if running.returncode == 0:
            return ""
        lines = [
            line
            for line in output.splitlines()
            if line.startswith(("FAILED tests/", "ERROR tests/"))
        ]
        return lines[0].split(" - ")[0] if lines else f"pytest's exit code {running.returncode}"

    def _write(self, path: Path, source: bytes) -> None:
        """Write a module with a time of its own, by which Python knows its cached bytecode."""
        path.write_bytes(source)
        self._mtime += 2
        os.utime(path, (self._mtime, self._mtime))


def read_plan() -> tuple[list[Part], set[tuple[str, str, str, str]]]:
    """Return the parts, and the changes that make no difference."""
    plan = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    parts = [Part(name, part["modules"], part["tests"]) for name, part in plan["part"].items()]
    equivalents = {
        (each["path"], each["scope"], each["old"], each["new"])
        for each in plan.get("equivalent", [])
    }
    return parts, equivalents


def drawn(
    part: Part,
    root: Path,
    equivalents: set[tuple[str, str, str, str]],
    generator: random.Random,
    sample: int,
) -> list[Change]:
    """Draw changes of a part, from the copy below `root`. The repository may change meanwhile."""
    changes = [
        change
        for module in part.modules
        for path in sorted(root.glob(module))
        for change in changes_in(path.relative_to(root).as_posix(), path.read_bytes())
        if (change.path, change.scope, change.old, change.new) not in equivalents
    ]
    return generator.sample(changes, min(sample, len(changes)))


def run(part: Part, changes: Sequence[Change], copies: Sequence[Copy]) -> list[Change]:
    """Try the changes of a part, and return those that were not noticed."""
    began = time.monotonic()
    if failure := copies[0].failure(part.tests, 600):
        sys.exit(f"The tests of {part.name} fail on unchanged code: {failure}")
    seconds = 4 * (time.monotonic() - began) + 20
    free: SimpleQueue[Copy] = SimpleQueue()
    for each in copies:
        free.put(each)

    def survives(change: Change) -> bool:
        copy = free.get()
        try:
            test = copy.noticed_by(change, part.tests, seconds)
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
    parser.add_argument("--jobs", type=int, default=1, help="changes tried at the same time")
    parser.add_argument("--python", type=Path, help="the interpreter that runs the tests")
    options = parser.parse_args()
    if unknown := set(options.parts) - {part.name for part in parts}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    rates: list[str] = []
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        python = options.python or development_python()
        copies = [Copy(Path(folder) / str(number), python) for number in range(options.jobs)]
        for part in parts:
            if options.parts and part.name not in options.parts:
                continue
            print(part.name, flush=True)
            generator = random.Random(f"{options.seed} {part.name}")  # noqa: S311
            changes = drawn(part, copies[0].root, equivalents, generator, options.sample)
            lost = run(part, changes, copies)
            survived += len(lost)
            rates.append(f"{part.name}: {len(changes) - len(lost)} of {len(changes)} noticed")
    print("\n".join(rates))
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
