"""The public face, as type checkers see it: names that are imported on first use are known to them,
and a misspelt one is an error.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .tree import ROOT

PROGRAM = """\
from typing import assert_type

import auth_flow
from auth_flow import Session


async def use(session: Session) -> None:
    assert_type(await session.fetch_user_attributes(), dict[str, str])
    auth_flow.SharedFlow
    auth_flow.Sesion
"""


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_misspelt_name_is_an_error(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    options = {
        "mypy": ["--config-file", str(ROOT / "pyproject.toml"), str(program)],
        "pyright": ["--pythonpath", sys.executable, str(program)],
    }
    done = subprocess.run(
        [sys.executable, "-m", checker, *options[checker]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = re.findall(r"program\.py:(\d+).*\berror: .*(SharedFlow|Sesion)", done.stdout)
    assert set(wrong) == {("9", "SharedFlow"), ("10", "Sesion")}, done.stdout + done.stderr
    assert set(re.findall(r"program\.py:(\d+).*\berror: ", done.stdout)) == {"9", "10"}
