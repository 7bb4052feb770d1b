"""The pages lead to places that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT

SITE = "https://github.com/auth-flow/auth-flow/"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    return LINK.findall(page.read_text(encoding="utf-8"))


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_links_of_the_readme_work_on_pypi() -> None:
    assert all(link.startswith("https://") for link in links(PAGES[0]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(SITE):
            target = ROOT / re.sub(r"^(blob|tree)/main/", "", link.removeprefix(SITE))
            assert "security/advisories" in link or target.exists(), link
        elif not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in headings(target), link
