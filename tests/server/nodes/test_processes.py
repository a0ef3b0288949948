"""Two real servers on one PostgreSQL and one Redis: people on both edit while nodes die, Redis and the database go and
come back. Nothing that was called saved is missing, and all replicas end equal.
"""

from __future__ import annotations

import asyncio
import functools
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

import crdt
from crdt import nodes
from crdt.client import LiveScene
from crdt.errors import ConnectionRefused
from tests.random.digest import Digest
from tests.support.peers import working_peer
from tests.support.postgres import Postgres, postgres
from tests.support.redis import RedisProcess, running_redis
from tests.support.server import ServerProcess
from tests.support.sync import state_of

PATIENCE = 40.0


@dataclass
class Pair:
    """a owns what is asked for at it first; b follows."""

    a: ServerProcess
    b: ServerProcess
    database: Postgres
    redis: RedisProcess

    def project(self) -> str:
        return str(httpx.post(f"{self.a.url}/api/v1/projects", json={"name": "Shared"}).raise_for_status().json()["id"])


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[Postgres, RedisProcess]]:
    with postgres() as database, running_redis() as redis:
        yield database, redis


@pytest.fixture
def pair(stores: tuple[Postgres, RedisProcess], tmp_path: Path) -> Iterator[Pair]:
    database, redis = stores
    shared = ["--database", database.url, "--redis", redis.url, "--blobs", (tmp_path / "blobs").as_uri(), "--no-peer"]
    servers = [ServerProcess(tmp_path / name, list(shared), {"MAQUETTE_NODE_LEASE_SECONDS": "2"}) for name in "ab"]
    for server in servers:
        server.data.mkdir()
        server.start()
    try:
        yield Pair(*servers, database, redis)
    finally:
        for server in servers:
            if server.process is not None:
                server.process.send_signal(signal.SIGCONT)
            server.terminate()


async def until(reached: Callable[[], bool], what: str) -> float:
    """Seconds until a state of several processes was reached."""
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < PATIENCE, f"not within {PATIENCE} s: {what}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@dataclass
class Editor:
    """Somebody who adds, renames and deletes all the time, and remembers what was saved."""

    scene: LiveScene
    server: ServerProcess
    saved: list[Digest] = field(default_factory=list)
    made: int = 0

    async def run(self) -> None:
        while True:
            await asyncio.gather(self._edit_and_wait(), asyncio.sleep(0.01))

    async def _edit_and_wait(self) -> None:
        self.made += 1
        added = nodes.add(self.scene, name=f"node {self.made}")
        self.scene.set("nodes", added, "name", f"again {self.made}")
        self.scene.unset("nodes", added, "name")
        here = Digest.of(self.scene)
        await self.scene.saved()
        self.saved.append(here)


@asynccontextmanager
async def editing(pair: Pair, project: str) -> AsyncIterator[list[Editor]]:
    """Two people at each server, all of them connected until the body ends."""
    async with AsyncExitStack() as stack:
        editors = []
        for server in (pair.a, pair.b, pair.a, pair.b):
            scene = await stack.enter_async_context(crdt.join(f"{server.url}/p/{project}", name=f"at {server.url}"))
            editors.append(Editor(scene, server))
        yield editors


@asynccontextmanager
async def busy(editors: list[Editor]) -> AsyncIterator[None]:
    """Everybody edits while the body runs."""
    tasks = [asyncio.create_task(editor.run()) for editor in editors]
    try:
        await until(lambda: all(len(editor.saved) > 3 for editor in editors), "everybody's first edits saved")
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def recovered(editors: list[Editor]) -> float:
    """Seconds until edits that these people make from now on are saved."""
    before = [len(editor.saved) for editor in editors]
    return await until(
        lambda: all(len(editor.saved) > count + 1 for editor, count in zip(editors, before, strict=True)),
        "everybody's edits saved again",
    )


async def agree(pair: Pair, project: str, editors: list[Editor]) -> None:
    """All replicas, and what each server gives to a newcomer, are equal and hold what was called saved."""
    async with asyncio.timeout(PATIENCE):
        for editor in editors:
            await editor.scene.saved()
    first, *others = [editor.scene for editor in editors]
    await until(lambda: all(state_of(scene) == state_of(first) for scene in others), "all replicas equal")
    for server in (pair.a, pair.b):
        async with crdt.join(f"{server.url}/p/{project}") as fresh:
            await until(functools.partial(same, fresh, first), "the newcomer's replica equal")
    final = Digest.of(first)
    assert all(final.covers(Digest.together(editor.saved)) for editor in editors)


def same(one: LiveScene, other: LiveScene) -> bool:
    return bool(state_of(one) == state_of(other))


Fault = Callable[[Pair], object]
NOTHING: Fault = lambda _: None  # noqa: E731


def restart_redis(pair: Pair) -> None:
    pair.redis.kill()
    pair.redis.start()


def restart_postgres(pair: Pair) -> None:
    pair.database.end(signal.SIGQUIT)
    pair.database.start()


def send(server: ServerProcess, number: signal.Signals) -> None:
    assert server.process is not None
    server.process.send_signal(number)


DRILLS: dict[str, tuple[Fault, str, Fault]] = {
    "the owner is killed": (lambda pair: pair.a.kill(), "b", lambda pair: pair.a.start()),
    "the owner is stopped in order": (lambda pair: pair.a.terminate(), "b", lambda pair: pair.a.start()),
    "a follower is killed": (lambda pair: pair.b.kill(), "a", lambda pair: pair.b.start()),
    "Redis is restarted": (restart_redis, "ab", NOTHING),
    "Redis hangs": (lambda pair: pair.redis.freeze(), "a", lambda pair: pair.redis.thaw()),
    "PostgreSQL is restarted": (restart_postgres, "ab", NOTHING),
    "the owner sleeps and wakes up deposed": (
        lambda pair: send(pair.a, signal.SIGSTOP), "b", lambda pair: send(pair.a, signal.SIGCONT),
    ),
}  # fmt: skip
"""A fault, at which servers people can go on meanwhile, and its end."""


@pytest.mark.slow
@pytest.mark.parametrize("drill", DRILLS)
async def test_a_fault_under_load(pair: Pair, drill: str) -> None:
    fault, unharmed, back = DRILLS[drill]
    project = pair.project()
    async with editing(pair, project) as editors:
        async with busy(editors):
            await asyncio.to_thread(fault, pair)
            spared = [editor for editor in editors if editor.server in [getattr(pair, name) for name in unharmed]]
            print(f"{drill}: those who were spared go on after {await recovered(spared):.2f} s")
            await asyncio.to_thread(back, pair)
            print(f"{drill}: all go on after {await recovered(editors):.2f} s more")
        await agree(pair, project, editors)


async def test_presence_reaches_the_other_node_and_goes_with_its_own(pair: Pair) -> None:
    project = pair.project()
    async with crdt.join(f"{pair.a.url}/p/{project}") as here, crdt.join(f"{pair.b.url}/p/{project}") as there:
        here.presence.set(selection=["mine"])
        there.presence.set(selection=["theirs"])
        await until(lambda: ["theirs"] in selections(here) and ["mine"] in selections(there), "both are seen")
        await asyncio.to_thread(pair.b.kill)
        await until(lambda: not here.presence.others, "who was at the dead node is seen no more")


def selections(scene: LiveScene) -> list[object]:
    return [state.get("selection") for state in scene.presence.others.values()]


async def test_edits_over_http_at_the_node_that_does_not_own_the_scene(pair: Pair) -> None:
    project = pair.project()
    async with crdt.join(f"{pair.a.url}/p/{project}") as scene:
        nodes.add(scene, name="Chair")
        await scene.saved()
        edits = {"edits": [{"edit": "node.add", "name": "Table"}]}
        async with httpx.AsyncClient(base_url=f"{pair.b.url}/api/v1/projects/{project}") as client:
            made = await client.patch("/scene", json=edits)
            assert made.status_code < 300, made.text
            read = (await client.get("/scene")).raise_for_status().json()
        assert read["seq"] >= made.json()["seq"], "who edits and then reads sees the edit"
        await until(lambda: len(scene.ids("nodes")) == 2, "the edit at the other node")


@pytest.mark.parametrize("asked", ["a", "b"])
async def test_a_scene_founded_anew_at_either_node_reaches_the_sockets_of_both(pair: Pair, asked: str) -> None:
    project = pair.project()
    pages = [f"{server.url}/p/{project}" for server in (pair.a, pair.b)]
    async with crdt.join(pages[0]) as here, crdt.join(pages[1]) as there:
        nodes.add(here, name="Chair")
        nodes.add(there, name="Table")
        await asyncio.gather(here.saved(), there.saved())
        async with httpx.AsyncClient(base_url=getattr(pair, asked).url, timeout=PATIENCE) as client:
            (await client.post(f"/api/v1/projects/{project}/refound")).raise_for_status()
        for scene in (here, there):
            nodes.add(scene, name="of another generation")
            with pytest.raises(ConnectionRefused) as refused:
                async with asyncio.timeout(PATIENCE):
                    await scene.saved()
            assert refused.value.code == "other_generation"
    async with crdt.join(pages[0]) as here, crdt.join(pages[1]) as there:
        assert here.hello is not None
        assert there.hello is not None
        assert here.hello.generation == there.hello.generation == 1
        assert state_of(here) == state_of(there)
        assert {here.read("nodes", id).name for id in here.ids("nodes")} == {"Chair", "Table"}
        nodes.add(there, name="Lamp")
        await there.saved()
        await until(lambda: len(here.ids("nodes")) == 3, "the edit of the new generation at the other node")


async def test_a_job_asked_at_one_node_is_done_by_a_peer_at_the_other(pair: Pair, tmp_path: Path) -> None:
    project = pair.project()
    (tmp_path / "box.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    async with crdt.join(f"{pair.a.url}/p/{project}") as scene:
        async with working_peer(pair.b.url, pair.b.peer_token):
            async with asyncio.timeout(PATIENCE):
                await scene.import_file(tmp_path / "box.obj")
        assert scene.ids("meshes")
        assert [scene.session.record("jobs", id).get("state") for id in scene.session.ids("jobs")] == ["succeeded"]
