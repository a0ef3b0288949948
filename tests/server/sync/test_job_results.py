"""A job's update: committed with the job's state in one transaction, once, then shown."""

import asyncio

import pytest
from pycrdt import Doc, Map

from crdt.document import SceneDocument
from crdt.errors import UpdateRefused
from crdt.nodes import add
from server.storage.memory import MemoryUpdateLog
from server.sync.room import Room
from server.sync.rooms import Rooms
from server.telemetry import Telemetry
from tests.server.sync.conftest import SCENE
from tests.support.sync import FakeClient, settle, state_of

JOB = "jobjobjobjobjob0"


async def nothing(_: object) -> None:
    pass


def made_by_a_peer(room: Room, name: str = "made") -> bytes:
    peer = room.document.fork()
    before = peer.state_vector()
    add(peer, name=name)
    return peer.update(before)


async def test_it_is_logged_applied_and_shown(room: Room, log: MemoryUpdateLog) -> None:
    ada = FakeClient(room)
    await settle(room, ada)
    outcome = await room.commit_job(JOB, "peer", made_by_a_peer(room), nothing)
    assert (outcome.seq, outcome.repeated) == (1, False)
    await settle(room, ada)
    assert len(ada.document.ids("nodes")) == 1
    assert state_of(ada.document) == state_of(room.document)
    row = (await log.read(SCENE))[0]
    assert (row.job, row.author, row.via) == (JOB, "peer", "job")


async def test_a_zombie_and_its_successor_have_one_effect(room: Room) -> None:
    calls = []

    async def finish(_: object) -> None:
        calls.append(1)

    first, second = made_by_a_peer(room, "one"), made_by_a_peer(room, "two")
    outcomes = await asyncio.gather(
        room.commit_job(JOB, "peer", first, finish), room.commit_job(JOB, "peer", second, finish)
    )
    assert [outcome.repeated for outcome in outcomes] == [False, True]
    assert {outcome.seq for outcome in outcomes} == {1}
    assert (len(calls), len(room.document.ids("nodes"))) == (1, 1)


async def test_what_the_extra_refuses_is_not_applied(room: Room) -> None:
    async def lease_lost(_: object) -> None:
        raise PermissionError("lease lost")

    with pytest.raises(PermissionError):
        await room.commit_job(JOB, "peer", made_by_a_peer(room), lease_lost)
    assert (room.seq, room.document.ids("nodes")) == (0, [])
    assert (await room.commit_job(JOB, "peer", made_by_a_peer(room), nothing)).seq == 1


async def test_a_result_that_does_not_fit_is_refused(room: Room) -> None:
    stranger = SceneDocument()
    chair = add(stranger)
    before = stranger.state_vector()
    stranger.set("nodes", chair, "name", "x")
    foreign = Doc()
    foreign.get("elsewhere", type=Map)["a"] = 1
    for update, code in (
        (stranger.update(before), "not_closed"),
        (foreign.get_update(), "unknown_root"),
        (b"\x01", "malformed_update"),
    ):
        with pytest.raises(UpdateRefused, match=code):
            await room.commit_job(JOB, "peer", update, nothing)
    assert room.seq == 0


async def test_between_edits_of_others_order_is_kept(room: Room, log: MemoryUpdateLog) -> None:
    ada = FakeClient(room)
    await settle(room, ada)
    add(ada.document)
    await ada.send()
    result = asyncio.create_task(room.commit_job(JOB, "peer", made_by_a_peer(room), nothing))
    await asyncio.sleep(0)
    add(ada.document)
    await settle(room, ada)
    await result
    assert [row.via for row in await log.read(SCENE)] == ["socket", "job", "socket"]
    async with Rooms(log, Telemetry()) as others:
        assert state_of((await others.room(SCENE)).document) == state_of(ada.document)
    assert not room.has_pending()


async def test_a_result_without_changes_is_remembered(room: Room) -> None:
    assert (await room.commit_job(JOB, "peer", b"\x00\x00", nothing)).seq == 1
    assert (await room.commit_job(JOB, "peer", b"\x00\x00", nothing)).repeated
