"""A peer against a real server: results land once, others' edits survive, cancelled and crashed jobs end as such."""

from __future__ import annotations

import asyncio

import pytest

from compute.engine.base import Engine, Progress, Task, never_less
from compute.errors import OperationError
from compute.mesh import JsonObject
from crdt import lod, nodes, revisions
from crdt.client import JobFailed, LiveScene
from tests.compute.engine.in_process import InProcessEngine
from tests.support.peers import add_mesh, until, working_peer
from tests.support.server import Served
from tests.support.shapes import smooth, sphere


class Stage(Engine):
    """An engine whose task waits until the test says go on: what happens between lease and result is the test's."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()
        self.stopped = asyncio.Event()
        self._inner = InProcessEngine()
        self.say: Progress

    async def run(self, task: Task, progress: Progress) -> JsonObject:
        self.say = never_less(progress)
        self.started.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        return await self._inner.run(task, progress)

    async def close(self) -> None:
        self.go_on.set()


class Broken(InProcessEngine):
    """Its first task ends as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error

    async def run(self, task: Task, progress: Progress) -> JsonObject:
        error, self.error = self.error, None
        if error is not None:
            raise error
        return await super().run(task, progress)


async def test_levels_land_for_everybody(server, scene):
    mesh = await add_mesh(scene, smooth(*sphere()))
    async with working_peer(server.url, server.peer_token):
        result = await scene.run_job("lod.chain", {"mesh": mesh})
    built = lod.results(scene, scene.read("meshes", mesh).head)
    assert {str(number) for number in built} == set(result["levels"])
    assert result["step"] == []
    for level in built.values():
        answer = await scene.api.get(f"/api/v1/projects/{scene.project}/blobs/{level.geometry}")
        assert len(answer.content) == level.bytes


async def test_an_edit_made_while_the_job_ran_survives(server, scene):
    mesh = await add_mesh(scene, smooth(*sphere()))
    node = scene.tree().children["root"][0]
    stage = Stage()
    async with working_peer(server.url, server.peer_token, engine=stage):
        asked = asyncio.create_task(scene.run_job("simplify", {"mesh": mesh}, {"ratio": 0.5}))
        await stage.started.wait()
        scene.set("nodes", node, "translation", (1.0, 2.0, 3.0))
        await scene.saved()
        stage.go_on.set()
        result = await asked
    assert scene.read("nodes", node).translation == (1.0, 2.0, 3.0)
    assert scene.read("meshes", mesh).head == result["revision"]
    assert revisions.head(scene, mesh).triangles == result["triangles"]


async def test_a_peer_is_seen_with_its_progress_while_it_works(server, scene):
    mesh = await add_mesh(scene, smooth(*sphere()))
    stage = Stage()
    async with working_peer(server.url, server.peer_token, engine=stage, name="Bench 3"):
        asked = asyncio.create_task(scene.run_job("lod.chain", {"mesh": mesh}))
        await stage.started.wait()
        seen: list[float] = []
        for fraction in (0.1, 0.3, 0.2, 0.6, 0.9):
            stage.say(fraction, f"at {fraction}")
            peer = await peer_saying(scene, f"at {fraction}")
            seen += [job["progress"] for job in peer["jobs"].values()]
        assert peer["user"]["kind"] == "peer"
        assert peer["user"]["name"] == "Bench 3"
        assert seen == sorted(seen)
        assert len(set(seen)) >= 4
        stage.go_on.set()
        await asked
        await until(lambda: not scene.presence.others)


async def peer_saying(scene: LiveScene, message: str) -> JsonObject:
    """The peer's presence, as soon as one of its jobs says so."""

    def saying() -> list[JsonObject]:
        states = scene.presence.others.values()
        return [s for s in states if any(job["message"] == message for job in s.get("jobs", {}).values())]

    await until(saying)
    return saying()[0]


async def test_cancelling_stops_the_work(server, scene):
    mesh = await add_mesh(scene, smooth(*sphere()))
    stage = Stage()
    async with working_peer(server.url, server.peer_token, engine=stage):
        asked = asyncio.create_task(scene.run_job("lod.chain", {"mesh": mesh}))
        await stage.started.wait()
        [job] = scene.session.ids("jobs")
        await scene.api.delete(f"/api/v1/projects/{scene.project}/jobs/{job}")
        await stage.stopped.wait()
        with pytest.raises(JobFailed) as cancelled:
            await asked
        assert cancelled.value.code == "cancelled"
        assert lod.results(scene, scene.read("meshes", mesh).head) == {}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationError("worker_crashed", "the worker process was ended by SIGSEGV"), "worker_crashed"),
        (KeyError("a fault of ours"), "internal_error"),
    ],
)
async def test_what_breaks_a_job_leaves_the_peer_at_work(server, scene, error, code):
    mesh = await add_mesh(scene, smooth(*sphere()))
    async with working_peer(server.url, server.peer_token, engine=Broken(error)):
        with pytest.raises(JobFailed) as failed:
            await scene.run_job("lod.chain", {"mesh": mesh})
        assert failed.value.code == code
        assert (await scene.run_job("lod.chain", {"mesh": mesh}))["mesh"] == mesh


async def test_what_an_operation_refuses_is_the_jobs_error(server, scene):
    node = nodes.add(scene, name="Empty")
    await scene.saved()
    async with working_peer(server.url, server.peer_token):
        with pytest.raises(JobFailed) as failed:
            await scene.run_job("lod.chain", {"mesh": node})
        assert failed.value.code == "unknown_mesh"


async def test_a_stopping_peer_gives_its_job_to_another(server, scene):
    mesh = await add_mesh(scene, smooth(*sphere()))
    stage = Stage()
    async with working_peer(server.url, server.peer_token, engine=stage, name="first"):
        asked = asyncio.create_task(scene.run_job("lod.chain", {"mesh": mesh}))
        await stage.started.wait()
    async with working_peer(server.url, server.peer_token, name="second"):
        await asked
    [job] = (await scene.api.get(f"/api/v1/projects/{scene.project}/jobs")).json()["items"]
    assert (job["attempts"], job["worker"]) == (2, "second")
    assert job["causes"][0]["code"] == "peer_stopped"


async def test_a_zombie_and_its_successor_have_one_effect(server, scene):
    """The first peer's lease is gone when it hands in; its result is dropped, the second one's counts."""
    mesh = await add_mesh(scene, smooth(*sphere()))
    stage = Stage()
    async with working_peer(server.url, server.peer_token, engine=stage, name="zombie"):
        asked = asyncio.create_task(scene.run_job("simplify", {"mesh": mesh}, {"ratio": 0.5}))
        await stage.started.wait()
        [job] = scene.session.ids("jobs")
        await expire_leases(server)
        async with working_peer(server.url, server.peer_token, name="successor"):
            result = await asked
        stage.go_on.set()
    assert [id for id in scene.ids("revisions") if revisions.read(scene, id).op == "simplify"] == [result["revision"]]
    assert (await scene.api.get(f"/api/v1/projects/{scene.project}/jobs/{job}")).json()["worker"] == "successor"


async def expire_leases(server: Served) -> None:
    """As if the peer had been silent for too long."""
    leases = server.services.dispatcher._leases
    clock, leases._clock = leases._clock, lambda: clock() + 3600
    changed = await leases.expire()
    leases._clock = clock
    for job in changed:
        await server.services.dispatcher._changed(job)
