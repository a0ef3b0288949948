"""Turns a transaction's own events into the changes of a step (SPEC U1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pycrdt import Map

from crdt.canonical import plain
from crdt.node_index import NodeIndex
from crdt.steps import ABSENT, Change, Path, create_change, move_change, ordered, value_change
from crdt.tree import Edge, Place, edge, places, quick_place

EdgeChange = tuple[Edge | None, Edge | None]


class Recorder:
    """Listens to the root maps until `stop()`, which must follow the end of the transaction."""

    def __init__(self, maps: Mapping[str, Map[Any]]) -> None:
        self.values: dict[Path, tuple[Any, Any]] = {}
        self.created: set[tuple[str, str]] = set()
        self.moved: dict[str, dict[str, EdgeChange]] = {}
        """Node → parent → its entry before and after."""
        self._listening = [(map_, map_.observe_deep(self._listener(root))) for root, map_ in maps.items()]

    def stop(self) -> None:
        for map_, subscription in self._listening:
            map_.unobserve(subscription)
        self._listening.clear()

    def _listener(self, root: str) -> Callable[[list[Any]], None]:
        def listen(events: list[Any]) -> None:
            for event in events:
                for key, change in event.keys.items():
                    self._note((root, *event.path, key), change)

        return listen

    def _note(self, path: Path, change: Mapping[str, Any]) -> None:
        before, after = change.get("oldValue", ABSENT), change.get("newValue", ABSENT)
        if len(path) == 2 and path[0] != "meta" and change["action"] == "add":
            self.created.add((path[0], path[1]))
        elif path[0] == "nodes" and len(path) == 4 and path[2] == "parents":
            entries = self.moved.setdefault(path[1], {})
            entries[path[3]] = (_edge(path[3], before), _edge(path[3], after))
        elif not isinstance(before, Map) and not isinstance(after, Map):
            self.values[path] = (plain(before), plain(after))

    def changes(self, index: NodeIndex | None = None) -> list[Change]:
        """The step's changes; `index` (as it is now) is needed where nodes moved."""
        created = [create_change(*path) for path in self.created]
        values = [value_change(path, before, after) for path, (before, after) in self.values.items()]
        return ordered([*created, *(self._moves(index) if index else []), *values])

    def _moves(self, index: NodeIndex) -> list[Change]:
        earlier = _Before(index, self)
        now = _Places(index.edges())
        found = []
        for node in self.moved:
            before, after = earlier.place(node), now.place(node)
            if before != after:
                found.append(move_change(node, before, after))
        return found


def _edge(parent: str, value: Any) -> Edge | None:
    return edge(parent, plain(value))


class _Places:
    """Effective places over fixed edges; looks at the whole only where a walk finds no root."""

    def __init__(self, edges: Mapping[str, Mapping[str, Edge]]) -> None:
        self._edges = edges
        self._all: dict[str, Place] | None = None

    def place(self, node: str) -> Place:
        quick = quick_place(self._edges.get, node)
        if quick is not None:
            return quick
        if self._all is None:
            self._all = places(self._edges)
        return self._all[node]


class _Before(_Places):
    """The same as the nodes were when the transaction began."""

    def __init__(self, index: NodeIndex, recorder: Recorder) -> None:
        edges = dict(index.edges())
        for root, record in recorder.created:
            if root == "nodes":
                edges.pop(record, None)
        for node, entries in recorder.moved.items():
            edges[node] = _restored(edges.get(node, {}), entries)
        super().__init__(edges)


def _restored(edges: Mapping[str, Edge], entries: Mapping[str, EdgeChange]) -> dict[str, Edge]:
    restored = dict(edges)
    for parent, (before, _) in entries.items():
        if before is None:
            restored.pop(parent, None)
        else:
            restored[parent] = before
    return restored
