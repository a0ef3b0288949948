"""The session document mirrors the durable queue and takes requests in (crdt/SPEC.md J2)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from crdt import jobs
from crdt.client import LiveScene, join
from crdt.document import SessionDocument
from crdt.ids import new_id
from tests.server.api.test_client import make_project, until
from tests.support.server import Served, running_app, serving

EXPORT = {"op": "export", "target": {}, "params": {"format": "glb"}}


def peer_of(server: Served) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {server.peer_token}"}, timeout=60)


async def shown(session: SessionDocument, job: str, state: str) -> Any:
    await until(lambda: job in session.map("jobs") and jobs.read(session, job).state == state, session)
    return jobs.read(session, job)


def ask(scene: LiveScene, op: str = "export", params: Any = None, by: str = "somebody", id: str | None = None) -> str:
    return jobs.request(scene.session, op, {}, EXPORT["params"] if params is None else params, by, id=id)


async def test_a_request_in_the_document_is_queued_and_its_states_are_shown(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, peer_of(server) as peer:
        url = await make_project(server.url)
        async with join(url, name="Ada") as scene:
            job = ask(scene)
            leased = (await peer.post("/api/v1/peers/lease", json={"peer": "p", "ops": ["export"], "wait": 30})).json()
            assert leased["job"]["id"] == job
            assert leased["job"]["by"] == scene.presence.user["id"], "the writer is known, whatever the record says"
            running = await shown(scene.session, job, "running")
            assert (running.worker, running.attempts) == ("p", 1)
            body = {"lease": leased["lease"], "error": {"code": "too_big", "message": "too big", "hint": ""}}
            await peer.post(f"/api/v1/peers/jobs/{job}/failure", json=body)
            failed = await shown(scene.session, job, "failed")
            assert failed.error.code == "too_big"


async def test_a_refused_request_is_shown_as_failed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, join(await make_project(server.url)) as scene:
        unknown = await shown(scene.session, ask(scene, op="paint"), "failed")
        assert unknown.error.code == "unknown_operation"
        shapeless = await shown(scene.session, ask(scene, params={"format": "exe"}), "failed")
        assert shapeless.error.code == "bad_job"


async def test_a_job_of_the_http_api_is_shown_to_everybody(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        url = await make_project(server.url)
        async with join(url) as scene:
            answer = await scene.api.post(f"/api/v1/projects/{scene.project}/jobs", json=EXPORT)
            job = answer.json()["job"]
            assert (await shown(scene.session, job, "queued")).op == "export"
            await scene.api.delete(f"/api/v1/projects/{scene.project}/jobs/{job}")
            await shown(scene.session, job, "cancelled")


async def test_run_job_waits_for_the_result(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, peer_of(server) as peer, join(await make_project(server.url)) as scene:
        running = asyncio.create_task(scene.run_job("lod.chain", {"mesh": new_id()}))
        asked = {"peer": "p", "ops": ["lod.chain"], "wait": 30}
        leased = (await peer.post("/api/v1/peers/lease", json=asked)).json()
        body = {"lease": leased["lease"], "result": {"levels": {}}, "update": None}
        await peer.post(f"/api/v1/peers/jobs/{leased['job']['id']}/result", json=body)
        assert await running == {"levels": {}}


async def test_the_document_is_repaired_from_the_queue_when_it_is_loaded(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        url = await make_project(server.url)
        project = url.rsplit("/", 1)[1]
        async with join(url) as scene:
            job = ask(scene)
            await shown(scene.session, job, "queued")
    async with running_app(tmp_path) as app:
        # Nobody has the session open: only the queue learns of this.
        await app.state.services.dispatcher.queue.cancel(project, job)
        other = await app.state.services.dispatcher.queue.add(new_id(), project, **EXPORT, by="ada")
    async with serving(tmp_path) as server, join(f"{server.url}/p/{project}") as scene:
        assert jobs.read(scene.session, job).state == "cancelled"
        assert jobs.read(scene.session, other.id).state == "queued"


async def test_a_request_that_a_dead_server_never_queued_is_taken_in_later(tmp_path: Path) -> None:
    async with running_app(tmp_path) as app:
        services = app.state.services
        project = (await services.projects.create("p")).id
        room = await services.rooms.room(f"{project}/session")
        job = new_id()
        # Written by a participant; the server dies before it looks: its own route hides it from the intake here.
        await room.edit("ada", "server", lambda session: jobs.request(session, **EXPORT, by="ada", id=job))
    async with serving(tmp_path) as server, peer_of(server) as peer, join(f"{server.url}/p/{project}"):
        leased = await peer.post("/api/v1/peers/lease", json={"peer": "p", "ops": ["export"], "wait": 30})
        assert leased.json()["job"]["id"] == job


async def test_the_servers_keys_in_a_record_are_the_servers(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, join(await make_project(server.url)) as scene:
        answer = await scene.api.post(f"/api/v1/projects/{scene.project}/jobs", json=EXPORT)
        job = answer.json()["job"]
        await scene.api.delete(f"/api/v1/projects/{scene.project}/jobs/{job}")
        await shown(scene.session, job, "cancelled")
        jobs.set_state(scene.session, job, state="succeeded", worker="mallory")
        assert jobs.read(scene.session, job).state == "succeeded"
        assert (await shown(scene.session, job, "cancelled")).worker == ""
