"""Private PostgreSQL servers for tests: own data folder, own socket and port, nothing left behind."""

import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.ports import free_port

TRIES = 200


def _tool(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return found


def _as_postgres() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


@dataclass
class Postgres:
    """One PostgreSQL at a time over one data folder; the port stays the same over restarts."""

    folder: Path
    hosts: tuple[str, ...] = ("127.0.0.1",)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For `server.storage.sql.open_engine` and `maquette serve --database`."""
        return self.url_at("127.0.0.1")

    def url_at(self, host: str) -> str:
        """For those who reach it by another address."""
        return f"postgresql+asyncpg://maquette@{host}:{self.port}/postgres"

    def create(self) -> None:
        """Make the data folder (initdb)."""
        self.port = self.port or free_port()
        self._data.mkdir(mode=0o700)
        if _as_postgres():
            shutil.chown(self.folder, "postgres", "postgres")
            shutil.chown(self._data, "postgres", "postgres")
        how = ["-U", "maquette", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(
            [_tool("initdb"), "-D", self._data, *how],
            check=True, capture_output=True, timeout=60, cwd=self.folder, **_as_postgres(),
        )  # fmt: skip
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.writelines(f"host all all {host}/30 trust\n" for host in self.hosts)

    def start(self) -> None:
        """Start and wait until it takes connections."""
        where = ["-p", str(self.port), "-h", ",".join(self.hosts), "-k", self.folder]
        self.process = subprocess.Popen(
            [_tool("postgres"), "-D", self._data, *where, "-c", "shared_buffers=16MB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **_as_postgres(),
        )  # fmt: skip
        _wait_until_ready(self.port, self.process)

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: at once, in order. SIGQUIT: as a crash; what was committed is recovered at the next start."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(timeout=30)

    @property
    def _data(self) -> Path:
        return self.folder / "data"


@contextmanager
def postgres(*hosts: str) -> Iterator[Postgres]:
    """A running PostgreSQL that may be ended and started again. hosts: addresses besides loopback."""
    with tempfile.TemporaryDirectory(prefix="maquette-pg-") as folder:
        server = Postgres(Path(folder), ("127.0.0.1", *hosts))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.end()


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yields a URL for `server.storage.sql.open_engine`."""
    with postgres() as server:
        yield server.url


def _wait_until_ready(port: int, server: subprocess.Popen[bytes]) -> None:
    ready = _tool("pg_isready")
    for _ in range(TRIES):
        if subprocess.run([ready, "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)  # a process of its own offers nothing to wait on
    raise RuntimeError("PostgreSQL did not start")
