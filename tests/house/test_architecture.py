"""The page about the architecture agrees with the code."""

from __future__ import annotations

import re

from .tree import ROOT, modules

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_architecture_names_every_package_and_nothing_that_is_gone() -> None:
    named = set(re.findall(r"`((?:auth_flow|states|transports)/[\w/.]*)`", PAGE))
    assert not [path for path in named if not (ROOT / path).exists()]
    packages = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for path in modules().values()
        if path.name == "__init__.py"
    }
    assert packages - named == {"auth_flow/", "states/", "transports/"} - named


def test_the_glossary_names_classes_that_exist() -> None:
    glossary = PAGE[PAGE.index("\n## Glossary") :]
    classes = {
        name
        for path in modules().values()
        for name in re.findall(r"^(?:class )?([A-Z]\w+)\b", path.read_text("utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"`([A-Z][a-z]\w*)`", glossary)) - {"PreSignUp"}
    assert named - classes == set()
