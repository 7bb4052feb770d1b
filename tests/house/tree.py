"""The layout of the repository, for the tests that check it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IN_SDIST = (ROOT / "PKG-INFO").is_file()
"""Whether this is an unpacked source distribution, which holds copies instead of links."""
WINGS = {
    "auth_flow": "auth_flow",
    "auth_flow.states": "states",
    "auth_flow.transports": "transports",
}
"""The folders of the library at the top of the repository, by the names of their packages."""


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def modules() -> dict[str, Path]:
    """Return the path of every module of the import package by its full name. Links are not
    followed, so that no module is found twice.
    """
    found = dict[str, Path]()
    for package, folder in WINGS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            inner = path.relative_to(ROOT / folder).with_suffix("").parts
            if not inner or inner[0] not in ("states", "transports") or package != "auth_flow":
                name = ".".join((package, *inner))
                found[name.removesuffix(".__init__")] = path
    return found


def imports(path: Path) -> Iterator[str]:
    """Yield the full names of all modules that a module imports, at the top or within a function.
    A relative import begins with a dot.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
