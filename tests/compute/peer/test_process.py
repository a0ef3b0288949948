"""The peer as people run it: a process against a server process, with real models, signals and kills."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from crdt import lod, revisions
from tests.support.assets import asset
from tests.support.peers import add_mesh, peer_process, project
from tests.support.server import ServerProcess, running_server
from tests.support.shapes import smooth, sphere

KILLS = 100 if os.environ.get("MAQUETTE_SOAK") else 20


@pytest.fixture
def server(tmp_path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data", environment={"MAQUETTE_JOB_ATTEMPTS": "100"}) as running:
        yield running


def peer(server: ServerProcess, *options: str, failpoint: str = ""):
    environment = {"MAQUETTE_FAILPOINT": failpoint} if failpoint else {}
    return peer_process(server.url, server.data / "peer.token", *options, environment=environment)


async def test_import_levels_and_export_of_the_bunny(server, tmp_path):
    async with project(server.url) as scene:
        with peer(server):
            imported = await scene.import_file(asset("stanford-bunny.obj"), options={"levels": False})
            [mesh] = imported["meshes"]
            built = await scene.run_job("lod.chain", {"mesh": mesh})
            exported = await scene.export("glb", tmp_path / "bunny.glb", options={"level": 3})
    head = scene.read("meshes", mesh).head
    assert revisions.read(scene, head).triangles == imported["stats"]["triangles"] == 69_451
    assert {number: level.triangles for number, level in lod.results(scene, head).items()} == pytest.approx(
        {1: 34_725, 2: 17_363, 3: 6_945, 4: 2_084, 5: 695}, rel=0.1
    )
    assert built["levels"]["3"]["bytes"] < revisions.read(scene, head).bytes / 5
    assert (tmp_path / "bunny.glb").stat().st_size == exported["bytes"]


async def test_hostile_files_fail_with_a_code_and_the_next_job_works(server, tmp_path):
    files = sorted(asset("hostile").iterdir())
    (tmp_path / "empty.glb").write_bytes(b"")
    (tmp_path / "cut.glb").write_bytes(asset("Duck.glb").read_bytes()[:5000])
    async with project(server.url) as scene:
        with peer(server):
            for path in [*files, tmp_path / "empty.glb", tmp_path / "cut.glb"]:
                await refused_or_repaired(scene, path)
            result = await scene.import_file(asset("Duck.glb"))
    assert result["stats"]["triangles"] == 4212


async def refused_or_repaired(scene, path) -> None:
    """A failed job with a code of its own and a sentence, or an import that says in its report what it changed."""
    blob = await scene.upload(path.read_bytes())
    jobs = f"/api/v1/projects/{scene.project}/jobs"
    asked = {"op": "import", "target": {}, "params": {"files": [{"name": path.name, "blob": blob}]}}
    job = (await scene.api.post(jobs, json=asked)).json()["job"]
    found = (await scene.api.get(f"{jobs}/{job}", params={"wait": 30})).json()
    if found["state"] == "succeeded":
        assert found["result"]["report"], path.name
    else:
        assert found["error"]["code"] not in ("internal_error", "worker_crashed", "time_limit"), found
        assert len(found["error"]["message"]) > 10


async def test_a_server_that_restarts_is_found_again(server):
    with peer(server) as process:
        async with project(server.url) as scene:
            mesh = await add_mesh(scene, smooth(*sphere()))
            await scene.run_job("lod.chain", {"mesh": mesh})
            server.kill()
            server.restart()
            await scene.run_job("simplify", {"mesh": mesh}, {"ratio": 0.5})
        assert process.poll() is None


async def test_a_stopped_peer_ends_at_once_and_cleanly(server):
    with peer(server) as process:
        async with project(server.url) as scene:
            mesh = await add_mesh(scene, smooth(*sphere()))
            await scene.run_job("lod.chain", {"mesh": mesh})
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.slow
async def test_kill_9_between_applying_and_completing(tmp_path):
    """Peers die with the result prepared, or right after it was handed in, two at a time: one effect a job."""
    environment = {"MAQUETTE_JOB_ATTEMPTS": "100", "MAQUETTE_LEASE_SECONDS": "1"}
    with running_server(tmp_path / "data", environment=environment) as server:
        async with project(server.url) as scene:
            mesh = await add_mesh(scene, smooth(*sphere()))
            # Each kill after handing in ends one job: two more than those leave work for every peer that is to die.
            jobs = [await ask_to_simplify(scene, mesh) for _ in range(KILLS // 2 + 2)]
            await asyncio.gather(*(die_at(server, point, KILLS // 2) for point in ("before_result", "after_result")))
            with peer(server):
                ended = [await end_of(job, scene) for job in jobs]
            await scene.saved()
            assert {job["state"] for job in ended} == {"succeeded"}
            assert sum(job["attempts"] for job in ended) >= len(jobs) + KILLS // 2
            made = [one for one in scene.ids("revisions") if revisions.read(scene, one).op == "simplify"]
            assert sorted(made) == sorted(job["result"]["revision"] for job in ended)
            assert len(set(made)) == len(jobs)


async def ask_to_simplify(scene, mesh: str) -> str:
    """Ask for a new revision; where the job is told."""
    jobs = f"/api/v1/projects/{scene.project}/jobs"
    body = {"op": "simplify", "target": {"mesh": mesh}, "params": {"ratio": 0.9}}
    return f"{jobs}/{(await scene.api.post(jobs, json=body)).json()['job']}"


async def die_at(server: ServerProcess, failpoint: str, times: int) -> None:
    """One peer after the other, each until it was killed at the failpoint."""
    for _ in range(times):
        with peer(server, failpoint=failpoint) as process:
            assert await asyncio.to_thread(process.wait, 120) == -signal.SIGKILL


async def end_of(job: str, scene) -> dict:
    while (found := (await scene.api.get(job, params={"wait": 30})).json())["state"] in ("queued", "running"):
        continue
    return found
