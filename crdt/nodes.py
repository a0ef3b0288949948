"""Nodes: add, move, reorder, trash, restore, duplicate (SPEC T6–T10, D5). Each is one transaction, checked first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from pycrdt import Map

from crdt.document import SceneDocument
from crdt.errors import InvalidEdit
from crdt.ids import new_id
from crdt.moves import check_order, need_parent, place_at
from crdt.ordering import between
from crdt.schema import ROOT, Node
from crdt.tree import Tree
from crdt.values import containers


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
