"""First joins by the thousand, and rooms handed over from one user to the next while they are unloaded (issue 3, 6).

Nobody hangs and nothing that was called saved is missing. A soak (MAQUETTE_SOAK=1) is 10,000 joins and 1,000 handovers.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from crdt import nodes
from crdt.document import SceneDocument
from crdt.ids import new_id
from crdt.link import Link
from tests.benchmarks.sync.joining import Joiner
from tests.benchmarks.sync.servers.base import Door
from tests.benchmarks.sync.wire import sync_body
from tests.support.server import Served, serving

SOAK = os.environ.get("MAQUETTE_SOAK") == "1"
JOINS, AT_ONCE, JOINED_ROOMS = (10_000, 1_000, 200) if SOAK else (500, 250, 50)
HANDOVERS, HANDED_ROOMS = (1_000, 50) if SOAK else (50, 10)
SECONDS = 60
"""After which somebody who waits is said to hang."""
IDLE = 0.5
SHORT_IDLE = 0.02


def door(server: Served, room: str) -> Door:
    return Door(f"{server.sync_url}/{room}/scene?caps=saved,refusal,hello&user={new_id()}")


def link(server: Served, room: str, document: SceneDocument) -> Link:
    return Link(document, door(server, room).url)


async def make_rooms(server: Served, count: int) -> dict[str, set[str]]:
    """Projects with one node each: project → ids of nodes that must be there."""
    made = {}
    for number in range(count):
        project = (await server.services.projects.create(f"Room {number}")).id
        document = SceneDocument()
        async with link(server, project, document) as connection:
            made[project] = {nodes.add(document, name=f"Node {number}")}
            await connection.saved()
    return made


async def all_unloaded(server: Served) -> None:
    async with asyncio.timeout(SECONDS):
        while len(server.services.rooms):
            await asyncio.sleep(0.01)


def count_loads(server: Served) -> list[str]:
    """Grows by a branch each time its room is loaded."""
    loads: list[str] = []

    async def note(room: object) -> None:
        loads.append(str(room.branch))  # type: ignore[attr-defined]

    server.services.rooms.on_load(note)
    return loads


def node_ids(joiner: Joiner) -> set[str]:
    document = SceneDocument()
    for message in joiner.messages:
        found = sync_body(message, 0)
        assert found is not None
        document.apply(found[1])
    return set(document.ids("nodes"))


@pytest.mark.slow
async def test_nobody_who_joins_first_hangs(tmp_path: Path) -> None:
    async with serving(tmp_path, room_idle_seconds=IDLE) as server:
        rooms = await make_rooms(server, JOINED_ROOMS)
        names = list(rooms)
        loads = count_loads(server)
        for _ in range(JOINS // AT_ONCE):
            await all_unloaded(server)
            loads.clear()
            joiners = [Joiner(door(server, names[number % len(names)]), keeps_state=True) for number in range(AT_ONCE)]
            async with asyncio.timeout(SECONDS):
                await asyncio.gather(*(joiner.join() for joiner in joiners))
            assert set(loads) == {f"{name}/scene" for name in names}, "these were no first joins"
            for number, joiner in enumerate(joiners):
                assert node_ids(joiner) == rooms[names[number % len(names)]]
                joiner.close()


class Handing:
    """One room: users come one after the other, each as the one before has just left and the room is about to go."""

    def __init__(self, server: Served, room: str, present: set[str], seed: int) -> None:
        self.server = server
        self.room = room
        self.acknowledged = set(present)
        self.random = random.Random(seed)

    async def hand_over(self, times: int) -> None:
        for _ in range(times):
            async with asyncio.timeout(SECONDS):
                await self._visit()
            # Around the moment of unloading, a little before or after: that is what is tried here.
            await asyncio.sleep(SHORT_IDLE * self.random.uniform(0.5, 2.0))

    async def _visit(self) -> None:
        document = SceneDocument()
        async with link(self.server, self.room, document) as connection:
            await connection.synced(SECONDS)
            assert self.acknowledged <= set(document.ids("nodes")), "a saved edit is missing"
            made = [nodes.add(document, name=f"Node {number}") for number in range(self.random.randint(1, 5))]
            if self.random.random() < 0.7:
                await connection.saved()
                self.acknowledged.update(made)
            nodes.add(document, name="Sent as the user leaves, and never answered for")


@pytest.mark.slow
async def test_no_saved_edit_is_lost_when_rooms_are_unloaded_and_joined_again(tmp_path: Path) -> None:
    async with serving(tmp_path, room_idle_seconds=SHORT_IDLE) as server:
        rooms = await make_rooms(server, HANDED_ROOMS)
        loads = count_loads(server)
        handing = [Handing(server, room, present, seed) for seed, (room, present) in enumerate(rooms.items())]
        await asyncio.gather(*(one.hand_over(HANDOVERS // HANDED_ROOMS) for one in handing))
        assert len(loads) > HANDOVERS / 4, "rooms were hardly ever unloaded"
        await all_unloaded(server)
        for one in handing:
            last = await Joiner(door(server, one.room), keeps_state=True).join()
            assert one.acknowledged <= node_ids(last)
            last.close()
