"""The measured servers, by the name that the command line knows them under."""

from __future__ import annotations

from tests.benchmarks.sync.servers.base import Peer
from tests.benchmarks.sync.servers.hocuspocus import Hocuspocus
from tests.benchmarks.sync.servers.maquette import Maquette
from tests.benchmarks.sync.servers.pycrdt_websocket import PycrdtWebsocket
from tests.benchmarks.sync.servers.y_websocket import YWebsocket

OURS = "maquette"

SINGLE: dict[str, Peer] = {
    OURS: Maquette(),
    "y-websocket": YWebsocket(),
    "hocuspocus": Hocuspocus(),
    "pycrdt-websocket": PycrdtWebsocket(),
}
"""One process, the peers in memory."""

DURABLE: dict[str, Peer] = {**SINGLE, "hocuspocus-sqlite": Hocuspocus("Hocuspocus + SQLite", durable=True)}
"""With the most durable of the peers: it stores the whole document two seconds after a change."""

TWO_NODES: dict[str, Peer] = {
    OURS: Maquette("Maquette, 2 nodes", nodes=2),
    "hocuspocus": Hocuspocus("Hocuspocus + Redis, 2 nodes", nodes=2),
}
