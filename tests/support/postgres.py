"""A private PostgreSQL for one test session: own data folder, own socket and port, nothing left behind."""

import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TRIES = 200


def _tool(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return found


def _as_postgres() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yields a URL for `server.storage.sql.open_engine`."""
    initdb, postgres = _tool("initdb"), _tool("postgres")
    with tempfile.TemporaryDirectory(prefix="maquette-pg-") as folder:
        data, port, identity = Path(folder) / "data", _free_port(), _as_postgres()
        data.mkdir(mode=0o700)
        if identity:
            shutil.chown(folder, "postgres", "postgres")
            shutil.chown(data, "postgres", "postgres")
        subprocess.run(
            [initdb, "-D", data, "-U", "maquette", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
            check=True, capture_output=True, timeout=60, cwd=folder, **identity,
        )  # fmt: skip
        server = subprocess.Popen(
            [postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", "shared_buffers=16MB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **identity,
        )  # fmt: skip
        try:
            _wait_until_ready(port, server)
            yield f"postgresql+asyncpg://maquette@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_until_ready(port: int, server: subprocess.Popen[bytes]) -> None:
    ready = _tool("pg_isready")
    for _ in range(TRIES):
        if subprocess.run([ready, "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)  # a process of its own offers nothing to wait on
    raise RuntimeError("PostgreSQL did not start")
