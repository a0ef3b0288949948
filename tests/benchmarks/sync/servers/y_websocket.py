"""y-websocket 1.5.4: the server that comes with it, in memory, without auth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.sync.servers.base import Door, Running, process
from tests.benchmarks.sync.servers.install import install_peers
from tests.support.ports import free_port


@dataclass
class OpenServer:
    """A server where a room is a path and nobody is asked who they are."""

    port: int
    processes: Sequence[int]
    beside: Sequence[int] = ()

    def make_rooms(self, count: int) -> list[str]:
        return [f"room-{number}" for number in range(count)]

    def door(self, room: str, client: int, node: int = 0) -> Door:  # noqa: ARG002  all clients are alike here
        return Door(f"ws://127.0.0.1:{self.port}/{room}")


class YWebsocket:
    name = "y-websocket 1.5"
    nodes = 1

    @contextmanager
    def run(self, folder: Path, core: int | None) -> Iterator[Running]:
        port = free_port()
        program = install_peers() / "node_modules" / "y-websocket" / "bin" / "server.js"
        environment = {"HOST": "127.0.0.1", "PORT": str(port), "NODE_ENV": "production"}
        with process(["node", str(program)], port, folder / "server.log", core, environment) as started:
            yield OpenServer(port, [started.pid])
