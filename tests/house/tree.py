"""Where things stand in the repository."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WINGS = {
    "auth_flow": "auth_flow",
    "auth_flow.states": "states",
    "auth_flow.transports": "transports",
}
"""The three wings, by the name of their package: the folder at the top of the repository."""


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def modules() -> dict[str, Path]:
    """Every module of the import package by its full name. Links are not followed, so none is found
    twice.
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
    """The full names of all that a module imports, wherever it does so; a relative import begins
    with a dot.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
