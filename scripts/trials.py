"""The trials of `mutate.py`: each runs the tests that can notice a change of the code."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from changes import Change
from environment import ROOT

_PYTEST = ("-p", "no:cacheprovider", "-p", "no:xdist")
_QUIETLY = (*_PYTEST, "-x", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning")
_COVERAGE = (
    *_PYTEST,
    *("--cov", "--cov-context=test", "--cov-report=", "--cov-fail-under=0"),
    *("-vv", "--durations=0", "--assert=plain"),
)
_REPORT = ("json", "--show-contexts", "--fail-under=0", "--quiet")
_DURATION = re.compile(r"^([0-9.]+)s (?:call|setup|teardown) +(tests/.+)$", re.MULTILINE)
_FIRST = 25
"""How many of the tests that run a line are tried before the others: the fastest."""

_MEASURED = """
import importlib, sys
import pytest
class Imports:
    def pytest_configure(self):
        for name in sys.argv[1].split():
            importlib.import_module(name)
sys.exit(pytest.main(sys.argv[2:], plugins=[Imports()]))
"""
"""Imports modules before the first test, which therefore does not count as running their lines."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "anyio._backends._asyncio",
        "anyio._backends._trio",
        "cryptography.x509",
        "httpx",
        "joserfc.jwt",
        "pydantic",
        "pytest",
        "statemachine",
    ]
)
"""Starts processes that have imported packages already, but none of the code that changes."""


@dataclass(frozen=True)
class Group:
    """Tests that are run together, and the seconds after which they count as hanging."""

    arguments: Sequence[str]
    limit: float

    def files(self) -> Group:
        """Return all tests of the files that these tests are in."""
        files = dict.fromkeys(argument.partition("::")[0] for argument in self.arguments)
        return Group(list(files), 10 * self.limit)


@dataclass(frozen=True)
class Reach:
    """The lines that tests run on unchanged code, and the time that they take."""

    tests: Sequence[str]
    seconds: float
    """How long they take together."""
    seconds_of: Mapping[str, float]
    by_line: Mapping[tuple[str, int], Collection[str]]
    """The tests that run a line, by module and line; an empty name if an import runs it."""

    def groups(self, path: str, lines: range) -> list[Group]:
        """Return the tests that run one of the lines, in two groups, of which the first is quick.

        They get four times the time that they need. All tests count if an import runs a line.
        """
        near = {test for line in lines for test in self.by_line.get((path, line), ())}
        if near and "" not in near:
            ordered = sorted(near, key=lambda test: (self.seconds_of.get(test, 0), test))
            return [
                Group(tests, 4 * sum(self.seconds_of.get(test, 0) for test in tests) + 20)
                for tests in (ordered[:_FIRST], ordered[_FIRST:])
                if tests
            ]
        limit = 4 * self.seconds + 20
        return [Group([*self.tests, "-k", each], limit) for each in ("not trio", "trio")]


class Copy:
    """A copy of the repository, in which one change at a time is made."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self._mtime = time.time()
        left_out = shutil.ignore_patterns(
            ".git", ".venv", ".*_cache", "__pycache__", "node_modules"
        )
        shutil.copytree(ROOT, folder, symlinks=True, ignore=left_out)

    def noticed_by(self, change: Change, reach: Reach) -> str:
        """Return the test that notices a change, or an empty text."""
        path = self.root / change.path
        source = path.read_bytes()
        try:
            self._write(path, change.apply(source))
            failures = map(self._failure, reach.groups(change.path, change.lines))
            return next(filter(None, failures), "")
        finally:
            self._write(path, source)

    def reach(self, modules: Sequence[Path], tests: Sequence[str]) -> Reach:
        """Run tests, which have to pass, and return which of them run each line of the modules."""
        environment = {**os.environ, "COVERAGE_FILE": str(self.root / ".coverage.mutate")}
        report = self.root / "coverage.mutate.json"
        began = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-c", _MEASURED, self._names(modules), *_COVERAGE, *tests],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        taken = time.monotonic() - began
        if ran.returncode:
            sys.exit(f"The tests fail on unchanged code:\n{ran.stdout}{ran.stderr}")
        subprocess.run(
            [sys.executable, "-m", "coverage", *_REPORT, "-o", report],
            cwd=self.root,
            env=environment,
            check=True,
        )
        seconds: dict[str, float] = defaultdict(float)
        for duration, test in _DURATION.findall(ran.stdout):
            seconds[test] += float(duration)
        by_line: dict[tuple[str, int], Collection[str]] = {}
        for module, measured in json.loads(report.read_text(encoding="utf-8"))["files"].items():
            path = (self.root / module).resolve().relative_to(self.root.resolve()).as_posix()
            for line, contexts in measured["contexts"].items():
                by_line[path, int(line)] = {each.rpartition("|")[0] for each in contexts}
        return Reach(tests, taken, seconds, by_line)

    def _failure(self, group: Group) -> str:
        """Return the first test that fails, or an empty text if all pass in time."""
        receiver, sender = _FORKS.Pipe(duplex=False)
        running = _FORKS.Process(target=_test, args=(self.root, group.arguments, sender))
        running.start()
        sender.close()
        try:
            running.join(group.limit)
            if running.exitcode is None:
                return f"no end within {group.limit:.0f} s"
            failure: str | None = receiver.recv()
        except EOFError:
            return f"the tests ended with {running.exitcode}"
        finally:
            receiver.close()
            if running.exitcode is None:  # also if the script is interrupted
                os.killpg(running.pid or 0, signal.SIGKILL)
                running.join()
        return self._failure(group.files()) if failure is None else failure

    def _names(self, modules: Sequence[Path]) -> str:
        """Return the names of modules. All packages are imported below `auth_flow`."""
        paths = (path.relative_to(self.root).with_suffix("").parts for path in modules)
        return " ".join(".".join(("auth_flow", *each[each[0] == "auth_flow" :])) for each in paths)

    def _write(self, path: Path, source: bytes) -> None:
        """Write a module with a time of its own, by which Python knows its cached bytecode."""
        path.write_bytes(source)
        self._mtime += 2
        os.utime(path, (self._mtime, self._mtime))


class _FirstFailure:
    """A plugin of pytest that keeps the name of the first test that fails."""

    started = False
    test = ""

    def pytest_sessionstart(self) -> None:
        self.started = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._keep(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._keep(report)

    def _keep(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        if report.failed and not self.test:
            self.test = report.nodeid


def _test(folder: Path, arguments: Sequence[str], answer: Connection) -> None:
    """Run tests in a process of its own, and send the name of the first that fails.

    None is sent if the change gives one of them another name, so that none was run.
    """
    os.setsid()
    os.chdir(folder)
    sys.path[0] = str(folder)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nowhere, output)
    first = _FirstFailure()
    status = pytest.main([*_QUIETLY, *arguments], plugins=[first])
    if status == pytest.ExitCode.USAGE_ERROR and not first.started:
        first.test = "the tests cannot be imported"
    renamed = status == pytest.ExitCode.USAGE_ERROR and not first.test
    answer.send(None if renamed else first.test)
