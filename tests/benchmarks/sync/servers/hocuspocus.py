"""Hocuspocus 4.7: in memory, with its SQLite extension, or as two nodes over its Redis extension; no auth hook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from crdt.lib0 import encode_string
from tests.benchmarks.sync.servers.base import Door, Running, process
from tests.benchmarks.sync.servers.install import install_peers
from tests.benchmarks.sync.servers.redis import running_redis
from tests.support.ports import free_port

PROGRAM = Path(__file__).with_name("hocuspocus.mjs")
_AUTH, _TOKEN = 2, 0


@dataclass
class RunningHocuspocus:
    ports: Sequence[int]
    processes: Sequence[int]
    beside: Sequence[int]

    def make_rooms(self, count: int) -> list[str]:
        return [f"room-{number}" for number in range(count)]

    def door(self, room: str, client: int, node: int = 0) -> Door:  # noqa: ARG002  all clients are alike here
        """Several documents may share a socket, so each message names its own; the first one brings a token."""
        prefix = encode_string(room)
        token = prefix + bytes((_AUTH, _TOKEN)) + encode_string("token") + encode_string("4.7.0")
        return Door(f"ws://127.0.0.1:{self.ports[node]}/", prefix=prefix, opening=(token,))


class Hocuspocus:
    def __init__(self, name: str = "Hocuspocus 4.7", *, durable: bool = False, nodes: int = 1) -> None:
        self.name = name
        self.nodes = nodes
        self._durable = durable

    @contextmanager
    def run(self, folder: Path, core: int | None) -> Iterator[Running]:
        peers = install_peers()
        database = str(folder / "hocuspocus.db") if self._durable else ""
        with ExitStack() as stack:
            redis = stack.enter_context(running_redis(folder, core)) if self.nodes > 1 else None
            ports, pids = [], []
            for _ in range(self.nodes):
                port = free_port()
                command = ["node", str(PROGRAM), str(peers), str(port), database, str(redis.port) if redis else ""]
                started = process(command, port, folder / "server.log", core, {"NODE_ENV": "production"})
                pids.append(stack.enter_context(started).pid)
                ports.append(port)
            yield RunningHocuspocus(ports, pids, [redis.pid] if redis else [])
