"""What must hold after each step, said without the code under test."""

from __future__ import annotations

from typing import Any

from crdt.document import SceneDocument
from crdt.steps import Step
from crdt.validation import validate
from tests.random.reference_tree import reference_children, reference_hidden, reference_places

MISSING = object()
TOLERATED = {"cycle_broken"}
"""Information about concurrent moves, not a fault."""


def check_scene(scene: SceneDocument, content: dict[str, Any], known: set[str], orphans: set[str]) -> None:
    """known: nodes that this replica has had; orphans: nodes that a foreign writer left without a parent."""
    nodes = content.get("nodes", {})
    assert known <= nodes.keys(), f"lost: {known - nodes.keys()}"
    places = reference_places(content)
    tree = scene.tree()
    assert {node: (tree.parent[node], tree.order[node]) for node in tree.parent} == places
    assert {parent: list(below) for parent, below in tree.children.items()} == reference_children(places)
    assert set(tree.hidden) == reference_hidden(content, places)
    reached = [node for top in tree.children.get("root", ()) for node in tree.subtree(top)]
    assert sorted(reached) == sorted(nodes), "every node is reached exactly once"
    found = [issue for issue in validate(scene) if issue.code not in TOLERATED]
    assert not [issue for issue in found if issue.code != "orphan" or issue.path[1] not in orphans], found


def value_at(content: dict[str, Any], path: list[str]) -> Any:
    current: Any = content
    for key in path:
        if not isinstance(current, dict) or key not in current:
            return MISSING
        current = current[key]
    return current


def check_undo(step: Step, before: dict[str, Any], after: dict[str, Any]) -> None:
    """U3: a value goes back exactly where it was as the step left it; else it is as it was before the undo."""
    for change in step.changes:
        if "path" in change:
            _check_value(change, before, after)
        elif "create" in change:
            assert value_at(after, change["create"]) is not MISSING, "a creation was removed"
            if change["create"][0] == "nodes":
                assert value_at(after, [*change["create"], "trashed"]) is not MISSING, "a creation was not undone"
    _check_moves(step, before, after)


def _check_value(change: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    untouched = value_at(before, change["path"]) == change.get("after", MISSING)
    expected = change.get("before", MISSING) if untouched else value_at(before, change["path"])
    assert value_at(after, change["path"]) == expected, (change, "untouched" if untouched else "changed since")


def _check_moves(step: Step, before: dict[str, Any], after: dict[str, Any]) -> None:
    moves = [change for change in step.changes if "move" in change]
    _check_bystanders({change["move"] for change in moves}, before, after)
    if len(moves) != 1:
        return  # several may wait for each other; the vectors have those
    change = moves[0]
    places, now = reference_places(before), reference_places(after)
    node, home = change["move"], (change["before"]["parent"], change["before"]["order"])
    untouched = places[node] == (change["after"]["parent"], change["after"]["order"])
    blocked = home[0] != "root" and node in _above(home[0], places)
    expected = home if untouched and not blocked else places[node]
    if expected[1]:
        assert now[node] == expected, change
    else:
        assert now[node][0] == expected[0], change


def check_move(node: str, parent: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """T6: the node is where it was put, and no other has jumped."""
    assert reference_places(after)[node][0] == parent
    _check_bystanders({node}, before, after)


def _check_bystanders(moved: set[str], before: dict[str, Any], after: dict[str, Any]) -> None:
    places, now = reference_places(before), reference_places(after)
    for other in places.keys() - moved:
        assert now[other][0] == places[other][0], f"{other} jumped from {places[other]} to {now[other]}"
        assert now[other][1] == places[other][1] or not places[other][1], f"{other} changed its order"


def _above(node: str, places: dict[str, tuple[str, str]]) -> list[str]:
    """The node and its ancestors."""
    walk = []
    while node != "root":
        walk.append(node)
        node = places[node][0]
    return walk
