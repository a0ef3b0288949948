"""nginx with deploy/nginx.conf before servers on this machine."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[2] / "deploy/nginx.conf"
_TRIES = 300


def program() -> str:
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None:
        pytest.skip("nginx is not installed")
    return found


def configured(folder: Path, port: int, servers: Sequence[int]) -> Path:
    """The sample configuration as it stands, but for names, ports and folders."""
    text = CONFIG.read_text()
    upstream = "\n".join(f"server 127.0.0.1:{server} max_fails=1 fail_timeout=2s;" for server in servers)
    text, replaced = re.subn(r"(server server-\d:8000[^;]*;\s*)+", upstream + "\n", text)
    assert replaced == 1
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/nginx", f"{folder}/nginx")
    text = text.replace("worker_processes auto;", "worker_processes 1;")
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


def check(config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program(), "-t", "-c", str(config)], capture_output=True, text=True, timeout=30, check=False)


@contextmanager
def running_nginx(servers: Sequence[int]) -> Iterator[str]:
    """Yields the proxy's URL."""
    with tempfile.TemporaryDirectory(prefix="maquette-nginx-") as folder, socket.socket() as probe:
        Path(folder).chmod(0o755)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        config = configured(Path(folder), port, servers)
        process = subprocess.Popen(
            [program(), "-c", str(config), "-g", "daemon off;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(_TRIES):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "nginx did not start"
        time.sleep(0.01)  # a process of its own offers nothing to wait on
    raise RuntimeError("nginx did not start")
