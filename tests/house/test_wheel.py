"""The wheel: every module is in it, with the links and without them, and it works beside an
application's own `states.py`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .tree import ROOT, WINGS, modules

APPLICATION = """
import states, transports

assert (states.MINE, transports.MINE) == (True, True)

import sys
import anyio
import auth_flow
from auth_flow.states.steps import Done, TotpCode
from auth_flow.transports._base import Transport
from auth_flow.errors import NotAuthorizedException

assert auth_flow.__file__.startswith(sys.argv[1]), auth_flow.__file__


class Service:
    async def call(self, operation, body):
        if operation == "InitiateAuth":
            return {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"}
        raise NotAuthorizedException("No.", operation=operation)

    async def aclose(self): ...


async def main():
    pool = auth_flow.UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example")
    async with auth_flow.AuthFlow(pool, transport=Service()) as flow:
        event = auth_flow.SignIn(username="ada", password="x", auth_flow_type="USER_PASSWORD_AUTH")
        assert await flow.send(event) == TotpCode()
        try:
            await flow.send(auth_flow.EnterCode(code="123456"))
        except NotAuthorizedException:
            print(flow.step.name)


anyio.run(main)
"""


@pytest.fixture(scope="module", params=["with links", "without links"])
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build in a copy: a build leaves its traces where it is made."""
    source = tmp_path_factory.mktemp("source")
    for folder in WINGS.values():
        shutil.copytree(
            ROOT / folder,
            source / folder,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    if request.param == "without links":
        for link in ("states", "transports"):
            (source / "auth_flow" / link).unlink()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", build, "dist"],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = (source / "dist").glob("*.whl")
    return built


def test_every_module_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    expected = {
        name.replace(".", "/") + ("/__init__.py" if path.name == "__init__.py" else ".py")
        for name, path in modules().items()
    }
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == expected | {"auth_flow/py.typed"}


def test_the_wheel_is_for_every_platform(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")


def test_it_works_beside_an_applications_own_states(wheel: Path, tmp_path: Path) -> None:
    site, application = tmp_path / "site", tmp_path / "application"
    application.mkdir()
    with zipfile.ZipFile(wheel) as archive:  # all that installing a wheel of pure Python is
        archive.extractall(site)
    for name in ("states.py", "transports.py"):
        (application / name).write_text("MINE = True\n")
    (application / "main.py").write_text(APPLICATION)
    done = subprocess.run(
        [sys.executable, "-W", "error", "main.py", str(site)],
        cwd=application,
        env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "IDLE\n"), done.stderr
