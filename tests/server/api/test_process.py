"""`maquette serve` as a process: its settings, its start, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from crdt import nodes
from crdt.client import join
from server.app import create_app
from server.settings import Settings
from tests.server.api.test_client import make_project
from tests.support.server import TOP, running_server, settings_for

MODULE = [sys.executable, "-m", "server"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MODULE, *arguments], cwd=TOP, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


def test_help_shows_every_setting() -> None:
    """REQUIREMENTS 23.3."""
    shown = run("serve", "--help")
    assert shown.returncode == 0
    for name, field in Settings.model_fields.items():
        assert f"MAQUETTE_{name.upper()}" in shown.stdout
        assert field.description, name


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--port", "99999"], {}, "MAQUETTE_PORT (--port)"),
        (["--port", "http"], {}, "MAQUETTE_PORT (--port)"),
        (["--log", "loud"], {}, "MAQUETTE_LOG (--log)"),
        (["--database", "mysql://here/there"], {}, "MAQUETTE_DATABASE (--database)"),
        ([], {"MAQUETTE_LEASE_SECONDS": "0"}, "MAQUETTE_LEASE_SECONDS (--lease-seconds)"),
        ([], {"MAQUETTE_MAX_UPLOAD": "lots"}, "MAQUETTE_MAX_UPLOAD (--max-upload)"),
        ([], {"MAQUETTE_ALLOWED_HOSTS": "not json"}, "allowed_hosts"),
    ],
)
def test_a_bad_value_is_named(arguments: list[str], environment: dict[str, str], named: str, tmp_path: Path) -> None:
    ended = run("serve", "--data", str(tmp_path), *arguments, **environment)
    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run("serve", "--no-peer", "--data", str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert ended.returncode == 3
    assert "in use" in ended.stderr


def test_nothing_listens_beyond_this_machine_by_default(tmp_path: Path) -> None:
    """REQUIREMENTS 23.2: binding is loopback unless it is asked for otherwise."""
    with running_server(tmp_path) as server:
        assert server.process is not None
        sockets = psutil.Process(server.process.pid).net_connections()
        assert {found.laddr.ip for found in sockets if found.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


async def test_a_server_that_still_starts_is_alive_but_not_ready(tmp_path: Path) -> None:
    """REQUIREMENTS 21.4: an application whose lifespan has not begun (a proxy may hold its socket already)."""
    transport = httpx.ASGITransport(create_app(settings_for(tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/healthz")).status_code == 200
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)


async def test_sigterm_loses_nothing_and_closes_sockets_in_order(tmp_path: Path) -> None:
    """REQUIREMENTS 21.4."""
    with running_server(tmp_path) as server:
        url = await make_project(server.url)
        async with join(url) as scene:
            made = [nodes.add(scene, name=str(number)) for number in range(200)]
            await scene.saved()
            late = nodes.add(scene, name="sent, not waited for")
            status = await asyncio.to_thread(server.terminate)
            assert status == 0
            await asyncio.to_thread(server.restart)
            await scene.saved()
        async with join(url) as scene:
            assert {*made, late} <= set(scene.ids("nodes"))


def test_a_long_poll_does_not_delay_the_end(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, server.peer_client() as peer:
        project = httpx.post(f"{server.url}/api/v1/projects", json={"name": "x"}).json()["id"]
        body = {"op": "export", "params": {"format": "glb"}}
        job = httpx.post(f"{server.url}/api/v1/projects/{project}/jobs", json=body).json()["job"]
        polling = subprocess.Popen(
            [sys.executable, "-c", f"import httpx; print(httpx.get('{server.url}/api/v1/projects/{project}/jobs/{job}',"
             " params={'wait': 60}, timeout=90).json()['state'])"], stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        taken = peer.post("/api/v1/peers/lease", json={"peer": "p", "ops": ["export"], "wait": 30}).json()
        assert taken["job"]["id"] == job
        process = psutil.Process(server.process.pid if server.process else 0)
        assert server.terminate() == 0
        assert not process.is_running()
        output, _ = polling.communicate(timeout=30)
        assert output.strip() in ("running", ""), "answered early, or not yet connected"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_peer_ends_with_its_server(tmp_path: Path, number: signal.Signals) -> None:
    with running_server(tmp_path, peer=True) as server:
        assert server.process is not None
        project = httpx.post(f"{server.url}/api/v1/projects", json={"name": "x"}).json()["id"]
        body = {"op": "export", "params": {"format": "glb"}}
        job = httpx.post(f"{server.url}/api/v1/projects/{project}/jobs", json=body).json()["job"]
        answer = httpx.get(f"{server.url}/api/v1/projects/{project}/jobs/{job}", params={"wait": 60}, timeout=90).json()
        assert answer["state"] in ("succeeded", "failed"), "a peer was there and did it"
        family = psutil.Process(server.process.pid).children(recursive=True)
        assert family
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []


def test_a_killed_server_takes_its_peer_with_it(tmp_path: Path) -> None:
    with running_server(tmp_path, peer=True) as server:
        assert server.process is not None
        httpx.get(f"{server.url}/readyz").raise_for_status()
        (peer,) = psutil.Process(server.process.pid).children()
        server.kill()
        _, alive = psutil.wait_procs([peer], timeout=20)
        assert alive == []


def test_a_server_open_to_others_prints_its_invitation(tmp_path: Path) -> None:
    with running_server(tmp_path, "--host", "0.0.0.0", "--public-url", "https://studio.example/") as server:
        assert server.process is not None
        assert server.process.stdout is not None
        key = (tmp_path / "access.key").read_text().strip()
        assert server.process.stdout.readline().strip() == f"Invitation: https://studio.example/invite#{key}"
        assert httpx.get(f"{server.url}/api/v1/projects").status_code == 401
        with server.client(Authorization=f"Bearer {key}") as client:
            assert client.get("/api/v1/projects").status_code == 200
    assert key not in server.log.read_text()
