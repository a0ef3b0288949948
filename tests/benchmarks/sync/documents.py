"""Updates and scenes made ahead: valid Yjs of the shape of our scenes, each writer under its own client id."""

from __future__ import annotations

import functools
import secrets
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc, Map

from crdt.ids import new_client_id, new_id
from crdt.lib0 import encode_bytes
from tests.benchmarks.sync.wire import SYNC, UPDATE, translation


@dataclass
class Writer:
    """One client's node and its moves. first: the update that makes the node. sent: how many moves have gone out."""

    index: int
    node: str
    first: bytes
    moves: list[bytes]
    sent_at: list[float] = field(default_factory=lambda: [0.0])
    """time.perf_counter() of each move, counted from 1."""

    @property
    def sent(self) -> int:
        return len(self.sent_at) - 1


def make_writer(index: int, moves: int) -> Writer:
    doc: Doc = Doc(client_id=new_client_id())
    nodes = doc.get("nodes", type=Map)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    node = new_id()
    with doc.transaction():
        nodes[node] = Map(
            {
                "name": f"node {index}", "parents": Map({"root": [1, f"a{secrets.token_hex(4)}1"]}),
                "translation": translation(0, index),
            }
        )  # fmt: skip
    record = nodes[node]
    for number in range(1, moves + 1):
        record["translation"] = translation(number, index)
    subscription.drop()
    return Writer(index, node, updates[0], updates[1:])


def update_frame(update: bytes, prefix: bytes = b"") -> bytes:
    return prefix + bytes((SYNC, UPDATE)) + encode_bytes(update)


@dataclass(frozen=True)
class Scene:
    """A large scene as updates of at most CHUNK nodes each, and what they add up to."""

    chunks: tuple[bytes, ...]
    nodes: int


CHUNK = 1000


@functools.cache
def make_scene(nodes: int) -> Scene:
    """So many nodes of ten fields each: 370 bytes a node."""
    doc: Doc = Doc(client_id=new_client_id())
    root = doc.get("nodes", type=Map)
    chunks: list[bytes] = []
    subscription = doc.observe(lambda event: chunks.append(event.update))
    for start in range(0, nodes, CHUNK):
        with doc.transaction():
            for number in range(start, min(start + CHUNK, nodes)):
                root[new_id()] = Map(_fields(number))
    subscription.drop()
    return Scene(tuple(chunks), nodes)


def _fields(number: int) -> dict[str, Any]:
    return {
        "name": f"Node {number:06d}",
        "parents": Map({"root": [1, f"a{number:08d}1"]}),
        "translation": [number + 0.1, number * 0.37, -number / 3],
        "rotation": [0.1, 0.2, 0.3, 0.9273618495495704],
        "scale": [1.1, 1.2, 1.3],
        "visible": True,
        "locked": False,
        "mesh": new_id(),
        "materials": Map({}),
        "source": None,
    }
