"""What every measured server offers: processes on a random loopback port, rooms, and a door for each client."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

TOP = Path(__file__).parents[4]
START_SECONDS = 30.0
STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Door:
    """How one client comes into one room. prefix: stands before every message. opening: frames that it sends first."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    prefix: bytes = b""
    opening: Sequence[bytes] = ()


class Running(Protocol):
    """A server (or several nodes of one) that runs now."""

    processes: Sequence[int]
    """Ids of the processes that serve; their children count too."""
    beside: Sequence[int]
    """Ids of what it needs beside itself (Redis, a database), reported apart."""

    def make_rooms(self, count: int) -> list[str]:
        """Names of new, empty rooms."""

    def door(self, room: str, client: int, node: int = 0) -> Door:
        """For the client of that number."""


class Peer(Protocol):
    """One of the measured servers. nodes: how many it can be run with."""

    name: str
    nodes: int

    def run(self, folder: Path, core: int | None) -> AbstractContextManager[Running]:
        """Start it over an empty folder, on one core (None: on any)."""


@contextmanager
def process(
    command: Sequence[str], port: int, log: Path, core: int | None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own group that listens on `port` when the block begins, and is gone when it ends."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=TOP, env={**os.environ, **(environment or {})},
            start_new_session=True,
        )  # fmt: skip
    try:
        os.sched_setaffinity(started.pid, cores(core))
        _wait_until_listening(started, port, log)
        yield started
    finally:
        _end(started)


def cores(core: int | None) -> set[int]:
    return set(range(os.cpu_count() or 1)) if core is None else {core}


def _wait_until_listening(started: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and started.poll() is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))  # bound first: a socket that is given the very port connects to itself
            if probe.getsockname()[1] != port and probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)  # a process of its own offers nothing to wait on
    raise RuntimeError(f"{started.args} did not start:\n{log.read_text()[-2000:]}")


def _end(started: subprocess.Popen[bytes]) -> None:
    started.send_signal(signal.SIGTERM)
    try:
        started.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
