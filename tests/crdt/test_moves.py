"""Moves write what keeps every other node in its place (SPEC T6)."""

from __future__ import annotations

import pytest

from crdt import nodes
from crdt.errors import InvalidEdit
from crdt.ids import new_id
from crdt.moves import is_within, place_at, place_of
from tests.vectors import move_cases


def test_moves_by_hand() -> None:
    after = {case["name"]: case["after"] for case in move_cases.cases()}
    for title, _, _, expected in move_cases.BY_HAND:
        assert after[title] == move_cases.named(expected), title


@pytest.mark.parametrize("start", range(0, 1000, 250))
def test_nobody_else_jumps(start: int) -> None:
    made = 0
    for seed in range(start, start + 250):
        forest, (node, parent) = move_cases.draw(seed)
        scene = move_cases.scene_of(forest)
        before = scene.tree()
        if is_within(scene, parent, node):
            with pytest.raises(InvalidEdit):
                place_at(scene, node, parent, move_cases.ORDER)
            continue
        place_at(scene, node, parent, move_cases.ORDER)
        made += 1
        assert place_of(scene, node) == (parent, move_cases.ORDER), seed
        after = scene.tree()
        assert {other: after.place(other) for other in forest if other != node} == {
            other: before.place(other) for other in forest if other != node
        }, seed
    assert made > 100


def test_a_move_of_a_settled_forest_is_one_entry() -> None:
    scene = move_cases.scene_of({})
    first, second = nodes.add(scene), nodes.add(scene)
    bystander = nodes.add(scene, parent=second)
    with scene.transact() as step:
        nodes.move(scene, first, bystander)
    assert len(step.changes) == 1


def test_an_orphan_above_the_target_shows_that_it_is_at_the_root() -> None:
    """T6: what T4 attached gets an order before all ordered children of the root."""
    orphan = new_id()
    scene = move_cases.scene_of({orphan: {new_id(): [1, "a1"]}})
    top, moved = nodes.add(scene), nodes.add(scene)
    nodes.move(scene, moved, orphan)
    assert scene.tree().children["root"] == [orphan, top]
    assert place_of(scene, orphan).order
