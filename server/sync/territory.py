"""What lies below one root of a document, item by item: so that somebody who may write the rest is kept out of it.

Commenters write chat and comments in the session, and no jobs (server.permissions: `session.jobs`); an export they ask
for over HTTP. An update does not say where an item is that overwrites another, or what it deletes; hence the set.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field

from crdt.errors import UpdateRefused
from crdt.update_reader import UpdateSummary, read_update
from crdt.update_summary import Id


def jobs_of(whole: bytes) -> "Territory":
    """The jobs of a session document, given as one update."""
    jobs = Territory("jobs")
    jobs.add(read_update(whole))
    return jobs


@dataclass(slots=True)
class Territory:
    """`add` every update that the document takes; `check` one that must not touch what is below `root`."""

    root: str
    _items: set[Id] = field(default_factory=set)
    _clocks: dict[int, list[int]] = field(default_factory=dict)
    _over: set[Id] = field(default_factory=set)
    """Items that are deleted, or overwritten, or beside another under the same key: replicas repeat their deletion."""
    _first: dict[tuple[object, str], Id] = field(default_factory=dict)
    _next: dict[Id, Id] = field(default_factory=dict)

    def add(self, summary: UpdateSummary) -> None:
        for item in self._inside(summary) - self._items:
            self._items.add(item)
            insort(self._clocks.setdefault(item[0], []), item[1])
        self._note_neighbours(summary)
        for item in self._deleted(summary):
            self._over.add(item)

    def check(self, summary: UpdateSummary, state: Mapping[int, int]) -> None:
        """UpdateRefused `forbidden` when it writes or deletes anything here that a document of this state has not."""
        if any(item[1] >= state.get(item[0], 0) for item in self._inside(summary)):
            raise self._refusal()
        if any(item not in self._over for item in self._deleted(summary)):
            raise self._refusal()

    def _refusal(self) -> UpdateRefused:
        return UpdateRefused("forbidden", f"your role does not allow to write {self.root}", "ask over HTTP")

    def _inside(self, summary: UpdateSummary) -> set[Id]:
        """The update's items below the root. Clients come in any order, so it is gone through until nothing is new."""
        inside: set[Id] = set()
        before = -1
        while before != len(inside):
            before = len(inside)
            for client, clock, parent, _ in summary.placed:
                if parent == self.root or parent in self._items or parent in inside:
                    inside.add((client, clock))
            for client, clock, neighbour in summary.followed:
                if neighbour in self._items or neighbour in inside:
                    inside.add((client, clock))
        return inside

    def _note_neighbours(self, summary: UpdateSummary) -> None:
        for client, clock, parent, key in summary.placed:
            if (client, clock) in self._items:
                self._beside(self._first.setdefault((parent, key), (client, clock)), (client, clock))
        for client, clock, neighbour in summary.followed:
            if neighbour in self._items:
                self._over.add(neighbour)
                self._beside(self._next.setdefault(neighbour, (client, clock)), (client, clock))

    def _beside(self, one: Id, other: Id) -> None:
        """Of two items in one place each replica deletes the same one by itself; which, is not for us to know."""
        if one != other:
            self._over.update((one, other))

    def _deleted(self, summary: UpdateSummary) -> list[Id]:
        found = []
        for client, ranges in summary.deletes.items():
            clocks = self._clocks.get(client, [])
            for start, end in ranges:
                found += [(client, clock) for clock in clocks[bisect_left(clocks, start) : bisect_left(clocks, end)]]
        return found
