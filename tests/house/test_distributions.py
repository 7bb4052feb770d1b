"""The distributions: every module is in them, built with the links and without them, and they work
beside an application's own `states.py`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .tree import IN_SDIST, ROOT, WINGS, modules

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

EDITABLE = """
import site, sys

site.addsitedir(sys.argv[1])
import auth_flow.states.chart, auth_flow.transports, auth_flow.embedded

assert auth_flow.__file__.startswith(sys.argv[2]), auth_flow.__file__
"""

LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "node_modules"
)


def build(source: Path, kind: str) -> Path:
    """Build a wheel, an editable wheel or an sdist from `source`."""
    program = (
        f"import sys; from setuptools.build_meta import build_{kind}; build_{kind}(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, kind],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = [path for path in (source / kind).iterdir() if path.is_file()]
    return built


def unpack(wheel: Path, folder: Path) -> Path:
    """Install a wheel of pure Python."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module", params=["with links", "without links"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, because a build leaves files beside the sources."""
    source = tmp_path_factory.mktemp("source") / "auth-flow"
    shutil.copytree(ROOT, source, symlinks=True, ignore=LEFT_OUT)
    if request.param == "without links":
        for link in (source / "auth_flow" / "states", source / "auth_flow" / "transports"):
            shutil.rmtree(link) if IN_SDIST else link.unlink()
    return source


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    return build(source, "wheel")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution of a checkout with links, as a release has them."""
    folder = tmp_path_factory.mktemp("sdist")
    shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=LEFT_OUT)
    with tarfile.open(build(folder / "source", "sdist")) as archive:
        assert not [member.name for member in archive if member.islnk() or member.issym()]
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.glob("auth_flow-*")
    return unpacked


def test_every_module_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    expected = {
        name.replace(".", "/") + ("/__init__.py" if path.name == "__init__.py" else ".py")
        for name, path in modules().items()
    }
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    assert inside == expected | {"auth_flow/py.typed", "auth_flow/web/passkeys.js"}


def test_the_wheel_is_for_every_platform(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")


def test_it_works_beside_an_applications_own_states(wheel: Path, tmp_path: Path) -> None:
    site, application = unpack(wheel, tmp_path / "site"), tmp_path / "application"
    application.mkdir()
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


def test_an_editable_install_works(source: Path, tmp_path: Path) -> None:
    site = unpack(build(source, "editable"), tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-P", "-c", EDITABLE, str(site), str(source)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "LICENSE",
        "CHANGELOG.md",
        "docs/architecture.md",
        "examples/chat_bot.py",
        "tests/conftest.py",
    ],
)
def test_the_sdist_has_all_that_the_tests_need(sdist: Path, name: str) -> None:
    assert (sdist / name).is_file()


def test_the_tests_of_the_sdist_run_against_its_wheel(sdist: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(sdist, tree)
    site = unpack(build(tree, "wheel"), tmp_path / "site")
    for folder in WINGS.values():  # so that only the wheel can be imported
        shutil.rmtree(tree / folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/flow/test_core.py", "tests/docs"],
        cwd=tree,
        env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_tree_of_the_sdist_is_complete(sdist: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/house/test_layout.py"],
        cwd=sdist,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 skipped" in done.stdout
