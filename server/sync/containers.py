"""The maps of a document (records, and the containers in them): written once, never removed (DESIGN 3).

A map that is replaced or deleted takes all concurrent edits inside it with it, on every replica. So the room knows
which items are maps and which keys they stand under, and refuses what would put something else there.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field

from crdt.document import Document
from crdt.errors import UpdateRefused
from crdt.update_reader import Id, Parent, Placed, UpdateSummary, read_update
from crdt.values import containers

_NO_KEYS: Set[str] = frozenset()
_NOTHING_NEW: Mapping[Parent, set[str]] = {}
_ALIKE = 1000
_HINT = "trash it; ids are used once"


Layout = Mapping[str, Collection[str]]
"""Of each root with records: the keys of their containers. No other map has a place in a document."""


def layout_of(document: type[Document]) -> Layout:
    return {root: containers(model) for root, model in document.RECORDS.items()}


@dataclass(slots=True)
class Containers:
    """Kept up to date by `add` with every update that the document takes.

    One that the library refuses after all leaves items here that were never made. They stand under the refused
    replica's client id, which nobody uses again, so they are in nobody's way.
    """

    layout: Layout
    _keys: dict[Parent, Set[str]] = field(default_factory=dict)
    """Of every map and root: the keys under which it holds maps. Those of maps are the same for many: shared."""
    _clocks: dict[int, list[int]] = field(default_factory=dict)
    """Of the maps, by client, ascending."""
    _alike: dict[Set[str], Set[str]] = field(default_factory=dict)
    _records: dict[Id, str] = field(default_factory=dict)
    """The root of each map that stands in one."""

    def add(self, summary: UpdateSummary) -> None:
        """Count the maps of an update that is applied; adding one again changes nothing."""
        for item, placed in summary.maps.items():
            self._keys.setdefault(item, _NO_KEYS)
            _insert(self._clocks.setdefault(item[0], []), item[1])
            if placed is not None:
                self._hold(placed[2], placed[3])
                if isinstance(placed[2], str):
                    self._records[item] = placed[2]

    def _hold(self, parent: Parent, key: str) -> None:
        held = self._keys.get(parent, _NO_KEYS)
        if isinstance(held, set):
            held.add(key)
        elif isinstance(parent, str):
            self._keys[parent] = {key}
        elif key not in held:
            self._keys[parent] = self._shared(held | {key})

    def _shared(self, keys: Set[str]) -> Set[str]:
        keys = frozenset(keys)
        if len(self._alike) > _ALIKE:
            self._alike.clear()
        return self._alike.setdefault(keys, keys)

    def check(self, summary: UpdateSummary, state: Mapping[int, int]) -> None:
        """Judge what a closed update adds to a document of this state.

        UpdateRefused: `malformed_update` (an item in what is no map, at which pycrdt stops half-way),
        `container_replaced`, `container_removed`, `container_misplaced` (a map under a key of values would end the
        replica of everybody who writes the value).
        """
        new = self._new_keys(summary, state) if summary.maps else _NOTHING_NEW
        keys = self._keys
        for client, clock, neighbour in summary.followed:
            writes_over = neighbour in keys or (new and (neighbour in new or (client, clock) in new))
            if writes_over and clock >= state.get(client, 0):
                raise _replaced(neighbour)
        if summary.placed:
            self._check_places(summary, new, state)
        if summary.deletes:
            self._check_deletes(summary)

    def _new_keys(self, summary: UpdateSummary, state: Mapping[int, int]) -> dict[Parent, set[str]]:
        """The keys of maps that the update makes: in maps that it makes, and in others."""
        made = {item: placed for item, placed in summary.maps.items() if item[1] >= state.get(item[0], 0)}
        keys: dict[Parent, set[str]] = {item: set() for item in made}
        for placed in made.values():
            if placed is None:
                continue
            client, clock, parent, key = placed
            if isinstance(parent, tuple) and parent not in made and parent not in self._keys:
                raise _in_no_map((client, clock), parent)
            self._check_layout(made, parent, key)
            held = keys.setdefault(parent, set())
            if key in held:
                raise _replaced(parent, key)
            held.add(key)
        return keys

    def _check_layout(self, made: Mapping[Id, Placed | None], parent: Parent, key: str) -> None:
        if isinstance(parent, str):
            if parent not in self.layout:
                raise _misplaced(parent, key)
            return
        there = made.get(parent)
        root = self._records.get(parent) if there is None else there[2]
        if not isinstance(root, str) or key not in self.layout.get(root, ()):
            raise _misplaced(parent, key)

    def _check_places(self, summary: UpdateSummary, new: Mapping[Parent, set[str]], state: Mapping[int, int]) -> None:
        get_held, get_new, get_clock = self._keys.get, new.get, state.get
        for client, clock, parent, key in summary.placed:
            there, here = get_held(parent), get_new(parent)
            if there is None and here is None:
                is_wrong = parent.__class__ is tuple
            else:
                is_wrong = bool(there and key in there) or bool(here and key in here and (client, clock) not in new)
            if is_wrong and clock >= get_clock(client, 0):
                raise _in_no_map((client, clock), parent) if there is here is None else _replaced(parent, key)

    def _check_deletes(self, summary: UpdateSummary) -> None:
        for client, ranges in summary.deletes.items():
            clocks = self._clocks.get(client, [])
            for start, end in ranges:
                at = bisect_left(clocks, start)
                if at < len(clocks) and clocks[at] < end:
                    raise _removed((client, clocks[at]))
        for item in summary.maps:
            if any(start <= item[1] < end for start, end in summary.deletes.get(item[0], ())):
                raise _removed(item)


def containers_of(whole: bytes, document: type[Document]) -> Containers:
    """The maps of a document of this kind, given as one update (10,000 nodes: 0.2 s, so in a thread)."""
    known = Containers(layout_of(document))
    known.add(read_update(whole))
    return known


def _insert(clocks: list[int], clock: int) -> None:
    if not clocks or clocks[-1] < clock:  # the usual case, and 20 times faster than a search
        clocks.append(clock)
    elif clocks[bisect_left(clocks, clock)] != clock:
        insort(clocks, clock)


def _in_no_map(item: Id, parent: Parent) -> UpdateRefused:
    return UpdateRefused("malformed_update", f"the item {_told(item)} is in {_told(parent)}, which is no map")


def _misplaced(place: Parent, key: str) -> UpdateRefused:
    return UpdateRefused("container_misplaced", f"a map at {_told(place)}/{key[:64]}", "a value, as in the schema")


def _removed(item: Id) -> UpdateRefused:
    return UpdateRefused("container_removed", f"the map {_told(item)} is deleted", _HINT)


def _replaced(place: Parent, key: str = "") -> UpdateRefused:
    named = f"{_told(place)}/{key[:64]}" if key else _told(place)
    return UpdateRefused("container_replaced", f"a map is written over at {named}", _HINT)


def _told(parent: Parent) -> str:
    return parent if isinstance(parent, str) else f"{parent[0]}:{parent[1]}"
