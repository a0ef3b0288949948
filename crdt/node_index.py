"""The nodes' edges and trash marks, kept up to date from events: reading the tree never reads the whole document.

A test holds it against an index built from scratch.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from pycrdt import Map

from crdt.schema import Node
from crdt.tree import Edge, Tree, build_tree, valid_edges
from crdt.values import field_adapters, is_valid


class NodeIndex:
    """edges: node → its valid entries; trashed: ids; last: parent → no child's order key is greater than this."""

    def __init__(self, nodes: Map[Any]) -> None:
        self._nodes = nodes
        self._edges: dict[str, dict[str, Edge]] = {}
        self._trashed: set[str] = set()
        self._last: dict[str, str] = {}
        self._dirty: set[str] = set(nodes.keys())
        self._tree: Tree | None = None
        self._subscription = nodes.observe_deep(_marker(weakref.ref(self)))
        # The subscription holds the document, so it must go with the index or the document never would.
        weakref.finalize(self, self._subscription.drop).atexit = False

    def touch(self, node: str) -> None:
        """The node was written inside the open transaction."""
        self._dirty.add(node)

    def edges(self) -> Mapping[str, Mapping[str, Edge]]:
        self._refresh()
        return self._edges

    def edges_of(self, node: str) -> Mapping[str, Edge] | None:
        self._refresh()
        return self._edges.get(node)

    def last_order(self, parent: str) -> str | None:
        """An order key that no child of `parent` exceeds, or None where it never had one."""
        self._refresh()
        return self._last.get(parent)

    def is_trashed(self, node: str) -> bool:
        """Whether the node itself is trashed."""
        self._refresh()
        return node in self._trashed

    def tree(self) -> Tree:
        self._refresh()
        if self._tree is None:
            self._tree = build_tree(self._edges, self._trashed)
        return self._tree

    def _refresh(self) -> None:
        while self._dirty:
            self._read(self._dirty.pop())

    def _read(self, node: str) -> None:
        record = self._nodes.get(node)
        if not isinstance(record, Map):
            self._forget(node)
            return
        edges = valid_edges(_as_dict(record.get("parents")))
        trashed = "trashed" in record and _is_trashed(record["trashed"])
        if self._edges.get(node) == edges and (node in self._trashed) == trashed:
            return
        self._tree = None
        self._edges[node] = edges
        (self._trashed.add if trashed else self._trashed.discard)(node)
        for parent, edge in edges.items():
            if edge.order > self._last.get(parent, ""):
                self._last[parent] = edge.order

    def _forget(self, node: str) -> None:
        if self._edges.pop(node, None) is not None:
            self._tree = None
        self._trashed.discard(node)


def _as_dict(value: Any) -> Any:
    return value.to_py() if isinstance(value, Map) else None


def _is_trashed(value: Any) -> bool:
    if isinstance(value, Map):
        return False
    return value is not None and is_valid(field_adapters(Node)["trashed"], value)


def _marker(index: weakref.ref[NodeIndex]) -> Any:
    def mark(events: list[Any]) -> None:
        found = index()
        if found is None:
            return
        for event in events:
            if not event.path:
                found._dirty.update(event.keys)
            elif len(event.path) > 1 or "trashed" in event.keys or "parents" in event.keys:
                found._dirty.add(event.path[0])

    return mark
