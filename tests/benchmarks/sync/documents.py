"""Updates made ahead: valid Yjs of the shape of our scenes, each writer under its own client id."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

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
