"""The end of every run: each client's messages, integrated now by a real document, give what the server holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pycrdt import Doc, Map

from crdt.update_reader import read_state_vector
from tests.benchmarks.sync.clients import Client
from tests.benchmarks.sync.wire import STEP_1, sync_body

State = tuple[dict[int, int], Any]


class Diverged(Exception):
    """Somebody's document differs from the server's: the run does not count."""


def state_of(client: Client) -> State:
    """State vector and content of what the client sent and was sent."""
    doc: Doc = Doc()
    nodes = doc.get("nodes", type=Map)
    with doc.transaction():
        for body in _bodies(client.sent, client.frames, len(client.prefix)):
            doc.apply_update(body)
    return read_state_vector(doc.get_state()), nodes.to_py()


def _bodies(sent: Iterable[bytes], frames: Iterable[bytes], prefix: int) -> Iterable[bytes]:
    yield from sent
    for frame in frames:
        found = sync_body(frame, prefix)
        if found is not None and found[0] != STEP_1:
            yield found[1]


def check_converged(server: Client, clients: Iterable[Client]) -> None:
    """server: a client that joined when all was over."""
    expected = state_of(server)
    for client in clients:
        if client.closed:
            raise Diverged(f"a client's connection ended: {client.closed}")
        if state_of(client) != expected:
            raise Diverged(f"client {client.index} holds another state than the server")
