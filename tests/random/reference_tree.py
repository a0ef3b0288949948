"""T1–T5 word for word, without any cleverness: what the fast tree is held against."""

from __future__ import annotations

from typing import Any

Place = tuple[str, str]
Edge = tuple[int, str, str, str]
"""counter, parent, child, order"""


def reference_places(content: dict[str, Any]) -> dict[str, Place]:
    """Node → (parent, order) from the content of a scene document."""
    nodes = content.get("nodes", {})
    edges = [edge for node in nodes for edge in _edges(node, nodes[node].get("parents", {}))]
    result = {node: _preferred(node, edges)[1::2] for node in nodes if _reaches_root(node, edges)}
    while len(result) < len(nodes):
        ready = [edge for edge in edges if edge[2] not in result and (edge[1] == "root" or edge[1] in result)]
        if ready:
            best = max(ready, key=lambda edge: (edge[0], edge[1], [-ord(letter) for letter in edge[2]]))
            result[best[2]] = (best[1], best[3])
        else:
            result[min(node for node in nodes if node not in result)] = ("root", "")
    return result  # type: ignore[return-value]


def reference_children(places: dict[str, Place]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for node in sorted(places, key=lambda node: (places[node][1], node)):
        children.setdefault(places[node][0], []).append(node)
    return children


def reference_hidden(content: dict[str, Any], places: dict[str, Place]) -> set[str]:
    return {node for node in places if any("trashed" in content["nodes"][above] for above in _walk(node, places))}


def _walk(node: str, places: dict[str, Place]) -> list[str]:
    walk = []
    while node != "root":
        assert node not in walk, f"a cycle: {walk}"
        walk.append(node)
        node = places[node][0]
    return walk


def _edges(node: str, parents: dict[str, Any]) -> list[Edge]:
    return [(int(counter), parent, node, order) for parent, (counter, order) in parents.items()]


def _preferred(node: str, edges: list[Edge]) -> Any:
    own = [edge for edge in edges if edge[2] == node]
    return max(own, key=lambda edge: edge[:2], default=(0, None, node, ""))


def _reaches_root(node: str, edges: list[Edge]) -> bool:
    seen: set[Any] = set()
    current: Any = node
    while current != "root":
        if current in seen or current is None:
            return False
        seen.add(current)
        current = _preferred(current, edges)[1]
    return True
