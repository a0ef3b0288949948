"""Moves in the tree (SPEC T6–T8): what a move writes so that no other node jumps.

Concurrent moves can make cycles, which the effective tree breaks by falling back to older edges. Whoever moves a node
next to such a place writes down what the tree shows there, or the fall-back would end and nodes that nobody
touched would go elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crdt.document import SceneDocument
from crdt.errors import InvalidEdit, UnknownRecord
from crdt.ordering import between
from crdt.schema import MAX_COUNTER, ROOT, Node
from crdt.tree import ORDER, Edge, Place, places, preferred, quick_place
from crdt.values import check_entry

Writes = dict[str, tuple[str, Edge]]
"""Node → the entry of its `parents` that is written: parent, edge."""


def place_at(scene: SceneDocument, node: str, parent: str, order: str) -> None:
    """Puts the node below `parent` at an order key (T6–T8).

    Raises InvalidEdit move_into_itself, counter_exhausted, bad_value; UnknownRecord.
    """
    check_order(order)
    scene.need("nodes", node)
    need_parent(scene, parent)
    if is_within(scene, parent, node):
        raise InvalidEdit("move_into_itself", f"{node} cannot be moved into itself or below itself.")
    writes = _writes(scene, node, parent, order)
    containers_of = {target: scene.container("nodes", target, "parents") for target in writes}
    for target, (key, edge) in writes.items():
        if edge.counter > MAX_COUNTER:
            raise InvalidEdit("counter_exhausted", f"{target} was moved too often.")
        check_entry(Node, "parents", key, list(edge))
    with scene.transact():
        for target, (key, edge) in writes.items():
            containers_of[target][key] = list(edge)
            scene.index.touch(target)


def _writes(scene: SceneDocument, node: str, parent: str, order: str) -> Writes:
    writes = _reassertions(scene, [*_path(scene, node)[1:], *_path(scene, parent)])
    settled = not writes and _is_preferred(scene, node)
    writes[node] = (parent, _moved_edge(scene, node, parent, order))
    if not settled:
        _hold_others(scene, writes)
    return writes


def _hold_others(scene: SceneDocument, writes: Writes) -> None:
    """Adds what keeps every other node in its place.

    Ends: a node jumps only where an edge above it is not the preferred one, and each round writes all of those.
    """
    tree, edges = scene.tree(), scene.index.edges()
    while True:
        written = {node: {**edges[node], parent: edge} for node, (parent, edge) in writes.items()}
        after = places({**edges, **written})
        jumped = [node for node in after if node not in writes and after[node] != tree.place(node)]
        if not jumped:
            return
        above = {above for node in jumped for above in tree.path(node)} - writes.keys()
        writes |= _reassertions(scene, above)


def _is_preferred(scene: SceneDocument, node: str) -> bool:
    return preferred(scene.index.edges_of(node) or {}) == place_of(scene, node).parent


def need_parent(scene: SceneDocument, parent: str) -> None:
    if parent != ROOT and scene.record("nodes", parent) is None:
        raise UnknownRecord("unknown_record", f"There is no nodes/{parent}.", "A parent is a node or 'root'.")


def check_order(order: str) -> str:
    if not ORDER.fullmatch(order):
        raise InvalidEdit("bad_value", f"{order!r} is no order key.", "1 to 512 of 0-9 A-Z a-z.")
    return order


def place_of(scene: SceneDocument, node: str) -> Place:
    """The node's effective place; O(depth) unless concurrent moves made a cycle above it."""
    return quick_place(scene.index.edges_of, node) or scene.tree().place(node)


def is_within(scene: SceneDocument, node: str, ancestor: str) -> bool:
    """Whether `node` is `ancestor` or lies below it."""
    return ancestor in _path(scene, node)


def _path(scene: SceneDocument, node: str) -> list[str]:
    """The node and its effective ancestors, upwards, without `root`."""
    path = []
    while node != ROOT:
        path.append(node)
        node = place_of(scene, node).parent
    return path


def _reassertions(scene: SceneDocument, nodes: Iterable[str]) -> Writes:
    """What must be written so that each node's effective edge is its preferred one."""
    writes: Writes = {}
    for node in nodes:
        if not _is_preferred(scene, node):
            place, edges = place_of(scene, node), scene.index.edges_of(node) or {}
            order = place.order or first_order(scene)
            writes[node] = (place.parent, Edge(_greatest(edges) + 1, order))
    return writes


def _moved_edge(scene: SceneDocument, node: str, parent: str, order: str) -> Edge:
    """The entry that puts the node there: a reorder keeps the counter (T8)."""
    edges = scene.index.edges_of(node) or {}
    if place_of(scene, node).parent == parent == preferred(edges):
        return Edge(edges[parent].counter, order)
    return Edge(_greatest(edges) + 1, order)


def _greatest(edges: Mapping[str, Edge]) -> int:
    return max((edge.counter for edge in edges.values()), default=0)


def first_order(scene: SceneDocument) -> str:
    """A key before every ordered child of the root: where a node shows that T4 attached there."""
    tree = scene.tree()
    first = next((tree.order[node] for node in tree.children.get(ROOT, ()) if tree.order[node]), None)
    return between(None, first)
