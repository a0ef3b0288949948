"""Many replicas and one room: after everything was delivered, all are equal, and so is what is loaded from the log."""

import random

import pytest
from pycrdt import Map

from crdt.document import SceneDocument
from crdt.nodes import add
from server.storage.memory import MemoryUpdateLog
from server.sync.room import Room
from server.sync.rooms import Rooms
from server.telemetry import Telemetry
from tests.server.sync.conftest import SCENE
from tests.support.sync import FakeClient, person, processed, settle, state_of


async def reloaded(log: MemoryUpdateLog) -> SceneDocument:
    async with Rooms(log, Telemetry()) as others:
        room = await others.room(SCENE)
        copy = SceneDocument()
        copy.apply(room.document.update())
    return copy


async def test_two_clients_see_each_other(room: Room) -> None:
    ada, bob = FakeClient(room, person("ada")), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    chair = add(ada.document, name="Chair")
    await settle(room, ada, bob)
    bob.document.set("nodes", chair, "name", "Stool")
    await settle(room, ada, bob)
    assert ada.document.read("nodes", chair).name == "Stool"
    assert state_of(ada.document) == state_of(bob.document) == state_of(room.document)


async def test_a_late_comer_gets_everything(room: Room) -> None:
    ada = FakeClient(room)
    await settle(room, ada)
    for n in range(20):
        add(ada.document, name=f"node {n}")
    await settle(room, ada)
    bob = FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    assert state_of(bob.document) == state_of(ada.document)


async def test_nobody_is_sent_updates_before_its_own_state_is_known(room: Room) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada)
    add(ada.document)
    await ada.send()
    await processed(room)
    bob.receive()
    assert [type(message).__name__ for message in bob.received] == ["SyncStep1"], "an update here might not be closed"
    await settle(room, ada, bob)
    assert state_of(bob.document) == state_of(ada.document)


@pytest.mark.parametrize("seed", range(6))
async def test_random_edits_lost_connections_and_slow_receivers(room: Room, log: MemoryUpdateLog, seed: int) -> None:
    chance = random.Random(seed)
    clients = [FakeClient(room, person(f"user{n}"), outbox_limit=3000) for n in range(6)]
    await settle(room, *clients)
    for _ in range(300):
        client = chance.choice(clients)
        match chance.randrange(10):
            case 0 | 1:
                add(client.document, name=f"n{chance.random()}")
            case 2 | 3 if client.document.ids("nodes"):
                node = chance.choice(client.document.ids("nodes"))
                client.document.set("nodes", node, "name", f"m{chance.random()}")
            case 4 if client.document.ids("nodes"):
                client.document.unset("nodes", chance.choice(client.document.ids("nodes")), "name")
            case 5 | 6 if client.outgoing:
                await client.send(1)
            case 7:
                client.receive()
            case 8:
                await processed(room)
            case 9 if chance.random() < 0.2:
                client.disconnect()
                client.connect(room)
        assert not room.has_pending()
    await catch_up(room, clients)
    states = [state_of(client.document) for client in clients]
    assert all(state == states[0] for state in states)
    assert states[0] == state_of(room.document) == state_of(await reloaded(log))


async def catch_up(room: Room, clients: list[FakeClient]) -> None:
    """What sessions do for those who were too slow, then everything else."""
    await settle(room, *clients)
    for client in clients:
        await client.catch_up()
    await settle(room, *clients)


async def test_thousands_of_updates_at_once_are_few_rows(room: Room, log: MemoryUpdateLog) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    chair = add(ada.document)
    for n in range(2000):
        ada.document.set("nodes", chair, "translation", (float(n), 0.0, 0.0))
    await settle(room, ada, bob)
    assert bob.document.read("nodes", chair).translation == (1999.0, 0.0, 0.0)
    assert len(await log.read(SCENE)) == 1, "one author, one batch: one transaction and one row"
    assert ada.saved.n == 2002


async def test_rows_carry_their_authors(room: Room, log: MemoryUpdateLog) -> None:
    ada, bob = FakeClient(room, person("ada")), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    for client in (ada, bob, ada):
        add(client.document)
        await client.send()
    await processed(room)
    rows = await log.read(SCENE)
    assert [row.author.rstrip("_") for row in rows] == ["ada", "bob", "ada"], "one batch of two authors"
    assert [row.seq for row in rows] == [1, 2, 3]
    await settle(room, ada, bob)
    assert state_of(ada.document) == state_of(bob.document) == state_of(await reloaded(log))


async def test_every_prefix_of_the_log_is_a_closed_document(room: Room, log: MemoryUpdateLog) -> None:
    clients = [FakeClient(room, person(f"user{n}")) for n in range(3)]
    await settle(room, *clients)
    chance = random.Random(7)
    for _ in range(60):
        client = chance.choice(clients)
        nodes = client.document.ids("nodes")
        if nodes and chance.random() < 0.7:
            client.document.set("nodes", chance.choice(nodes), "name", str(chance.random()))
        else:
            add(client.document)
        await settle(room, *chance.sample(clients, 2))
    await settle(room, *clients)
    replay = SceneDocument()
    for row in await log.read(SCENE):
        before = replay.update()
        replay.apply(row.payload)
        assert replay.update() != before, "every row changes something"
    assert state_of(replay) == state_of(room.document)


async def test_deletes_reach_everybody(room: Room, log: MemoryUpdateLog) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    chair = add(ada.document, name="Chair")
    await settle(room, ada, bob)
    bob.document.unset("nodes", chair, "name")
    await settle(room, ada, bob)
    assert "name" not in ada.document.record("nodes", chair)
    assert state_of(ada.document) == state_of(bob.document) == state_of(await reloaded(log))


async def test_a_client_comes_back_with_offline_edits(room: Room) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    ada.disconnect()
    chair = add(ada.document, name="offline")
    add(bob.document, name="meanwhile")
    await settle(room, bob)
    ada.connect(room)
    await settle(room, ada, bob)
    assert bob.document.read("nodes", chair).name == "offline"
    assert state_of(ada.document) == state_of(bob.document)


async def test_a_step_two_with_nothing_new_makes_no_row(room: Room) -> None:
    ada = FakeClient(room)
    await settle(room, ada)
    add(ada.document)
    await settle(room, ada)
    before = room.seq
    ada.disconnect()
    ada.connect(room)
    await settle(room, ada)
    assert (room.seq, ada.saved.n) == (before, 1), "it counts as saved all the same"


async def test_unknown_keys_and_plain_containers_survive(room: Room) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    with ada.document.doc.transaction():
        ada.document.map("nodes")["x" * 16] = Map({"future": [1, {"a": b"\x01"}], "parents": Map({})})
    await settle(room, ada, bob)
    assert state_of(ada.document) == state_of(bob.document)
