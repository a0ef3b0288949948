"""Which rows of the log make one entry: what somebody would call one thing that one person did.

Rows of one author, in one way, on the same records (or records that are all new), with no pause of a minute in it and
ten minutes at most; or the same done to one record after the other, with no pause of ten seconds and a minute at most.
Rows of others in between do not matter: people work at the same time. A job's row, a re-founding and whatever else is
written whole is an entry of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.history.touching import Touch
from server.storage.history import Row

PAUSE = 60_000
LONGEST = 600_000
QUICK_PAUSE = 10_000
QUICK_LONGEST = 60_000
"""Milliseconds."""
ALONE = frozenset({"refound", "duplicate"})
"""Ways of writing of which each row is an entry of its own."""


@dataclass(slots=True)
class LogEntry:
    """first, last: the numbers of its rows before compaction. began, at: times of the first and the last, in ms."""

    author: str
    via: str
    first: int
    last: int
    began: int
    at: int
    job: str | None
    touch: Touch
    number: int
    """As compaction has written it; the same as `first` when the entry is whole."""


class Entries:
    """`entry = entries.take(row, touch)` for row after row; the entry that the row belongs to."""

    def __init__(self) -> None:
        self.found: list[LogEntry] = []
        self._open: dict[tuple[str, str], LogEntry] = {}

    def take(self, row: Row, touch: Touch) -> LogEntry:
        key = row.author, row.via
        entry = self._open.get(key)
        if entry is None or not _continues(entry, row, touch):
            entry = self._begin(row, touch)
            self._open[key] = entry
        else:
            entry.last = _last(row)
            entry.at = row.at
            entry.touch.join(touch)
        return entry

    def _begin(self, row: Row, touch: Touch) -> LogEntry:
        first = row.seq if row.entry is None else row.entry
        began = row.at if row.began is None else row.began
        entry = LogEntry(row.author, row.via, first, _last(row), began, row.at, row.job, touch, first)
        self.found.append(entry)
        return entry


def _last(row: Row) -> int:
    return row.seq if row.last is None else row.last


def _continues(entry: LogEntry, row: Row, touch: Touch) -> bool:
    if row.job is not None or entry.job is not None or row.via in ALONE:
        return False
    if row.entry is not None:
        return row.entry == entry.number
    if row.at - entry.at >= PAUSE or row.at - entry.began >= LONGEST:
        return False
    known = entry.touch.actions
    if not touch.actions or touch.actions.keys() <= known.keys():
        return True
    if touch.only_adds and entry.touch.only_adds:
        return True
    is_quick = row.at - entry.at < QUICK_PAUSE and row.at - entry.began < QUICK_LONGEST
    return is_quick and touch.kinds <= entry.touch.kinds
