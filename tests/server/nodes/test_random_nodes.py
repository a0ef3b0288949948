"""Clients at two nodes, over a bus that loses, repeats and reorders, with nodes that die: in the end all are equal, and
nothing that was called saved is missing.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.errors import MaquetteError
from crdt.messages import SyncStep2, Update, decode
from crdt.nodes import add
from server.errors import Unavailable
from server.sync.room import Room
from tests.random.digest import Digest
from tests.server.nodes.conftest import SCENE
from tests.support.cluster import Installation, Node, UnreliableHub, installation, until
from tests.support.sync import FakeClient, person, state_of

SEEDS = range(40 if os.environ.get("MAQUETTE_SOAK") else 6)
STEPS = 250


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.nodes.follower.ATTACH_SECONDS", 0.05)
    monkeypatch.setattr("server.nodes.follower.PAUSE", 0.005)


class Person:
    """A client that comes back where its connection ended, at any node that lives."""

    def __init__(self, name: str, node: Node, room: Room) -> None:
        self.node = node
        self.client = FakeClient(room, person(name))
        self.acknowledged: list[Digest] = []
        self._sent = 0

    @property
    def is_connected(self) -> bool:
        return self.node.is_alive and self.client.member.outbox.closing is None

    async def send(self, count: int | None = None) -> None:
        outgoing = list(self.client.outgoing)[:count]
        try:
            await self.client.send(len(outgoing))
        except Unavailable:
            return
        self._sent += sum(isinstance(decode(message), Update | SyncStep2) for message in outgoing)

    def receive(self) -> int:
        before = self.client.saved
        count = self.client.receive()
        if self.client.saved != before and self.client.saved.n == self._sent and not self.client.outgoing:
            self.acknowledged.append(Digest.of(self.client.document))
        return count

    async def come_back(self, nodes: list[Node], chance: random.Random) -> None:
        """Wherever a room is to be had; what was on the way is lost."""
        self.node = chance.choice(nodes)
        async with asyncio.timeout(30):
            room = await self.node.rooms.room(SCENE)
        self._sent = 0
        try:
            self.client.connect(room)
        except Unavailable:
            self.client.outgoing.clear()


class Crowd:
    def __init__(self, cluster: Installation, hub: UnreliableHub, chance: random.Random) -> None:
        self.cluster = cluster
        self.hub = hub
        self.chance = chance
        self.people: list[Person] = []

    async def arrive(self, count: int) -> None:
        for number in range(count):
            node = self.cluster.nodes[number % len(self.cluster.nodes)]
            self.people.append(Person(f"user{number}", node, await self.room_at(node)))

    async def room_at(self, node: Node) -> Room:
        asked = asyncio.ensure_future(node.rooms.room(SCENE))
        await until(asked.done, self.cluster)
        return await asked

    async def step(self) -> None:
        one = self.chance.choice(self.people)
        if not one.is_connected:
            await self.come_back(one)
            return
        match self.chance.randrange(12):
            case 0 | 1 | 2:
                add(one.client.document, name=f"n{self.chance.random()}")
            case 3 | 4:
                self.with_node(one, lambda id: one.client.document.set("nodes", id, "name", f"m{self.chance.random()}"))
            case 5:
                self.with_node(one, lambda id: one.client.document.unset("nodes", id, "name"))
            case 6 | 7:
                await one.send(1)
            case 8 | 9:
                one.receive()
            case 10:
                await asyncio.sleep(0.001)
            case 11:
                await self.cluster.beat()

    def with_node(self, one: Person, edit: Callable[[str], object]) -> None:
        ids = one.client.document.ids("nodes")
        if ids:
            edit(self.chance.choice(ids))

    async def come_back(self, one: Person) -> None:
        coming = asyncio.ensure_future(one.come_back(self.cluster.living, self.chance))
        await until(coming.done, self.cluster)
        try:
            await coming
        except (MaquetteError, TimeoutError):
            return

    async def settle(self) -> None:
        """The bus behaves from now on, everybody is connected, all is delivered."""
        self.hub.calm()
        for _ in range(400):
            for one in self.people:
                if not one.is_connected:
                    await self.come_back(one)
                await one.send()
                one.receive()
            await self.cluster.beat()
            await asyncio.sleep(0.002)
            if self.are_equal():
                return
        raise AssertionError(f"not equal: {[repr(state_of(one.client.document))[:300] for one in self.people]}")

    def are_equal(self) -> bool:
        if any(one.client.outgoing or not one.is_connected for one in self.people):
            return False
        first, *others = [state_of(one.client.document) for one in self.people]
        return all(state == first for state in others)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_bus_that_loses_repeats_and_reorders(engine: AsyncEngine, seed: int) -> None:
    chance = random.Random(seed)
    hub = UnreliableHub(chance, losing=0.05, repeating=0.05, delaying=0.05)
    async with installation(engine, hub) as cluster:
        await cluster.start()
        await cluster.start()
        crowd = Crowd(cluster, hub, chance)
        await crowd.arrive(5)
        for _ in range(STEPS):
            await crowd.step()
        await crowd.settle()
        await check(crowd)


@pytest.mark.parametrize("seed", SEEDS)
async def test_nodes_that_die_and_others_that_come(engine: AsyncEngine, seed: int) -> None:
    chance = random.Random(1000 + seed)
    hub = UnreliableHub(chance, losing=0.02, repeating=0.02, delaying=0.02)
    async with installation(engine, hub) as cluster:
        await cluster.start()
        await cluster.start()
        crowd = Crowd(cluster, hub, chance)
        await crowd.arrive(5)
        for _ in range(3):
            for _ in range(STEPS // 3):
                await crowd.step()
            cluster.cut_off(chance.choice(cluster.living))
            await cluster.start()
        await crowd.settle()
        await check(crowd)


async def check(crowd: Crowd) -> None:
    """What the log holds is what everybody sees, and has all that anybody was told is saved."""
    room = await crowd.room_at(crowd.cluster.living[0])
    first = crowd.people[0].client.document
    assert state_of(room.document) == state_of(first)
    final = Digest.of(first)
    told = [digest for one in crowd.people for digest in one.acknowledged]
    assert told, "the run acknowledged nothing"
    assert all(final.covers(digest) for digest in told)
