"""Large updates are applied in parts, others have their turns between them, and are all or nothing all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from crdt.document import SceneDocument
from crdt.nodes import add
from crdt.update_split import split_update
from server.storage.base import Entry, LogConflict
from server.storage.memory import MemoryUpdateLog
from server.sync import replica as replicas
from server.sync.inbox import Incoming
from server.sync.reading import LARGE
from server.sync.replica import APPLIED_AT_ONCE, Replica
from server.sync.room import Room
from server.sync.rooms import Rooms
from server.telemetry import Telemetry
from tests.server.sync.conftest import SCENE
from tests.support.sync import FakeClient, person, processed, settle, state_of


def fill(document: SceneDocument, nodes: int = 1500) -> None:
    with document.transact():
        for number in range(nodes):
            add(document, name=f"{number:0200}")
    assert len(document.update()) > LARGE + APPLIED_AT_ONCE


async def test_others_have_their_turns_and_are_shown_the_whole(room: Room) -> None:
    ada, bob = FakeClient(room), FakeClient(room, person("bob"))
    await settle(room, ada, bob)
    fill(ada.document)
    await ada.send()
    seen = set()
    while room.seq == 0:
        seen.add(len(room.document.map("nodes")))
        assert bob.receive() == 0
        await asyncio.sleep(0)
    assert len(seen - {0, 1500}) >= 2, "turns between the parts"
    await settle(room, ada, bob)
    assert room.seq == 1
    assert state_of(room.document) == state_of(bob.document) == state_of(ada.document)
    assert not room.has_pending()


async def test_whoever_waits_until_it_is_settled_sees_no_part_of_it(room: Room) -> None:
    ada = FakeClient(room)
    await settle(room, ada)
    fill(ada.document)
    await ada.send()
    seen = []
    while room.seq == 0:
        await room.settled()
        seen.append(len(room.document.map("nodes")))
        await asyncio.sleep(0)
    assert set(seen) <= {0, 1500}
    await settle(room, ada)


async def test_small_changes_around_a_large_one_keep_their_order(room: Room, rooms: Rooms) -> None:
    ada, bob, eve = FakeClient(room), FakeClient(room, person("bob")), FakeClient(room, person("eve"))
    await settle(room, ada, bob, eve)
    before = add(ada.document, name="before")
    fill(ada.document)
    ada.document.set("nodes", before, "name", "after")
    add(bob.document, name="meanwhile")
    await ada.send()
    await bob.send()
    await settle(room, ada, bob, eve)
    assert eve.document.read("nodes", before).name == "after"
    assert state_of(eve.document) == state_of(room.document) == state_of(bob.document)
    await rooms.close()
    async with Rooms(rooms._log, Telemetry()) as again:
        assert state_of((await again.room(SCENE)).document) == state_of(eve.document)


async def test_a_refused_one_leaves_nothing(room: Room) -> None:
    ada = FakeClient(room)
    await settle(room, ada)
    fill(ada.document)
    ada.document.map("meta")["schema"] = 7
    ada.outgoing.clear()
    await room.put(await _incoming(room, ada, ada.document.update()))
    await processed(room)
    assert ada.member.refusal is not None
    assert ada.member.refusal.code == "schema_reserved"
    assert (room.seq, room.document.content()) == (0, {})


class ConflictingLog(MemoryUpdateLog):
    async def append(self, branch: str, entries: Sequence[Entry], *_: object) -> None:
        raise LogConflict(branch, entries[0].seq)


async def test_what_cannot_be_committed_is_not_there_after_the_room_has_ended() -> None:
    async with Rooms(ConflictingLog(), Telemetry()) as rooms:
        room = await rooms.room(SCENE)
        ada = FakeClient(room)
        await ada.send()
        fill(ada.document)
        await ada.send()
        while not room.is_closed:
            await asyncio.sleep(0.01)
        assert (await rooms.room(SCENE)).document.content() == {}


async def test_after_a_part_that_the_library_refuses_nothing_more_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    source, told = SceneDocument(), SceneDocument()
    fill(source)
    first, *others = split_update(source.update(), APPLIED_AT_ONCE)
    monkeypatch.setattr(replicas, "split_update", lambda *_: [first, b"\x07", *others])
    replica = Replica(SceneDocument())
    changed, error = await replica.apply_in_turns(source.update())
    assert error is not None
    assert changed is not None
    told.apply(changed)
    assert state_of(told) == state_of(replica.document)
    assert 0 < len(told.map("nodes")) < 1500


async def test_the_same_again_changes_nothing() -> None:
    source = SceneDocument()
    fill(source)
    replica = Replica(SceneDocument())
    assert await replica.apply_in_turns(source.update()) == (source.update(), None)
    assert await replica.apply_in_turns(source.update()) == (None, None)


async def _incoming(room: Room, client: FakeClient, update: bytes):

    return Incoming(client.member, update, await room.read(update), False)
