"""What a viewer's raw socket can do: nothing but read and be seen; the page says what a fresh run finds (row 18.2)."""

from __future__ import annotations

from pathlib import Path

from tests.server.accounts.report import Row, page, rows

PAGE = Path(__file__).parents[3] / "docs" / "viewer.md"
SEEN = "sees them, under their own name"


async def test_nothing_but_reading_and_being_seen(tmp_path: Path) -> None:
    found = await rows(tmp_path)
    assert {row.changed for row in found} == {"unchanged"}
    assert {row.others for row in found} <= {"nothing", SEEN}
    assert [row.sent for row in found if row.others == SEEN and not is_own_presence(row)] == []
    assert PAGE.read_text() == page(found), "python -m tests.server.accounts.report > docs/viewer.md"


def is_own_presence(row: Row) -> bool:
    return row.sent.startswith("1 awareness, ")
