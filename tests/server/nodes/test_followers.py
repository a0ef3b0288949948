"""Two nodes, one document: whoever is at which of them sees the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.nodes import add
from server.nodes.follower import Follower
from server.sync.room import Room
from tests.server.nodes.conftest import SCENE
from tests.support.cluster import Installation, installation
from tests.support.sync import FakeClient, person, state_of


@pytest.fixture
async def both(engine: AsyncEngine) -> AsyncIterator[Installation]:
    async with installation(engine) as opened:
        await opened.start()
        await opened.start()
        yield opened


async def rooms_of(both: Installation) -> tuple[Room, Follower]:
    owner, other = both.nodes
    room, follower = await owner.rooms.room(SCENE), await other.rooms.room(SCENE)
    assert isinstance(follower, Follower)
    assert not isinstance(room, Follower)
    return room, follower


async def settle(*clients: FakeClient) -> None:
    """Until nobody has anything to say and all are equal."""
    for _ in range(300):
        for client in clients:
            await client.send()
        await asyncio.sleep(0.003)
        heard = sum(client.receive() for client in clients)
        first, *others = [state_of(client.document) for client in clients]
        if not heard and not any(client.outgoing for client in clients) and all(state == first for state in others):
            return
    raise AssertionError("the clients do not agree")


async def test_clients_at_different_nodes_see_each_other(both: Installation) -> None:
    room, follower = await rooms_of(both)
    ada, bob = FakeClient(room, person("ada")), FakeClient(follower, person("bob"))
    await settle(ada, bob)
    chair = add(ada.document, name="Chair")
    await settle(ada, bob)
    bob.document.set("nodes", chair, "name", "Stool")
    await settle(ada, bob)
    assert ada.document.read("nodes", chair).name == "Stool"
    bob.document.unset("nodes", chair, "name")
    await settle(ada, bob)
    assert state_of(ada.document) == state_of(bob.document) == state_of(room.document) == state_of(follower.document)
    assert bob.saved.n == 3
    assert follower.seq == room.seq == bob.saved.seq
