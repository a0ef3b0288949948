"""`maquette serve` on PostgreSQL, from the command line to the restart after a crash."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from crdt import nodes
from crdt.client import join
from tests.server.api.test_client import make_project
from tests.support.postgres import running_postgres
from tests.support.server import running_server


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg"])
async def test_what_was_saved_survives_a_killed_server(tmp_path: Path, scheme: str) -> None:
    """REQUIREMENTS 1.2, 20.2: every acknowledged edit is there after kill -9; projects, blobs and jobs too."""
    with running_postgres() as database:
        url = database.replace("postgresql+asyncpg", scheme)
        with running_server(tmp_path, "--database", url) as server:
            address = await make_project(server.url, "On PostgreSQL")
            async with join(address) as scene:
                made = [nodes.add(scene, name=str(number)) for number in range(100)]
                blob = await scene.upload(b"a model")
                scene.set("nodes", made[0], "name", "the last one")
                await scene.saved()
                job = await ask_export(address)
                await asyncio.to_thread(server.kill)
                late = nodes.add(scene, name="made while it was away")
                await asyncio.to_thread(server.restart)
                await scene.saved()
            async with join(address) as scene:
                assert {*made, late} == set(scene.ids("nodes"))
                assert scene.read("nodes", made[0]).name == "the last one"
                assert (await scene.download(blob, tmp_path / "copy")).read_bytes() == b"a model"
            assert (await read_job(address, job))["state"] == "queued"
        assert not list(tmp_path.glob("*.db")), "nothing was written to SQLite"


def api_of(address: str) -> str:
    return address.replace("/p/", "/api/v1/projects/")


async def ask_export(address: str) -> str:
    async with httpx.AsyncClient() as client:
        body = {"op": "export", "params": {"format": "glb"}}
        return str((await client.post(f"{api_of(address)}/jobs", json=body)).raise_for_status().json()["job"])


async def read_job(address: str, job: str) -> dict[str, object]:
    async with httpx.AsyncClient() as client:
        return dict((await client.get(f"{api_of(address)}/jobs/{job}")).raise_for_status().json())
