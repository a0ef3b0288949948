"""pycrdt-websocket: its WebsocketServer in memory, without auth, under uvicorn's fastest socket layer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.sync.servers.base import Running, process
from tests.benchmarks.sync.servers.y_websocket import OpenServer
from tests.support.ports import free_port


class PycrdtWebsocket:
    name = "pycrdt-websocket"
    nodes = 1

    @contextmanager
    def run(self, folder: Path, core: int | None) -> Iterator[Running]:
        port = free_port()
        command = [sys.executable, "-m", "tests.benchmarks.sync.servers.pycrdt_server", str(port)]
        with process(command, port, folder / "server.log", core) as started:
            yield OpenServer(port, [started.pid])
