"""Nodes: add, move, reorder, trash, restore, duplicate (SPEC T6–T10, D5). Each is one transaction, checked first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pycrdt import Map

from crdt.document import SceneDocument
from crdt.errors import InvalidEdit, UnknownRecord
from crdt.ids import new_id
from crdt.ordering import between
from crdt.schema import MAX_COUNTER, ROOT, Node
from crdt.tree import ORDER, Edge, Place, Tree, preferred, quick_place
from crdt.values import check_entry, containers


def now_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


def add(
    scene: SceneDocument,
    *,
    parent: str = ROOT,
    before: str | None = None,
    id: str | None = None,
    order: str | None = None,
    **fields: Any,
) -> str:
    """A new node below `parent`, before the sibling `before` or last (or at the very `order`).

    Fields are in the schema's words.

    >>> scene = SceneDocument()
    >>> chair = add(scene, name="Chair", translation=(0, 1, 0))
    """
    need_parent(scene, parent)
    place = check_order(order) if order is not None else _order_for(scene, parent, before)
    if "parents" in fields or "trashed" in fields:
        raise InvalidEdit("unknown_key", "A new node's place is given by parent and before, and it is not trashed.")
    return scene.create("nodes", id or new_id(), {**fields, "parents": {parent: [1, place]}})


def move(scene: SceneDocument, node: str, parent: str, before: str | None = None) -> None:
    """Puts the node below `parent`, before the sibling `before` or last."""
    need_parent(scene, parent)
    place_at(scene, node, parent, _order_for(scene, parent, before, moving=node))


def place_at(scene: SceneDocument, node: str, parent: str, order: str) -> None:
    """Puts the node below `parent` at an order key (T6–T8).

    Raises InvalidEdit move_into_itself, counter_exhausted, bad_value; UnknownRecord.
    """
    check_order(order)
    scene.need("nodes", node)
    need_parent(scene, parent)
    if is_within(scene, parent, node):
        raise InvalidEdit("move_into_itself", f"{node} cannot be moved into itself or below itself.")
    writes = _reassertions(scene, [*_path(scene, node)[1:], *_path(scene, parent)])
    writes[node] = (parent, _moved_edge(scene, node, parent, order))
    containers_of = {target: scene.container("nodes", target, "parents") for target in writes}
    for target, (key, edge) in writes.items():
        if edge.counter > MAX_COUNTER:
            raise InvalidEdit("counter_exhausted", f"{target} was moved too often.")
        check_entry(Node, "parents", key, list(edge))
    with scene.transact():
        for target, (key, edge) in writes.items():
            containers_of[target][key] = list(edge)
            scene.index.touch(target)


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


def _reassertions(scene: SceneDocument, nodes: Iterable[str]) -> dict[str, tuple[str, Edge]]:
    """What must be written so that each node's effective edge is its preferred one."""
    writes: dict[str, tuple[str, Edge]] = {}
    for node in nodes:
        place = place_of(scene, node)
        edges = scene.index.edges_of(node) or {}
        if preferred(edges) != place.parent:
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


def _order_for(scene: SceneDocument, parent: str, before: str | None, moving: str | None = None) -> str:
    if before is None:
        return between(scene.index.last_order(parent), None)
    tree = scene.tree()
    siblings = [node for node in tree.children.get(parent, ()) if node != moving]
    if before not in siblings:
        raise InvalidEdit("not_a_sibling", f"{before} is not below {parent}.", "before names a child of the parent.")
    return _order_before(tree, siblings, siblings.index(before))


def _order_before(tree: Tree, siblings: list[str], position: int) -> str:
    """A key before the sibling at `position` and after whatever has a smaller key than it."""
    upper = tree.order[siblings[position]]
    lower = next((tree.order[node] for node in reversed(siblings[:position]) if tree.order[node] < upper), None)
    return between(lower or None, upper or None)


def trash(scene: SceneDocument, ids: Iterable[str], by: str, at: int | None = None) -> None:
    """Marks nodes as trashed, which hides their subtrees. Those that are trashed already stay as they are."""
    nodes = list(ids)
    for node in nodes:
        scene.need("nodes", node)
    mark = {"by": by, "at": now_ms() if at is None else at}
    with scene.transact():
        for node in nodes:
            if scene.read("nodes", node).trashed is None:
                scene.set("nodes", node, "trashed", mark)


def restore(scene: SceneDocument, ids: Iterable[str]) -> None:
    """Takes nodes out of the trash; they show where they effectively are."""
    nodes = list(ids)
    for node in nodes:
        scene.need("nodes", node)
    with scene.transact():
        for node in nodes:
            scene.unset("nodes", node, "trashed")


def duplicate(scene: SceneDocument, node: str, *, id: str | None = None, make_id: Callable[[], str] = new_id) -> str:
    """A copy of the node and what lives below it, right after it, under new ids (T10). Returns the copy's id."""
    scene.need("nodes", node)
    tree = scene.tree()
    copies = {node: id or make_id()}
    placed = {node: (tree.parent[node], _order_after(tree, node))}
    for original in _live_below(tree, scene, node):
        copies[original] = make_id()
        placed[original] = (copies[tree.parent[original]], tree.order[original] or "a0")
    records = {original: _copied(scene, original, *place) for original, place in placed.items()}
    taken = [copy for copy in copies.values() if copy in scene.map("nodes")]
    if taken:
        raise InvalidEdit("id_taken", f"nodes/{taken[0]} exists already.", "Ids are random and used once.")
    with scene.transact():
        for original, record in records.items():
            scene.map("nodes")[copies[original]] = record
            scene.index.touch(copies[original])
    return copies[node]


def _live_below(tree: Tree, scene: SceneDocument, node: str) -> list[str]:
    """Everything below the node, parents first, without what is trashed and what lies below that."""
    found: list[str] = []
    stack = list(tree.children.get(node, ()))
    while stack:
        current = stack.pop()
        if not scene.index.is_trashed(current):
            found.append(current)
            stack.extend(tree.children.get(current, ()))
    return found


def _order_after(tree: Tree, node: str) -> str:
    siblings = tree.children[tree.parent[node]]
    own = tree.order[node]
    upper = next((tree.order[other] for other in siblings[siblings.index(node) :] if tree.order[other] > own), None)
    return between(own or None, upper)


def _copied(scene: SceneDocument, node: str, parent: str, order: str) -> Map[Any]:
    """The record's values as they stand, unknown keys included, at a place of its own and out of the trash."""
    content = scene.need("nodes", node).to_py() or {}
    content.pop("trashed", None)
    content["parents"] = {parent: [1, order]}
    content["materials"] = content.get("materials") or {}
    nested = containers(Node)
    return Map({key: Map(value) if key in nested else _writable(value) for key, value in content.items()})


def _writable(value: Any) -> Any:
    return bytes(value) if isinstance(value, bytearray) else value
