"""A private redis-server: random port, nothing on disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.sync.servers.base import process
from tests.support.ports import free_port


@dataclass(frozen=True)
class RunningRedis:
    port: int
    pid: int


@contextmanager
def running_redis(folder: Path, core: int | None) -> Iterator[RunningRedis]:
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is not installed")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with process(command, port, folder / "redis.log", core) as started:
        yield RunningRedis(port, started.pid)
