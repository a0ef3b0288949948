"""Each failure class has a stable code and a helpful text; the table is whole, and the page is the table (row 21.8)."""

from __future__ import annotations

from pathlib import Path

from server.failures import failures, page
from tests.support.raised import codes_of

PAGE = Path(__file__).parents[3] / "docs" / "errors.md"
NOT_TOLD = {"code"}
"""Not a code: the key under which one server hands another's refusal on."""
MADE_OTHERWISE = {"deposed", "internal", "json_too_deep", "log_conflict", "storage_unavailable"}
"""Codes that are not written where the error is made."""


def test_every_code_that_is_raised_is_explained_and_no_other() -> None:
    raised = codes_of("server", "crdt")
    explained = {code for section in failures().values() for code in section}
    missing = {code: where for code, where in raised.items() if code not in explained | NOT_TOLD}
    assert missing == {}, "add a line to server/failures.py"
    assert explained - set(raised) - MADE_OTHERWISE == set(), "nothing raises these any more"


def test_each_has_a_cause_and_a_next_step() -> None:
    for section in failures().values():
        for code, failure in section.items():
            assert code.isidentifier()
            assert code.islower()
            assert failure.cause.endswith("."), code
            assert len(failure.next) > 10, code
            assert failure.next.endswith("."), code


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text() == page(), "python -m server.failures > docs/errors.md"
