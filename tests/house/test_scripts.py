"""The scripts of the README, where they do not get far."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tomllib

import pytest

from .tree import ROOT


def script(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program that can import what the scripts share."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )


CANCELLED = """
import sys, time
try:
    print("ready", flush=True)  # in here, for Ctrl-C may come right after it
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.6)  # what has to be put in order first
    print("Cancelled.", file=sys.stderr)
    sys.exit(2)
"""


def test_control_c_is_answered_by_the_command_and_ends_both() -> None:
    program = (
        "import sys; from environment import interruptible, run\n"
        f"with interruptible(): run(sys.executable, '-c', {CANCELLED!r})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT / "scripts",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=30)
    assert (running.returncode, told) == (130, "Cancelled.\n")


def test_control_c_while_an_environment_is_prepared() -> None:
    done = script("""
import environment
def interrupted(*_, **__): raise KeyboardInterrupt
environment.venv.create = interrupted
with environment.interruptible(): environment.python_for("nothing")
""")
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("ended", "code"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 15)", 128 + 15)]
)
def test_a_script_exits_as_its_command_does(ended: str, code: int) -> None:
    assert (
        script(
            "import sys; from environment import run\n"
            f"run(sys.executable, '-c', 'import os, sys; {ended}')"
        ).returncode
        == code
    )


@pytest.mark.parametrize("failing", ["pip", "ensurepip", "the disk"])
def test_a_failed_installation_is_explained_in_one_sentence(failing: str) -> None:
    done = script(f"""
import subprocess, environment

def create(*_, **__):
    if {failing!r} == "ensurepip": raise subprocess.CalledProcessError(1, ["ensurepip"])
    if {failing!r} == "the disk": raise PermissionError(13, "Permission denied")

environment.venv.create = create
environment.status_of = lambda *_: 1
environment.python_for("nothing", "no-such-package")
""")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()[1:]
    assert sentence.startswith("Installation failed: ")


def test_the_tests_pass_if_their_parent_ignores_interrupts() -> None:
    tests = "tests/house/test_scripts.py::test_control_c_is_answered_by_the_command_and_ends_both"
    command = f"trap '' INT; exec {sys.executable} -m pytest -q -p no:cacheprovider {tests}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_mutation_script_changes_behaviour_but_neither_types_nor_messages() -> None:
    source = """
import os
NAME: "Final" = "name"
def check(age: int, *, strict: "bool" = False) -> "str | None":
    '''A docstring.'''
    if age < 18 and not strict:
        raise ValueError("young") from None
    return os.fspath(NAME, flag=strict)
"""
    done = script(
        "from changes import changes_in\n"
        f"source = {source!r}.encode()\n"
        "for change in changes_in('module.py', source):\n"
        "    compile(change.apply(source), 'module.py', 'exec')\n"
        "    print(f'{change.scope}: {change.old} → {change.new}')"
    )
    assert done.stdout.splitlines() == [
        "module: 'name' → ('XX')",
        "check: False → (True)",
        "check: age < 18 → (age <= 18)",
        "check: age < 18 and (not strict) → (age < 18 or not strict)",
        "check: age < 18 and (not strict) → (age < 18)",
        "check: age < 18 and (not strict) → (not strict)",
        "check: 18 → (19)",
        "check: not strict → (strict)",
        "check: raise ValueError('young') from None → pass",
        "check: raise ValueError('young') from None → raise ValueError('young')",
        "check: return os.fspath(NAME, flag=strict) → return None",
        "check: os.fspath(NAME, flag=strict) → (os.fspath(NAME))",
    ]


def test_the_parts_of_the_mutation_script_are_those_of_its_workflow_and_exist() -> None:
    plan = tomllib.loads((ROOT / "scripts" / "mutate.toml").read_text(encoding="utf-8"))
    workflow = (ROOT / ".github" / "workflows" / "mutation.yml").read_text(encoding="utf-8")
    assert re.findall(r"^          - ([a-z-]+)$", workflow, re.MULTILINE) == list(plan["part"])
    for part in plan["part"].values():
        for pattern in (*part["modules"], *part["tests"]):
            assert list(ROOT.glob(pattern)), pattern
    assert all(each["reason"] for each in plan["equivalent"])
    outdated = script(
        "from environment import ROOT\n"
        "from mutate import changes_of, read_plan\n"
        "parts, equivalents = read_plan()\n"
        "changes = [each for part in parts for each in changes_of(part, ROOT, set())]\n"
        "print(equivalents - {each.key for each in changes})"
    )
    assert outdated.stdout == "set()\n", outdated.stderr
