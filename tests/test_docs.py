"""The documentation names files that exist."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
PAGES = sorted([TOP / "README.md", *(TOP / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_links_lead_somewhere(page: Path) -> None:
    dead = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not dead


def test_every_test_that_the_status_page_names_exists() -> None:
    named = re.findall(r"`((?:tests|web)/[^`]+)`", (TOP / "docs/status.md").read_text())
    assert len(named) > 50
    assert not [name for name in named if not (TOP / name).exists()]
