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

Nothing has to be installed: the tests run in the development environment, or by `--python`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from changes import Change, changes_in
from environment import ROOT, development_python

PLAN = Path(__file__).with_suffix(".toml")


_PYTEST = ("-p", "no:cacheprovider", "-p", "no:xdist")
_COVERAGE = (
    *_PYTEST,
    *("--cov", "--cov-context=test", "--cov-report=", "--cov-fail-under=0"),
    *("-vv", "--durations=0", "--assert=plain"),
)
_REPORT = ("json", "--show-contexts", "--fail-under=0", "--quiet")
_DURATION = re.compile(r"^([0-9.]+)s (?:call|setup|teardown) +(tests/.+)$", re.MULTILINE)
_LINE = re.compile(r"(?<=\.py):[0-9]+")
_NO_TESTS = 5
"""Pytest's exit code if no test is selected, such as trio's in a part without async tests."""
_FIRST = 25
"""How many of the tests that run a line are tried before the others: the fastest."""

_MEASURED = """
import importlib, sys
import pytest
for name in sys.argv[1].split():
    importlib.import_module(name)
sys.exit(pytest.main(sys.argv[2:]))
"""
"""Imports modules before coverage looks, so that it sees in each line only who calls it."""


@dataclass(frozen=True)
class Group:
    """Tests that are run together, and the seconds after which they count as hanging."""

    arguments: Sequence[str]
    limit: float


@dataclass(frozen=True)
class Reach:
    """What the tests of a part do on unchanged code."""

    seconds: float
    """How long they take together."""
    seconds_of: Mapping[str, float]
    by_line: Mapping[tuple[str, int], Sequence[str]]
    """The tests that run a line, the fastest first, by module and line."""

    def group(self, tests: Sequence[str]) -> Group:
        """Return a group of tests with four times the time that they need."""
        return Group(tests, 4 * sum(self.seconds_of.get(test, 0) for test in tests) + 20)


@dataclass(frozen=True)
class Part:
    """Modules, and the tests that answer for them. Modules may be patterns."""

    name: str
    modules: list[str]
    tests: list[str]

    def paths(self, root: Path) -> list[Path]:
        """Return the modules below `root`."""
        return [path for module in self.modules for path in sorted(root.glob(module))]

    def names(self, root: Path) -> str:
        """Return the modules' names. All packages are imported below `auth_flow`."""
        modules = (path.relative_to(root).with_suffix("").parts for path in self.paths(root))
        return " ".join(
            ".".join(("auth_flow", *each[each[0] == "auth_flow" :])) for each in modules
        )

    def groups(self, change: Change, reach: Reach) -> list[Group]:
        """Return the tests that can notice a change, those first that are likely to be quick."""
        if near := reach.by_line.get((change.path, change.line)):
            return [reach.group(tests) for tests in (near[:_FIRST], near[_FIRST:]) if tests]
        limit = 4 * reach.seconds + 20
        return [Group([*self.tests, "-k", each], limit) for each in ("not trio", "trio")]


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

    def noticed_by(self, change: Change, groups: Sequence[Group]) -> str:
        """Return the test that notices a change, or an empty text.

        One group is tried after the other. Few changes get to the last.
        """
        path = self.root / change.path
        source = path.read_bytes()
        try:
            self._write(path, change.apply(source))
            failures = (self.failure(group) for group in groups)
            return next((failure for failure in failures if failure), "")
        finally:
            self._write(path, source)

    def failure(self, group: Group) -> str:
        """Return the first test that fails, or an empty text if all pass in time."""
        with subprocess.Popen(
            [self._python, "-m", "pytest", *_PYTEST, "-x", "-q", *group.arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as running:
            try:
                output, _ = running.communicate(timeout=group.limit)
            except subprocess.TimeoutExpired:
                return f"no end within {group.limit:.0f} s"
            finally:
                if running.poll() is None:  # also if the script is interrupted
                    os.killpg(running.pid, signal.SIGKILL)
        if running.returncode in (0, _NO_TESTS) or "ERROR: not found:" in output:
            return ""  # a test is not found if the change gives it another name
        lines = [
            line
            for line in output.splitlines()
            if line.startswith(("FAILED tests/", "ERROR tests/"))
        ]
        return lines[0].split(" - ")[0] if lines else f"pytest's exit code {running.returncode}"

    def reach(self, part: Part) -> Reach:
        """Run the tests of a part, which have to pass, and return what they do.

        The lines that Python runs when it imports the module are left out: they count for all.
        """
        environment = {**os.environ, "COVERAGE_FILE": str(self.root / ".coverage.mutate")}
        report = self.root / "coverage.mutate.json"
        began = time.monotonic()
        ran = subprocess.run(
            [self._python, "-c", _MEASURED, part.names(self.root), *_COVERAGE, *part.tests],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        taken = time.monotonic() - began
        if ran.returncode:
            sys.exit(f"The tests of {part.name} fail on unchanged code:\n{ran.stdout}{ran.stderr}")
        subprocess.run(
            [self._python, "-m", "coverage", *_REPORT, "-o", report],
            cwd=self.root,
            env=environment,
            check=True,
        )
        seconds: dict[str, float] = defaultdict(float)
        for duration, test in _DURATION.findall(ran.stdout):
            seconds[test] += float(duration)
        tests: dict[tuple[str, int], Sequence[str]] = {}
        for module, measured in json.loads(report.read_text(encoding="utf-8"))["files"].items():
            path = (self.root / module).resolve().relative_to(self.root.resolve()).as_posix()
            for line, contexts in measured["contexts"].items():
                reached = {context.rpartition("|")[0] for context in contexts} - {""}
                tests[path, int(line)] = sorted(reached, key=lambda test: (seconds[test], test))
        return Reach(taken, seconds, tests)

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


def changes_of(part: Part, root: Path, equivalents: set[tuple[str, str, str, str]]) -> list[Change]:
    """Return the changes of a part, as it is below `root`. The repository may change meanwhile."""
    return [
        change
        for path in part.paths(root)
        for change in changes_in(path.relative_to(root).as_posix(), path.read_bytes())
        if (change.path, change.scope, change.old, change.new) not in equivalents
    ]


def _survivors(output: str) -> set[str]:
    """Return the changes that an earlier run lists, without their lines, which move."""
    lines = (line.partition("SURVIVED ")[2] for line in output.splitlines())
    return {_LINE.sub("", line) for line in lines if line}


def run(part: Part, changes: Sequence[Change], copies: Sequence[Copy]) -> list[Change]:
    """Try the changes of a part, and return those that were not noticed."""
    reach = copies[0].reach(part)
    free: SimpleQueue[Copy] = SimpleQueue()
    for each in copies:
        free.put(each)

    def survives(change: Change) -> bool:
        copy = free.get()
        try:
            test = copy.noticed_by(change, part.groups(change, reach))
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
