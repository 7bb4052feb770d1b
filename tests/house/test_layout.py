"""The structure of the repository, as the installed package and the tools rely on it."""

from __future__ import annotations

import ast
import pkgutil
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

import auth_flow

from .tree import IN_SDIST, ROOT, imports, modules, project

MODULES = modules()
PACKAGES = sorted(name for name, path in MODULES.items() if path.name == "__init__.py")


def test_every_folder_is_declared_as_a_package() -> None:
    assert sorted(project()["tool"]["setuptools"]["packages"]) == PACKAGES


def test_every_package_is_mapped_to_its_folder() -> None:
    folders = {name: MODULES[name].parent.relative_to(ROOT).as_posix() for name in PACKAGES}
    mapping = project()["tool"]["setuptools"]["package-dir"]
    assert {name: mapping.get(name, name.replace(".", "/")) for name in PACKAGES} == folders
    assert set(mapping) <= set(PACKAGES)


def test_no_module_lies_outside_of_a_package() -> None:
    for path in MODULES.values():
        assert (path.parent / "__init__.py").is_file(), path


@pytest.mark.skipif(IN_SDIST, reason="a source distribution has copies instead of links")
@pytest.mark.parametrize("wing", ["states", "transports"])
def test_the_links_lead_to_the_folders(wing: str) -> None:
    link = ROOT / "auth_flow" / wing
    assert link.is_symlink()
    assert link.readlink().as_posix() == f"../{wing}"
    assert link.resolve() == ROOT / wing


def test_the_package_is_complete_without_being_installed() -> None:
    found = {module.name for module in pkgutil.walk_packages(auth_flow.__path__, "auth_flow.")}
    assert found | {"auth_flow"} == set(MODULES)


def test_the_package_is_typed() -> None:
    assert (ROOT / "auth_flow" / "py.typed").is_file()


@pytest.mark.parametrize("wing", ["auth_flow.states", "auth_flow.transports"])
def test_states_and_transports_know_nothing_of_ours_but_errors(wing: str) -> None:
    own = [path for name, path in MODULES.items() if f"{name}.".startswith(f"{wing}.")]
    ours = {
        imported
        for path in own
        for imported in imports(path)
        if imported.partition(".")[0] == "auth_flow"
    }
    assert {imported for imported in ours if not f"{imported}.".startswith(f"{wing}.")} <= {
        "auth_flow.errors"
    }


def test_the_package_names_itself_in_full() -> None:
    loose = ("states", "transports", "tests", "")  # a relative import begins with a dot
    assert not {
        (name, imported)
        for name, path in MODULES.items()
        for imported in imports(path)
        if imported.partition(".")[0] in loose
    }


def test_what_is_public_is_what_is_listed() -> None:
    names = auth_flow.__all__
    assert len(names) == len(set(names))
    for name in names:
        assert getattr(auth_flow, name).__doc__ or not isinstance(getattr(auth_flow, name), type), (
            name
        )
    own = {
        name
        for name, value in vars(auth_flow).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert own - {"annotations", "TYPE_CHECKING"} <= set(names)


def test_no_class_name_exists_twice() -> None:
    places = defaultdict[str, list[str]](list)
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def runtime_imports(name: str, path: Path) -> set[str]:
    """The modules of the library that a module imports, at the top or in a function, but not for
    type checkers alone.
    """
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set[str]()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting.extend(node.orelse)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(part for part in (above, node.module) if part)
            full = {f"{origin}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else origin for one in full}
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return found & MODULES.keys() - {name}


def test_no_two_modules_import_each_other() -> None:
    graph = {name: runtime_imports(name, path) for name, path in MODULES.items()}
    circles = {
        tuple(sorted((name, other)))
        for name, others in graph.items()
        for other in others
        if name in graph[other]
    }
    assert circles == set()
