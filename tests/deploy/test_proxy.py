"""deploy/nginx.conf: it is valid, and everything works through it (REQUIREMENTS 22.3)."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import httpx

import crdt
from crdt import nodes
from tests.support.nginx import check, configured, running_nginx
from tests.support.server import running_server


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    checked = check(configured(tmp_path, 18080, [18001, 18002]))
    assert checked.returncode == 0, checked.stderr


async def test_live_editing_and_large_uploads_pass_through(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, running_nginx([server.port]) as proxy:
        async with httpx.AsyncClient(base_url=f"{proxy}/api/v1", timeout=60) as client:
            project = (await client.post("/projects", json={"name": "Through"})).raise_for_status().json()["id"]
        async with crdt.join(f"{proxy}/p/{project}") as ada, crdt.join(f"{proxy}/p/{project}") as bob:
            chair = nodes.add(ada, name="Chair")
            await ada.saved()
            async with asyncio.timeout(20):
                while chair not in bob.ids("nodes"):
                    await asyncio.sleep(0.01)
            data = bytes(range(256)) * (80 * 1024)
            assert await ada.upload(data) == hashlib.sha256(data).hexdigest()
            await bob.download(hashlib.sha256(data).hexdigest(), tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data


def test_a_project_stays_at_one_server_and_goes_on_when_that_is_gone(tmp_path: Path) -> None:
    with (
        running_server(tmp_path / "one") as one,
        running_server(tmp_path / "two") as two,
        running_nginx([one.port, two.port]) as proxy,
    ):
        projects = [f"/api/v1/projects/project{number:09}" for number in range(12)]
        first = [_answered_by(proxy + path, one.url, two.url) for path in projects]
        assert first == [_answered_by(f"{proxy}{path}/scene", one.url, two.url) for path in projects]
        assert len(set(first)) == 2, "projects spread over the servers"
        one.kill()
        assert {httpx.get(proxy + path).status_code for path in projects} == {404}, "answered by the other one"


def _answered_by(url: str, *servers: str) -> int:
    """Which server counted the request."""
    before = [_requests(server) for server in servers]
    httpx.get(url)
    after = [_requests(server) for server in servers]
    return next(n for n, (old, new) in enumerate(zip(before, after, strict=True)) if new > old + 1)


def _requests(server: str) -> float:
    lines = httpx.get(f"{server}/metrics").text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("maquette_http_requests_total"))
