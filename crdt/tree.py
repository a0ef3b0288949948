"""The effective tree (SPEC T1–T5): a pure function of every node's `parents`, the same on every replica.

A cycle made by concurrent moves is broken by falling back to earlier parents in a fixed order (Evan Wallace, "CRDT:
Mutable Tree Hierarchy"). O(n log n) for n edges.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from crdt.schema import MAX_COUNTER, ROOT

PARENT = re.compile(r"root|[A-Za-z0-9_-]{16}")
ORDER = re.compile(r"[0-9A-Za-z]{1,512}")


class Edge(NamedTuple):
    counter: int
    order: str


class Place(NamedTuple):
    """Where a node effectively is."""

    parent: str
    order: str


Edges = Mapping[str, Edge]
"""One node's valid entries: parent id → edge."""


@dataclass(frozen=True)
class Tree:
    parent: dict[str, str] = field(default_factory=dict)
    """Node → effective parent (`root` at the top)."""
    order: dict[str, str] = field(default_factory=dict)
    """Node → order key of its effective edge (`""` where it was attached by T4)."""
    children: dict[str, list[str]] = field(default_factory=dict)
    """Parent (and `root`) → its children in order; absent where there are none."""
    hidden: frozenset[str] = frozenset()
    """Nodes that are trashed or have a trashed ancestor."""

    def place(self, node: str) -> Place:
        return Place(self.parent[node], self.order[node])

    def path(self, node: str) -> Iterable[str]:
        """The node and its ancestors, upwards, without `root`."""
        while node != ROOT:
            yield node
            node = self.parent[node]

    def subtree(self, node: str) -> Iterable[str]:
        """The node and everything below it, parents first."""
        stack = [node]
        while stack:
            current = stack.pop()
            yield current
            stack.extend(reversed(self.children.get(current, ())))


class Forest(Protocol):
    def tree(self) -> Tree: ...


def effective_tree(scene: Forest) -> Tree:
    """The tree as every replica with this content sees it."""
    return scene.tree()


def edge(parent: Any, value: Any) -> Edge | None:
    """A valid entry of `parents`, or None (T1)."""
    if not isinstance(value, list | tuple) or len(value) != 2 or not PARENT.fullmatch(parent):
        return None
    counter, order = value
    if isinstance(counter, bool) or not isinstance(counter, int | float) or counter != counter // 1:
        return None
    if not 0 <= counter <= MAX_COUNTER or not isinstance(order, str) or not ORDER.fullmatch(order):
        return None
    return Edge(int(counter), order)


def valid_edges(parents: Any) -> dict[str, Edge]:
    """The valid entries of one node's `parents` as the document holds it."""
    if not isinstance(parents, Mapping):
        return {}
    edges = ((parent, edge(parent, value)) for parent, value in parents.items())
    return {parent: found for parent, found in edges if found}


def preferred(edges: Edges) -> str | None:
    """The parent with the highest counter, ties to the greatest id (T2)."""
    return max(edges, key=lambda parent: (edges[parent].counter, parent), default=None)


def quick_place(edges_of: Callable[[str], Edges | None], node: str) -> Place | None:
    """A node's effective place where its walk along preferred edges reaches the root (T3): O(depth).

    None: the whole forest has to be looked at.
    """
    found = edges_of(node) or {}
    first = preferred(found)
    seen = {node}
    current = first
    while current is not None and current != ROOT:
        if current in seen:
            return None
        seen.add(current)
        current = preferred(edges_of(current) or {})
    return Place(first, found[first].order) if first and current else None


def places(edges: Mapping[str, Edges]) -> dict[str, Place]:
    """Every node's effective place (T2–T4)."""
    wanted = {node: preferred(own) for node, own in edges.items()}
    rooted = _rooted(wanted)
    result = {node: Place(wanted[node] or ROOT, edges[node][wanted[node] or ROOT].order) for node in rooted}
    if len(result) < len(edges):
        _attach_rest(edges, result)
    return result


def _rooted(wanted: Mapping[str, str | None]) -> set[str]:
    """Nodes whose walk along preferred edges ends at the root."""
    verdict: dict[str | None, bool] = {ROOT: True, None: False}
    for node in wanted:
        path: list[str] = []
        current: str | None = node
        while current not in verdict:
            assert current is not None
            path.append(current)
            verdict[current] = False  # met again on this walk, it is a cycle
            current = wanted.get(current)
        outcome = verdict[current]
        for step in path:
            verdict[step] = outcome
    return {node for node in wanted if verdict[node]}


def _attach_rest(edges: Mapping[str, Edges], result: dict[str, Place]) -> None:
    """T3 and T4 for the nodes that preferred edges leave without a root; fills `result`."""
    rest = sorted(node for node in edges if node not in result)
    pointing: dict[str, list[str]] = {}
    for node in rest:
        for parent in edges[node]:
            pointing.setdefault(parent, []).append(node)
    rank = {parent: -position for position, parent in enumerate(sorted(pointing))}
    ready: list[tuple[int, int, str, str]] = []

    def offer(parent: str) -> None:
        for node in pointing.get(parent, ()):
            if node not in result:
                heapq.heappush(ready, (-edges[node][parent].counter, rank[parent], node, parent))

    for parent in pointing:
        if parent == ROOT or parent in result:
            offer(parent)
    for smallest in rest:
        while ready:
            _, _, node, parent = heapq.heappop(ready)
            if node not in result:
                result[node] = Place(parent, edges[node][parent].order)
                offer(node)
        if smallest not in result:
            result[smallest] = Place(ROOT, "")
            offer(smallest)


def build_tree(edges: Mapping[str, Edges], trashed: Collection[str]) -> Tree:
    """The whole tree from all nodes' valid edges and the ids of trashed nodes."""
    found = places(edges)
    children: dict[str, list[str]] = {}
    for node in sorted(found, key=lambda node: (found[node].order, node)):
        children.setdefault(found[node].parent, []).append(node)
    tree = Tree(
        {node: place.parent for node, place in found.items()},
        {node: place.order for node, place in found.items()},
        children,
    )
    return Tree(tree.parent, tree.order, tree.children, _below(children, (node for node in trashed if node in found)))


def _below(children: Mapping[str, list[str]], tops: Iterable[str]) -> frozenset[str]:
    """The nodes and everything below them, each visited once."""
    found: set[str] = set()
    stack = list(tops)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(children.get(node, ()))
    return frozenset(found)
