"""Ourselves as people run us for others: the access key asked for, updates validated, the log durable."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.benchmarks.sync.servers.base import Door, Running, process
from tests.benchmarks.sync.servers.redis import running_redis
from tests.support.ports import free_port
from tests.support.postgres import running_postgres

_ENVIRONMENT = {
    "MAQUETTE_ACCOUNTS": "true",
    "MAQUETTE_RATE_USER": "1000000/second",
    "MAQUETTE_RATE_ADDRESS": "1000000/second",
    "MAQUETTE_RATE_HANDSHAKES": "1000000/second",
    "MAQUETTE_SOCKET_MESSAGES": "1000000",
    "MAQUETTE_SOCKET_BYTES": "1000000000",
    "MAQUETTE_QUOTA_ADDRESS_CONNECTIONS": "100000",
}
"""As on a public address. Limits stay on, but above the load: it comes from one address, and (b) sends what no person
may.
"""


@dataclass
class RunningMaquette:
    ports: Sequence[int]
    processes: Sequence[int]
    beside: Sequence[int]
    key: str

    def make_rooms(self, count: int) -> list[str]:
        """Projects; a project's scene is a room."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.ports[0]}", headers=self._headers(0), timeout=30) as api:
            answers = [api.post("/api/v1/projects", json={"name": f"Room {number}"}) for number in range(count)]
        return [answer.raise_for_status().json()["id"] for answer in answers]

    def door(self, room: str, client: int, node: int = 0) -> Door:
        query = f"caps=saved,refusal,hello&user=bench{client:011d}&name=bench"
        return Door(f"ws://127.0.0.1:{self.ports[node]}/sync/{room}/scene?{query}", self._headers(client))

    def _headers(self, client: int) -> dict[str, str]:  # noqa: ARG002  one key for all; who they are is in the query
        return {"Authorization": f"Bearer {self.key}"}


class Maquette:
    """environment: settings that differ from the defaults, e.g. another socket layer."""

    def __init__(self, name: str = "Maquette", *, nodes: int = 1, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.nodes = nodes
        self._environment = environment or {}

    @contextmanager
    def run(self, folder: Path, core: int | None) -> Iterator[Running]:
        data = folder / "data"
        with ExitStack() as stack:
            options, beside = self._between_nodes(folder, core, stack) if self.nodes > 1 else ([], [])
            ports, pids = [], []
            for _ in range(self.nodes):
                port = free_port()
                command = [sys.executable, "-m", "server", "serve", "--host", "127.0.0.1", "--port", str(port)]
                command += ["--data", str(data), "--no-peer", "--log", "warning", *options]
                started = process(command, port, folder / "server.log", core, {**_ENVIRONMENT, **self._environment})
                pids.append(stack.enter_context(started).pid)
                ports.append(port)
            yield RunningMaquette(ports, pids, beside, (data / "access.key").read_text().strip())

    def _between_nodes(self, folder: Path, core: int | None, stack: ExitStack) -> tuple[list[str], list[int]]:
        redis = stack.enter_context(running_redis(folder, core))
        before = {child.pid for child in psutil.Process().children()}
        database = stack.enter_context(running_postgres()).replace("+asyncpg", "")
        beside = [redis.pid, *({child.pid for child in psutil.Process().children()} - before)]
        return ["--redis", f"redis://127.0.0.1:{redis.port}", "--database", database], beside
