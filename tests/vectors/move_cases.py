"""moves.json: a forest, one move, and every node's `parents` after it (SPEC T6): nobody else changes place.

Every node has an entry for the root, so that no order key is drawn by chance.
"""

from __future__ import annotations

import random
from typing import Any

from crdt.document import SceneDocument
from crdt.errors import InvalidEdit
from crdt.moves import place_at
from tests.vectors.ids import name

Forest = dict[str, dict[str, list[Any]]]
ORDER = "z00V"

BY_HAND: list[tuple[str, Forest, tuple[str, str], Forest]] = [
    (
        "a move in a settled forest writes one entry",
        {"a": {"root": [1, "a1"]}, "b": {"root": [1, "a2"]}},
        ("b", "a"),
        {"a": {"root": [1, "a1"]}, "b": {"root": [1, "a2"], "a": [2, ORDER]}},
    ),
    (
        "what shows above the target is written down",
        {"a": {"root": [1, "a1"], "b": [2, "a1"]}, "b": {"root": [1, "a2"], "a": [2, "a1"]}, "c": {"root": [1, "a3"]}},
        ("c", "a"),
        {
            "a": {"root": [3, "a1"], "b": [2, "a1"]},
            "b": {"root": [1, "a2"], "a": [2, "a1"]},
            "c": {"root": [1, "a3"], "a": [2, ORDER]},
        },
    ),
    (
        "a bystander that had fallen back from the cycle stays where it shows",
        {
            "a": {"root": [1, "a1"], "c": [3, "a1"]},
            "b": {"root": [1, "a2"], "c": [2, "a1"]},
            "c": {"root": [1, "a3"], "b": [4, "a1"]},
        },
        ("c", "root"),  # a and b show below the root: a because its way over c ended in the cycle
        {
            "a": {"root": [4, "a1"], "c": [3, "a1"]},
            "b": {"root": [3, "a2"], "c": [2, "a1"]},
            "c": {"root": [5, ORDER], "b": [4, "a1"]},
        },
    ),
]
"""(rule, forest, (node, new parent), forest after it), worked out by hand."""


def cases() -> list[dict[str, Any]]:
    found = [case(title, named(forest), (name(node), target(parent))) for title, forest, (node, parent), _ in BY_HAND]
    return found + [case(f"random {seed}", *draw(seed)) for seed in range(80)]


def target(parent: str) -> str:
    return parent if parent == "root" else name(parent)


def named(forest: Forest) -> Forest:
    return {
        name(node): {target(parent): entry for parent, entry in parents.items()} for node, parents in forest.items()
    }


def scene_of(forest: Forest) -> SceneDocument:
    scene = SceneDocument()
    with scene.transact("system"):
        for node, parents in forest.items():
            scene.create("nodes", node, {"parents": parents})
    return scene


def draw(seed: int) -> tuple[Forest, tuple[str, str]]:
    """Few nodes, few counters: hardly a forest without a cycle."""
    chance = random.Random(seed)
    nodes = [name(f"n{index}") for index in range(chance.randint(3, 9))]
    forest: Forest = {}
    for index, node in enumerate(nodes):
        others = [other for other in nodes if other != node]
        moved = {chance.choice(others): [chance.randint(2, 4), "a1"] for _ in range(chance.randint(0, 2))}
        forest[node] = {"root": [1, f"a{index}V"], **moved}
    return forest, (chance.choice(nodes), chance.choice([*nodes, "root"]))


def case(title: str, forest: Forest, move: tuple[str, str]) -> dict[str, Any]:
    scene = scene_of(forest)
    code = None
    try:
        place_at(scene, *move, ORDER)
    except InvalidEdit as error:
        code = error.code
    after = {node: scene.need("nodes", node)["parents"].to_py() for node in forest}
    entries = {
        node: {parent: [int(counter), order] for parent, (counter, order) in parents.items()}
        for node, parents in after.items()
    }
    return {"name": title, "nodes": forest, "move": [*move, ORDER], "refused": code, "after": entries}
