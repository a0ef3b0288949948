"""Each quota blocks at its limit with a clear message, and frees when what it counts ends or goes (row 19.2)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from crdt.messages import QueryAwareness, Refused, SyncStep1, SyncStep2, decode, encode
from server.storage.api_tables import project_blobs
from tests.server.api.conftest import Clock
from tests.support.postgres import running_postgres
from tests.support.server import api, peer_headers, services, serving

EXPORT = {"op": "export", "params": {"format": "glb"}}


async def new_project(client: httpx.AsyncClient) -> str:
    return f"/api/v1/projects/{(await client.post('/api/v1/projects', json={'name': 'x'})).json()['id']}"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def finish(client: httpx.AsyncClient, data: Path, clock: Clock | None = None, seconds: float = 0) -> None:
    """Lease the next job as a peer does and fail it after so many seconds: time was spent all the same."""
    lease = {"peer": "p", "ops": ["export"]}
    leased = (await client.post("/api/v1/peers/lease", json=lease, headers=peer_headers(data))).json()
    if clock is not None:
        clock.advance(seconds)
    error = {"code": "broken", "message": "it broke", "hint": ""}
    body = {"lease": leased["lease"], "error": error, "retry": False}
    path = f"/api/v1/peers/jobs/{leased['job']['id']}/failure"
    (await client.post(path, json=body, headers=peer_headers(data))).raise_for_status()


@pytest.mark.parametrize("values", [{"quota_project_jobs": 2}, {"job_quota": 2}])
async def test_jobs_under_way(tmp_path: Path, values: dict[str, Any]) -> None:
    async with api(tmp_path, **values) as client:
        project = await new_project(client)
        for _ in range(2):
            assert (await client.post(f"{project}/jobs", json=EXPORT)).status_code == 202
        refused = await client.post(f"{project}/jobs", json=EXPORT)
        assert code_of(refused) == (409, "too_many_jobs")
        assert "2 jobs" in refused.json()["error"]["message"]
        await finish(client, tmp_path)
        assert (await client.post(f"{project}/jobs", json=EXPORT)).status_code == 202


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_many_at_once_do_not_pass_a_quota_together(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """All are asked before the first is answered, so that each finds the quota free when it looks."""
    values = {"database": request.getfixturevalue("database")} if kind == "postgresql" else {}
    async with api(tmp_path, quota_project_jobs=3, job_quota=5, quota_project_storage=1000, **values) as client:
        project, other = await new_project(client), await new_project(client)
        asked = [client.post(f"{path}/jobs", json=EXPORT) for path in (project, other) for _ in range(8)]
        answers = [answer.status_code for answer in await asyncio.gather(*asked)]
        assert answers[:8].count(202) <= 3
        assert answers[8:].count(202) <= 3
        assert answers.count(202) == 5
        assert set(answers) == {202, 409}
        blobs = [bytes([number]) * 300 for number in range(8)]
        puts = [client.put(f"{project}/blobs/{hashlib.sha256(data).hexdigest()}", content=data) for data in blobs]
        imports = [client.post(f"{other}/import", files=[("file", ("c.glb", b"glTF" + data))]) for data in blobs]
        stored = [answer.status_code for answer in await asyncio.gather(*puts)]
        assert sorted(stored) == [201] * 3 + [413] * 5
        assert (await client.get(f"{project}/usage")).json()["storage"]["used"] == 900
        await asyncio.gather(*imports)
        assert (await client.get(f"{other}/usage")).json()["storage"]["used"] == 3 * 304


@pytest.mark.parametrize("values", [{"quota_project_compute": 100}, {"quota_user_compute": 100}])
async def test_compute_time_of_a_day(tmp_path: Path, values: dict[str, Any]) -> None:
    clock = Clock()
    async with api(tmp_path, clock=clock, lease_seconds=1000, **values) as client:
        project = await new_project(client)
        for seconds in (60, 41):
            await client.post(f"{project}/jobs", json=EXPORT)
            await finish(client, tmp_path, clock, seconds)
        refused = await client.post(f"{project}/jobs", json=EXPORT)
        assert code_of(refused) == (429, "compute_used_up")
        assert "101 of 100 seconds" in refused.json()["error"]["message"]
        wait = int(refused.headers["retry-after"])
        assert wait == pytest.approx(24 * 3600 - 41, abs=2)
        clock.advance(wait + 1)
        assert (await client.post(f"{project}/jobs", json=EXPORT)).status_code == 202


@pytest.mark.parametrize("values", [{"quota_project_storage": 1000}, {"quota_user_storage": 1000}])
async def test_stored_bytes(tmp_path: Path, values: dict[str, Any]) -> None:
    async with api(tmp_path, **values) as client:
        project = await new_project(client)

        async def put(data: bytes) -> httpx.Response:
            return await client.put(f"{project}/blobs/{hashlib.sha256(data).hexdigest()}", content=data)

        assert (await put(b"a" * 600)).status_code == 201
        refused = await put(b"b" * 600)
        assert code_of(refused) == (413, "storage_full")
        assert "600 bytes" in refused.json()["error"]["message"]
        assert (await put(b"a" * 600)).status_code == 200, "what is there already costs nothing"
        upload = await client.post(f"{project}/import", files=[("file", ("c.glb", b"glTF" * 200))])
        assert code_of(upload) == (413, "storage_full")
        async with services(client).engine.begin() as connection:  # as the clean-up of unreferenced blobs does
            await connection.execute(delete(project_blobs))
        assert (await put(b"b" * 600)).status_code == 201


@pytest.mark.parametrize(
    "values", [{"quota_project_connections": 1}, {"quota_user_connections": 1}, {"quota_address_connections": 1}]
)
async def test_open_sockets(tmp_path: Path, values: dict[str, Any]) -> None:
    async with serving(tmp_path, **values) as server, httpx.AsyncClient(base_url=server.url) as client:
        project = (await new_project(client)).rsplit("/", 1)[1]
        url = f"{server.sync_url}/{project}/scene"
        async with connect(url) as first:
            await first.recv()
            async with connect(url) as second:
                with pytest.raises(ConnectionClosedError) as closed:
                    await second.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4429, "too_many_connections")
            async with connect(f"{url}?caps=refusal") as told:
                refused = decode(bytes(await told.recv()))
                assert isinstance(refused, Refused)
                assert refused.retry_after == 10
            usage = (await client.get(f"/api/v1/projects/{project}/usage")).json()
            assert usage["connections"]["used"] == 1
        while server.services.sockets.of_project(project):
            await client.get("/healthz")
        async with connect(url) as third:
            assert await third.recv()


async def test_usage_tells_what_is_used_of_what(tmp_path: Path) -> None:
    clock = Clock()
    async with api(tmp_path, clock=clock, lease_seconds=1000, quota_project_storage=5000) as client:
        project = await new_project(client)
        data = b"x" * 1234
        await client.put(f"{project}/blobs/{hashlib.sha256(data).hexdigest()}", content=data)
        for _ in range(3):
            await client.post(f"{project}/jobs", json=EXPORT)
        await finish(client, tmp_path, clock, 2.5)
        assert (await client.get(f"{project}/usage")).json() == {
            "jobs": {"used": 2, "limit": 0}, "compute": {"used": 2.5, "limit": 0},
            "storage": {"used": 1234, "limit": 5000}, "connections": {"used": 0, "limit": 0},
        }  # fmt: skip
        assert (await client.get("/api/v1/projects/nobodysproject00/usage")).status_code == 404


async def test_a_flood_over_a_socket_is_slowed_and_not_ended(tmp_path: Path) -> None:
    async with serving(tmp_path, socket_messages=50) as server, httpx.AsyncClient(base_url=server.url) as client:
        project = (await new_project(client)).rsplit("/", 1)[1]
        async with connect(f"{server.sync_url}/{project}/scene") as socket:
            for _ in range(520):
                await socket.send(encode(QueryAwareness()))
            await socket.send(encode(SyncStep1(b"\x00")))
            while not isinstance(decode(bytes(await socket.recv())), SyncStep2):
                pass
        assert 0 < server.services.telemetry.slowed.value < 5
