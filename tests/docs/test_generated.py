"""The generated parts of the docs are up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.pages import PART, PARTS, filled

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_generated_parts_are_up_to_date(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python3 scripts/tool.py scripts.pages"


def test_every_generated_part_is_on_a_page() -> None:
    used = {found[1] for path in PAGES for found in PART.findall(path.read_text(encoding="utf-8"))}
    assert used == set(PARTS)
