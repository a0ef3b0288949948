"""Compaction: the rows of an entry become few, and every end of an entry stays a moment that can be shown.

    1. The rows are replayed one by one, and put together to entries.
    2. The log is cut after the last row of every entry, and at every row that must stay as it is.
    3. Between two cuts, the rows of each author become one: they are applied in one transaction, and what that changed
       is the new row. Values that were overwritten within it are gone, which is most of a drag.

Rows of several authors between two cuts are written one author after the other. An update that needs what another
author wrote in between would then come too early, so there the log is cut too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crdt.document import Document
from crdt.errors import MaquetteError
from crdt.messages import EMPTY_UPDATE
from crdt.update_reader import UpdateSummary, read_update
from server.history.entries import ALONE, Entries, LogEntry
from server.history.replay import replayed
from server.history.touching import Watch
from server.storage.history import Base, Row, Slice
from server.sync.replica import Replica

SLICE_ROWS = 500
"""Rows of the log that one transaction replaces, unless one group has more."""


def compact(
    kind: type[Document], base: Base, before: Sequence[Row], rows: Sequence[Row], barriers: Iterable[int]
) -> list[Slice]:
    """Slices to put in place of `rows`, which follow on `before`, which follow on `base`. Slow: not in the event loop.

    MaquetteError `not_the_same` when the result would not replay to the same document; nothing is lost by not using it.
    """
    if not rows:
        return []
    entries, end = _entries_of(kind, base, before, rows)
    groups = _groups(rows, entries, _cuts(rows, entries, barriers))
    replica = replayed(kind, base, before)
    merged = [(len(group.rows), group.merged(replica, entries)) for group in groups]
    _check(kind, base, [*before, *(row for _, written in merged for row in written)], end)
    after = before[-1].seq if before else base.seq
    return list(_slices(after, merged))


def _entries_of(
    kind: type[Document], base: Base, before: Sequence[Row], rows: Sequence[Row]
) -> tuple[dict[int, LogEntry], Replica]:
    replica = replayed(kind, base, before)
    watch, entries = Watch(replica.document), Entries()
    found = {}
    for row in rows:
        replica.apply([row.update])
        found[row.seq] = entries.take(row, watch.take())
    return found, replica


def _cuts(rows: Sequence[Row], entries: dict[int, LogEntry], barriers: Iterable[int]) -> set[int]:
    """Rows after which the log is cut."""
    cuts = {entry.last for entry in entries.values()} | set(barriers)
    previous = rows[0].seq - 1
    for row in rows:
        if row.job is not None or row.via in ALONE:
            cuts |= {previous, row.seq}
        previous = row.seq
    return cuts


@dataclass(slots=True)
class _Part:
    """Rows of one entry that become one; clocks: what they hold, as the hull of each client's ranges."""

    rows: list[Row] = field(default_factory=list)
    clocks: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, row: Row, summary: UpdateSummary) -> None:
        self.rows.append(row)
        for client, ranges in summary.ranges.items():
            start, end = self.clocks.get(client, ranges[0])
            self.clocks[client] = min(start, ranges[0][0]), max(end, ranges[-1][1])

    def holds(self, needs: Iterable[tuple[int, int, int]]) -> bool:
        for client, start, end in needs:
            mine = self.clocks.get(client)
            if mine is not None and start < mine[1] and end > mine[0]:
                return True
        return False


@dataclass(slots=True)
class _Group:
    """The rows between two cuts, by entry, in the order in which the entries come."""

    rows: list[Row] = field(default_factory=list)
    parts: dict[int, _Part] = field(default_factory=dict)

    def takes(self, entry: int, summary: UpdateSummary) -> bool:
        """Whether a row may come right behind the others of its entry: nothing that it needs is in a later part."""
        numbers = list(self.parts)
        later = numbers[numbers.index(entry) + 1 :] if entry in self.parts else []
        needs = list(_needs(summary)) if later else []
        return not any(self.parts[number].holds(needs) for number in later)

    def add(self, entry: int, row: Row, summary: UpdateSummary) -> None:
        self.rows.append(row)
        self.parts.setdefault(entry, _Part()).add(row, summary)

    def merged(self, replica: Replica, entries: dict[int, LogEntry]) -> list[Row]:
        """One row for each part; the last has the number of the group's last row, and only it is a moment."""
        written: list[Row] = []
        for part in self.parts.values():
            changed, _ = replica.apply([row.update for row in part.rows])
            written.append(_row_of(part.rows, changed or EMPTY_UPDATE, entries[part.rows[-1].seq]))
        number = self.rows[-1].seq
        for index in reversed(range(len(written))):
            number = min(written[index].seq, number) if index < len(written) - 1 else number
            written[index] = replace(written[index], seq=number, inside=index < len(written) - 1)
            number -= 1
        return [row.shrunk() for row in written]


def _needs(summary: UpdateSummary) -> Iterator[tuple[int, int, int]]:
    """(client, start, end): clocks that must be there before an update, its own predecessors among them."""
    for reference in summary.references:
        yield reference.client, reference.clock, reference.clock + 1
    for client, ranges in summary.deletes.items():
        for start, end in ranges:
            yield client, start, end
    for client, ranges in summary.ranges.items():
        if ranges[0][0] > 0:
            yield client, ranges[0][0] - 1, ranges[0][0]


def _row_of(rows: Sequence[Row], payload: bytes, entry: LogEntry) -> Row:
    first, last = rows[0], rows[-1]
    began = first.at if first.began is None else first.began
    ended = last.seq if last.last is None else last.last
    return Row(last.seq, last.at, last.author, last.via, last.job, payload, 0, False, entry.number, ended, began)


def _groups(rows: Sequence[Row], entries: dict[int, LogEntry], cuts: set[int]) -> Iterator[_Group]:
    group = _Group()
    for row in rows:
        summary = read_update(row.update)
        number = entries[row.seq].number
        if not group.takes(number, summary):
            yield group
            group = _Group()
        group.add(number, row, summary)
        if row.seq in cuts:
            yield group
            group = _Group()
    if group.rows:
        yield group


def _check(kind: type[Document], base: Base, rows: Sequence[Row], end: Replica) -> None:
    again = replayed(kind, base, rows)
    if again.clocks() != end.clocks() or _content(again) != _content(end):
        raise MaquetteError("not_the_same", "the compacted log gives another document", "the log stays as it is")


def _content(replica: Replica) -> tuple[str, object]:
    return replica.document.canonical(), replica.document.delete_set()


def _slices(after: int, merged: Iterable[tuple[int, list[Row]]]) -> Iterator[Slice]:
    count, rows = 0, []
    for replaced, written in merged:
        count += replaced
        rows += written
        if count >= SLICE_ROWS:
            yield Slice(after, count, rows)
            after, count, rows = rows[-1].seq, 0, []
    if rows:
        yield Slice(after, count, rows)
