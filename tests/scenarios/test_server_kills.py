"""The server dies again and again while three clients edit, delete and undo: what was reported *saved* is there.

Every other round it dies by a failpoint between the rows and the COMMIT, or right after it; the others at a random
moment. After each death the log is read from the disk, before any client could send anything again.
"""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import crdt
from crdt import moves, nodes
from crdt.document import SceneDocument
from crdt.undo import UndoStack
from crdt.update_reader import read_state_vector
from server.storage.sql import SqlUpdateLog, open_engine
from server.sync.branch import Branch
from server.sync.replica import Replica
from tests.support.studio import Studio, studio

KILLS = 500 if os.environ.get("MAQUETTE_SOAK") else 50

Ranges = dict[int, list[tuple[int, int]]]


@dataclass
class Acknowledged:
    """What one client was told is saved: clocks and deletes."""

    clocks: dict[int, int] = field(default_factory=dict)
    deletes: Ranges = field(default_factory=dict)


def covers(ranges: Ranges, wanted: Ranges) -> bool:
    """Whether every deleted (client, clock) of `wanted` is in `ranges`."""
    return all(
        any(start <= clock and clock + length <= start + size for start, size in ranges.get(client, []))
        for client, pieces in wanted.items()
        for clock, length in pieces
    )


class Editor:
    """A client that edits at random, and remembers what it was told is saved."""

    def __init__(self, scene: SceneDocument, seed: int) -> None:
        self.scene, self.undo, self.random = scene, UndoStack(scene), random.Random(seed)
        self.acknowledged = Acknowledged()
        self.counts = {"add": 0, "rename": 0, "trash": 0, "restore": 0, "move": 0, "undo": 0, "saved": 0}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for _ in range(self.random.randint(1, 4)):
                self.edit()
            clocks = read_state_vector(self.scene.state_vector())
            told = Acknowledged(clocks, self.scene.delete_set())
            await self.scene.saved()
            self.acknowledged = told
            self.counts["saved"] += 1

    def edit(self) -> None:
        every = self.scene.ids("nodes")
        kind = self.random.choice(["add", "rename", "trash", "restore", "move", "undo"]) if every else "add"
        self.counts[kind] += 1
        if kind == "undo":
            self.undo.undo()
            return
        with self.scene.transact() as step:
            self.apply(kind, self.random.choice(every) if every else "")
        self.undo.push(step)

    def apply(self, kind: str, node: str) -> None:
        if kind == "add":
            nodes.add(self.scene, name=f"node {self.random.random()}")
        elif kind == "rename":
            self.scene.set("nodes", node, "name", f"name {self.random.random()}")
        elif kind == "trash":
            nodes.trash(self.scene, [node], by="kills")
        elif kind == "restore":
            nodes.restore(self.scene, [node])  # removes a key: an update of deletes alone
        else:
            self.move(node)

    def move(self, node: str) -> None:
        parent = self.random.choice([*self.scene.ids("nodes"), "root"])
        if parent == "root" or not moves.is_within(self.scene, parent, node):
            nodes.move(self.scene, node, parent)


async def state_on_disk(data: Path, project: str) -> SceneDocument:
    """What the log holds, read as the server reads it when it starts."""
    engine = open_engine(f"sqlite+aiosqlite:///{data / 'maquette.db'}")
    try:
        branch = Branch(project, "scene")
        replica = Replica(branch.document())
        await replica.restore(await SqlUpdateLog(engine).load(str(branch)))
        document = replica.document
        assert isinstance(document, SceneDocument)
        return document
    finally:
        await engine.dispose()


def assert_kept(disk: SceneDocument, editors: list[Editor], when: str) -> None:
    clocks, deletes = read_state_vector(disk.state_vector()), disk.delete_set()
    for number, editor in enumerate(editors):
        lost = {c: n for c, n in editor.acknowledged.clocks.items() if clocks.get(c, 0) < n}
        assert not lost, f"{when}: client {number} was told that {lost} is saved, the disk has {clocks}"
        assert covers(deletes, editor.acknowledged.deletes), f"{when}: client {number} lost saved deletes"


def failpoint_of(round_number: int, chance: random.Random) -> dict[str, str]:
    if round_number % 2 == 0:
        return {}
    return {"MAQUETTE_FAILPOINT": f"{chance.choice(['log.commit', 'log.committed'])}:{chance.randint(2, 12)}"}


async def die(server: Studio, armed: bool, chance: random.Random) -> str:
    """Lets the server die by its failpoint, or kills it after a random while; says how."""
    began = asyncio.get_running_loop().time()
    if armed:
        await asyncio.wait_for(server.wait_dead(), 30)
        how = "inside a commit"
    else:
        await asyncio.sleep(chance.uniform(0.02, 0.4))
        await server.kill()
        how = "at random"
    return f"{how}, {1000 * (asyncio.get_running_loop().time() - began):.1f} ms after the start"


async def test_everything_reported_saved_survives_kill_9(tmp_path: Path) -> None:
    chance = random.Random(20)
    offsets: list[str] = []
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(studio(tmp_path, peer=False))
        project = await server.create_project("Kills")
        url = f"{server.url}/p/{project}"
        scenes = [await stack.enter_async_context(crdt.join(url, name=f"client {n}")) for n in range(3)]
        editors = [Editor(scene, seed) for seed, scene in enumerate(scenes)]
        running = [asyncio.create_task(editor.run(stop)) for editor in editors]
        for number in range(KILLS):
            environment = failpoint_of(number, chance)
            if environment:
                await server.kill()
                await server.start(environment)
            how = await die(server, bool(environment), chance)
            offsets.append(how)
            assert_kept(await state_on_disk(tmp_path, project), editors, f"kill {number} ({how})")
            assert not any(task.done() for task in running), [task for task in running if task.done()]
            await server.start()
        stop.set()
        await asyncio.gather(*running)
        await converge(scenes)
        disk = await state_on_disk(tmp_path, project)
        assert disk.canonical() == scenes[0].canonical()
        assert disk.delete_set() == scenes[0].delete_set()
    print("\n".join(offsets))
    totals = {kind: sum(editor.counts[kind] for editor in editors) for kind in editors[0].counts}
    print("edits:", totals)
    assert totals["saved"] > KILLS
    assert all(totals.values()), totals


async def converge(scenes: list[SceneDocument]) -> None:
    """Waits until all replicas are equal in state and delete set."""
    deadline = asyncio.get_running_loop().time() + 30
    while not all(equal(scenes[0], other) for other in scenes[1:]):
        assert asyncio.get_running_loop().time() < deadline, "the replicas did not converge"
        await asyncio.sleep(0.02)


def equal(a: SceneDocument, b: SceneDocument) -> bool:
    return (
        read_state_vector(a.state_vector()) == read_state_vector(b.state_vector())
        and a.delete_set() == b.delete_set()
        and a.canonical() == b.canonical()
    )
