"""A private Redis on a random port: no persistence, nothing left behind; kill, stop and restart it at will.

with running_redis() as redis:
    redis.url; redis.kill(); redis.start(); redis.freeze(); redis.thaw()
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.support.ports import free_port

_TRIES = 200


@dataclass
class RedisProcess:
    """The port stays the same over restarts."""

    folder: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    hosts: tuple[str, ...] = ("127.0.0.1",)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is not installed")
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", *self.hosts, "--save", "", "--appendonly", "no",
             "--protected-mode", "no"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder,
        )  # fmt: skip
        for _ in range(_TRIES):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)  # a process of its own offers nothing to wait on
        raise RuntimeError("Redis did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """As a network that swallows everything: connections stay open, nothing moves."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def running_redis(*hosts: str) -> Iterator[RedisProcess]:
    """hosts: addresses besides loopback."""
    with tempfile.TemporaryDirectory(prefix="maquette-redis-") as folder:
        redis = RedisProcess(folder, free_port(), hosts=("127.0.0.1", *hosts))
        redis.start()
        try:
            yield redis
        finally:
            redis.kill()
