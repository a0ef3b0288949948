"""tree.json: nodes' `parents` and the effective tree that every replica shows (SPEC T1–T5)."""

import random
from typing import Any

from crdt.tree import build_tree, valid_edges
from tests.vectors.ids import name

Parents = dict[str, Any]

BY_HAND: list[tuple[str, dict[str, Parents], dict[str, str]]] = [
    (
        "T2: the highest counter",
        {"a": {"root": [1, "a1"]}, "b": {"root": [1, "a2"], "a": [2, "a1"]}},
        {"a": "root", "b": "a"},
    ),
    (
        "T2: ties go to the greatest parent id",
        {"a": {"root": [1, "a1"]}, "b": {"root": [1, "a2"]}, "c": {"a": [3, "a1"], "b": [3, "a1"], "root": [3, "a3"]}},
        {"a": "root", "b": "root", "c": "root"},
    ),
    (
        "T3: two nodes moved into each other; the later older edge to the root wins",
        {"a": {"root": [1, "a1"], "b": [2, "a1"]}, "b": {"root": [2, "a2"], "a": [3, "a1"]}},
        {"a": "b", "b": "root"},
    ),
    (
        "T3: equal counters in the cycle fall back to the smallest child",
        {"a": {"root": [1, "a1"], "b": [2, "a1"]}, "b": {"root": [1, "a2"], "a": [2, "a1"]}},
        {"a": "root", "b": "a"},
    ),
    (
        "T3: the fall-back goes through a third node",
        {
            "a": {"root": [1, "a1"]},
            "b": {"a": [1, "a1"], "c": [2, "a1"]},
            "c": {"root": [1, "a2"], "b": [2, "a1"]},
        },
        {"a": "root", "b": "c", "c": "root"},  # c → root and b → a tie at 1: the greater parent id, then b → c at 2
    ),
    ("T4: an orphan", {"a": {"gone": [1, "a1"]}, "b": {"a": [1, "a1"]}}, {"a": "root", "b": "a"}),
    ("T4: a cycle without a way out", {"a": {"b": [1, "a1"]}, "b": {"a": [1, "a1"]}}, {"a": "root", "b": "a"}),
    ("T4: no entry at all, and an edge to itself", {"a": {}, "b": {"b": [5, "a1"]}}, {"a": "root", "b": "root"}),
    (
        "T1: ill-typed entries are no entries",
        {
            "a": {"root": [1, "a1"], "b": [2**31 + 1, "a1"]},
            "b": {"root": [1, "a2"], "a": [-1, "a1"]},
            "c": {"root": [1, "a3"], "a": [2.5, "a1"]},
            "d": {"root": [1, "a4"], "a": [2, ""]},
            "e": {"root": [1, "a5"], "a": [2, "a_"]},
            "f": {"root": [1, "a6"], "a": [2]},
            "g": {"root": [1, "a7"], "a": "a1"},
            "h": {"root": [1, "a8"], "a": [True, "a1"]},
            "i": {"root": [1, "a9"], "a": [2, "a1", 3]},
            "j": {"root": [1, "aA"], "a": None},
            "k": {"root": [0, "aB"], "a": [2**31, "a1"]},
        },
        {**dict.fromkeys("abcdefghij", "root"), "k": "a"},
    ),
    (
        "T5: siblings by order, then id",
        {"c": {"root": [1, "a1"]}, "b": {"root": [9, "a1"]}, "a": {"root": [1, "aa"]}, "d": {"root": [1, "Zz"]}},
        dict.fromkeys("abcd", "root"),
    ),
]
"""(rule, nodes, effective parents), worked out by hand."""


def cases() -> list[dict[str, Any]]:
    found = [_case(title, _named(nodes), []) for title, nodes, _ in BY_HAND]
    chain = {"a": {"root": [1, "a1"]}, "b": {"a": [1, "a1"]}, "c": {"b": [1, "a1"]}, "d": {"root": [1, "a2"]}}
    found.append(_case("T5: a trashed node hides what is below it", _named(chain), [name("b")]))
    return found + [_random_case(seed) for seed in range(60)]


def _named(nodes: dict[str, Parents]) -> dict[str, Parents]:
    return {
        name(node): {parent if parent == "root" else name(parent): value for parent, value in parents.items()}
        for node, parents in nodes.items()
    }


def expected_parents(parents: dict[str, str]) -> dict[str, str]:
    return {name(node): parent if parent == "root" else name(parent) for node, parent in parents.items()}


def _random_case(seed: int) -> dict[str, Any]:
    """Few parents and few counters, so that cycles, ties and orphans abound."""
    chance = random.Random(seed)
    nodes = [name(f"n{index}") for index in range(chance.randint(2, 12))]
    targets = [*nodes, "root", name("gone")]
    drawn = {
        node: {
            chance.choice(targets): [chance.randint(0, 3), chance.choice(["a1", "a2", "Zz"])]
            for _ in range(chance.randint(0, 3))
        }
        for node in nodes
    }
    return _case(f"random {seed}", drawn, [node for node in nodes if chance.random() < 0.15])


def _case(title: str, nodes: dict[str, Parents], trashed: list[str]) -> dict[str, Any]:
    tree = build_tree({node: valid_edges(parents) for node, parents in nodes.items()}, trashed)
    return {
        "name": title,
        "nodes": {node: {"parents": parents, "trashed": node in trashed} for node, parents in nodes.items()},
        "parent": tree.parent,
        "order": tree.order,
        "children": tree.children,
        "hidden": sorted(tree.hidden),
    }
