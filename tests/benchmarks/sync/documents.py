"""Updates and scenes made ahead: valid Yjs of the shape of our scenes, each writer under its own client id."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterator
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


CHUNK = 1_000_000
"""Bytes of one update of a large scene, about."""
_NODES_IN_CHUNK, _STROKES_IN_CHUNK = 2_700, 340
_STROKE_BYTES = 2_900
"""Of a sculpting stroke over 465 vertices."""


@functools.cache
def make_scene(nodes: int, strokes: int = 0) -> tuple[bytes, ...]:
    """A large scene as updates: nodes of ten fields each (370 bytes a node), and sculpting strokes."""
    doc: Doc = Doc(client_id=new_client_id())
    node_root, stroke_root = doc.get("nodes", type=Map), doc.get("strokes", type=Map)
    chunks: list[bytes] = []
    subscription = doc.observe(lambda event: chunks.append(event.update))
    for numbers in _parts(nodes, _NODES_IN_CHUNK):
        with doc.transaction():
            for number in numbers:
                node_root[new_id()] = Map(_fields(number))
    for numbers in _parts(strokes, _STROKES_IN_CHUNK):
        with doc.transaction():
            for _ in numbers:
                stroke_root[f"{new_id()}/{new_id()}"] = secrets.token_bytes(_STROKE_BYTES)
    subscription.drop()
    return tuple(chunks)


def _parts(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))


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
