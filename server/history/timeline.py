"""The log as people read it: entries, each with who did what to which things, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crdt.document import Document
from server.history.entries import Entries, LogEntry
from server.history.replay import Replay, replayed, weight
from server.history.touching import Thing, Touch, Watch
from server.side_process import SideProcess
from server.storage.history import Base, Row, SqlHistory
from server.sync.branch import Branch

READ_AT_ONCE = 2000
"""Rows that are replayed for one page."""
SHOWN_THINGS = 20


@dataclass(frozen=True, slots=True)
class TouchedThing:
    """kind: a root (nodes, materials, …). name: as it was after the entry, where such a thing has one."""

    kind: str
    id: str
    name: str
    actions: list[str]
    keys: list[str]


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """first, last: its rows. began, at: when it began and ended, in ms. things: how many; `what`: the first of them."""

    first: int
    last: int
    began: int
    at: int
    author: str
    via: str
    job: str | None
    things: int
    what: list[TouchedThing]


class Timeline:
    def __init__(self, history: SqlHistory, process: SideProcess) -> None:
        self._history = history
        self._process = process
        self._replay = Replay(history, process)

    async def page(self, branch: Branch, before: int | None, limit: int) -> tuple[list[ToldEntry], int | None]:
        """Up to `limit` entries of rows below `before`, newest first, and the `before` of the next page.

        An entry that reaches over the edge of a page is told in two parts: every row is told exactly once.
        """
        until = await self._history.head(str(branch)) + 1 if before is None else before
        rows = await self._history.rows_before(str(branch), until, READ_AT_ONCE)
        if not rows:
            return [], None
        founded = await self._history.foundings(str(branch), rows[0].seq - 1, rows[-1].seq)
        if founded:
            rows = [row for row in rows if row.seq >= founded[-1]]
        base, earlier = await self._before(branch, rows[0].seq, bool(founded))
        told, first = await self._process.ask(
            tell, branch.document, base, earlier, rows, limit, weight=weight(base, [*earlier, *rows])
        )
        return told, first if first > 1 else None

    async def _before(self, branch: Branch, first: int, is_founding: bool) -> tuple[Base, list[Row]]:
        return (Base(first - 1), []) if is_founding else await self._replay.until(branch, first - 1)


def tell(
    kind: type[Document], base: Base, earlier: Sequence[Row], rows: Sequence[Row], limit: int
) -> tuple[list[ToldEntry], int]:
    """The newest entries of `rows`, and the first row that is in them. Slow: not in the event loop."""
    replica = replayed(kind, base, earlier)
    watch, entries = Watch(replica.document), Entries()
    touched = []
    for row in rows:
        replica.apply([row.update])
        touched.append((entries.take(row, touch := watch.take()), touch))
    first = _first_told([entry.first for entry, _ in touched], limit)
    found = Entries()
    for row, (_, touch) in zip(rows[first:], touched[first:], strict=True):
        found.take(row, touch)
    told = [_tell(entry, replica.document) for entry in found.found]
    return told[::-1], rows[first].seq


def _first_told(entries: Sequence[int], limit: int) -> int:
    """The index of the first row of a page: as many entries as may be, and if possible none that began before it."""
    seen: set[int] = set()
    index = len(entries)
    while index and (entries[index - 1] in seen or len(seen) < limit):
        index -= 1
        seen.add(entries[index])
    whole = _whole_from(entries, index)
    return index if whole is None else whole


def _whole_from(entries: Sequence[int], start: int) -> int | None:
    """The first index from `start` on at which no entry is cut in two; None when there is none but the end."""
    before = set(entries[:start])
    last_of = {number: index for index, number in enumerate(entries)}
    edge = max((last_of[number] for number in before), default=-1)
    for index in range(start, len(entries)):
        if index > edge:
            return index
        edge = max(edge, last_of[entries[index]])
    return None


def _tell(entry: LogEntry, document: Document) -> ToldEntry:
    touch = entry.touch
    things = sorted(touch.actions)
    what = [_thing(thing, touch, document) for thing in things[:SHOWN_THINGS]]
    return ToldEntry(
        entry.first, entry.last, entry.began, entry.at, entry.author, entry.via, entry.job, len(things), what
    )


def _thing(thing: Thing, touch: Touch, document: Document) -> TouchedThing:
    root, id = thing
    record = document.record(root, id) if id else None
    name = record.get("name") if record is not None else ""
    keys = sorted(touch.keys.get(thing, ()))
    return TouchedThing(root, id, name if isinstance(name, str) else "", sorted(touch.actions[thing]), keys)
