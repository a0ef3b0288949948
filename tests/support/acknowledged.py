"""Clients that edit at random and remember what they were told is saved, and what a disk must then hold."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from crdt import moves, nodes
from crdt.document import SceneDocument
from crdt.undo import UndoStack
from crdt.update_reader import read_state_vector
from server.storage.sql import SqlUpdateLog, open_engine
from server.sync.branch import Branch
from server.sync.replica import Replica

Ranges = dict[int, list[tuple[int, int]]]


@dataclass
class Acknowledged:
    """What one client was told is saved: clocks and deletes."""

    clocks: dict[int, int] = field(default_factory=dict)
    deletes: Ranges = field(default_factory=dict)


def covers(ranges: Ranges, wanted: Ranges) -> bool:
    """Whether every deleted (client, clock) of `wanted` is in `ranges`."""
    return all(_holds(sorted(ranges.get(client, [])), pieces) for client, pieces in wanted.items())


def _holds(ranges: list[tuple[int, int]], pieces: list[tuple[int, int]]) -> bool:
    """ranges: ascending (clock, length), none in another."""
    for clock, length in pieces:
        at = bisect_right(ranges, clock, key=lambda one: one[0]) - 1
        if at < 0 or clock + length > sum(ranges[at]):
            return False
    return True


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


async def state_in(database: str, project: str) -> SceneDocument:
    """What the log in a database (as SQLAlchemy names it) holds, read as the server reads it when it starts."""
    engine = open_engine(database)
    log = SqlUpdateLog(engine)
    try:
        branch = Branch(project, "scene")
        replica = Replica(branch.document())
        await replica.restore(await log.load(str(branch)))
        document = replica.document
        assert isinstance(document, SceneDocument)
        return document
    finally:
        await log.close()
        await engine.dispose()


def assert_kept(disk: SceneDocument, told: Sequence[Acknowledged], when: str) -> None:
    """told: what each client knew to be saved before the disk was read."""
    clocks, deletes = read_state_vector(disk.state_vector()), disk.delete_set()
    for number, acknowledged in enumerate(told):
        lost = {c: n for c, n in acknowledged.clocks.items() if clocks.get(c, 0) < n}
        assert not lost, f"{when}: client {number} was told that {lost} is saved, the disk has {clocks}"
        assert covers(deletes, acknowledged.deletes), f"{when}: client {number} lost saved deletes"


async def converge(scenes: Sequence[SceneDocument]) -> None:
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
