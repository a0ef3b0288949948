"""Planted faults: each is a mistake that a plausible change could make, and that the machine must find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

from crdt import document, moves, nodes, tree, undo
from crdt.document import SceneDocument
from crdt.node_index import NodeIndex
from crdt.tree import Edge, Tree, build_tree
from crdt.values import clean
from tests.random.machine import CollaborationMachine
from tests.random.model_server import Link, ModelServer
from tests.random.replica import Replica

Machine = type[CollaborationMachine]


def _with_tree(grow: Callable[[NodeIndex], Tree]) -> Machine:
    """A machine whose first replica sees its tree differently."""

    class Strange(CollaborationMachine):
        def make_replica(self, index: int) -> Replica:
            replica = super().make_replica(index)
            if index == 0:
                nodes_index = replica.scene.index
                nodes_index.tree = lambda: grow(nodes_index)  # type: ignore[method-assign]
            return replica

    return Strange


def _with_server(server: type[ModelServer]) -> Machine:
    class Strange(CollaborationMachine):
        def make_server(self) -> ModelServer:
            return server()

    return Strange


def _patched(target: Any, attribute: str, replacement: Any) -> Machine:
    """A machine that runs with a function replaced."""

    class Strange(CollaborationMachine):
        def __init__(self) -> None:
            self._fault = mock.patch.object(target, attribute, replacement)
            self._fault.start()
            super().__init__()

        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                self._fault.stop()

    return Strange


def flipped_tie_break() -> Machine:
    """Equal counters go to the smallest parent on one replica."""

    def smallest(edges: Mapping[str, Edge]) -> str | None:
        greatest = max((edge.counter for edge in edges.values()), default=None)
        return min((parent for parent in edges if edges[parent].counter == greatest), default=None)

    def grow(index: NodeIndex) -> Tree:
        with mock.patch.object(tree, "preferred", smallest):
            return build_tree(index.edges(), index._trashed)

    return _with_tree(grow)


def order_by_locale() -> Machine:
    """One replica compares order keys without regard to case."""

    def grow(index: NodeIndex) -> Tree:
        grown = build_tree(index.edges(), index._trashed)
        children = {
            parent: sorted(below, key=lambda node: (grown.order[node].lower(), node))
            for parent, below in grown.children.items()
        }
        return Tree(grown.parent, grown.order, children, grown.hidden)

    return _with_tree(grow)


def hidden_orphans() -> Machine:
    """Nodes without a way to the root are left out."""

    def grow(index: NodeIndex) -> Tree:
        grown = build_tree(index.edges(), index._trashed)
        lost = {node for node, order in grown.order.items() if not order}
        children = {parent: [node for node in below if node not in lost] for parent, below in grown.children.items()}
        return Tree(grown.parent, grown.order, children, grown.hidden)

    return _with_tree(grow)


def stale_index() -> Machine:
    """The incremental index misses what others write into nodes it knows."""

    def read(self: NodeIndex, node: str) -> None:
        if node not in self._edges:
            honest(self, node)

    honest = NodeIndex._read
    return _patched(NodeIndex, "_read", read)


def undo_over_others() -> Machine:
    """Undo writes `before` whatever stands there now."""
    return _patched(undo, "same", lambda _a, _b: True)


def undo_of_moves_forgotten() -> Machine:
    """Undo brings back values but not places."""
    return _patched(undo, "_revert_moves", lambda _scene, _moves: [])


def dropped_deletes() -> Machine:
    """The server takes updates without structs for empty ones."""

    class Deaf(ModelServer):
        def judge(self, link: Link, update: bytes) -> None:
            if update[0]:
                super().judge(link, update)

    return _with_server(Deaf)


def saved_too_early() -> Machine:
    """The server says saved before it has committed."""

    class Hasty(ModelServer):
        def receive(self, link: Link) -> None:
            super().receive(link)
            self.acknowledge()

    return _with_server(Hasty)


def broadcast_cut_short() -> Machine:
    """The server passes on only the first update of a commit."""

    class Forgetful(ModelServer):
        def commit(self) -> None:
            self._pending, later = self._pending[:1], self._pending[1:]
            super().commit()
            self.log += [update for _, update in later]

    return _with_server(Forgetful)


def no_reassertion() -> Machine:
    """A move writes only its own edge."""

    def alone(scene: SceneDocument, node: str, parent: str, order: str) -> moves.Writes:
        return {node: (parent, moves._moved_edge(scene, node, parent, order))}

    return _patched(moves, "_writes", alone)


def bystanders_jump() -> Machine:
    """A move writes down what the tree shows above it, and forgets who had fallen back from there."""
    return _patched(moves, "_hold_others", lambda _scene, _writes: None)


def lost_resend() -> Machine:
    """A client that comes back does not send what the server lacks."""
    return _patched(Replica, "answer", lambda self, _state_vector: self._send(b"\x00\x00") or self.settle())


def created_twice() -> Machine:
    """A retried job writes its record again."""

    def create(self: SceneDocument, root: str, record_id: str, values: Mapping[str, Any]) -> str:
        if record_id in self.map(root):
            with self.transact():
                del self.map(root)[record_id]
        return honest(self, root, record_id, values)

    honest = SceneDocument.create
    return _patched(SceneDocument, "create", create)


def trash_removes() -> Machine:
    """Deleting a node deletes its map."""

    def remove(scene: SceneDocument, ids: list[str], _by: str, at: int | None = None) -> None:  # noqa: ARG001
        with scene.transact():
            for node in ids:
                del scene.map("nodes")[node]

    return _patched(nodes, "trash", remove)


def unchecked_values() -> Machine:
    """Writers take any JSON for any field."""
    return _patched(document, "check_field", lambda _model, _key, value: clean(value))


def cycles_allowed() -> Machine:
    """A move into one's own descendant is written as asked."""
    return _patched(moves, "is_within", lambda _scene, _node, _ancestor: False)


FAULTS: list[Callable[[], Machine]] = [
    flipped_tie_break, order_by_locale, hidden_orphans, stale_index, undo_over_others, undo_of_moves_forgotten,
    dropped_deletes, saved_too_early, broadcast_cut_short, no_reassertion, bystanders_jump, lost_resend, created_twice,
    trash_removes, unchecked_values, cycles_allowed,
]  # fmt: skip
