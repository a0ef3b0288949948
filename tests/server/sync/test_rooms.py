"""Loading once, unloading when idle, finishing what was received."""

import asyncio

import pytest

from crdt.nodes import add
from server.errors import NotFound, Unavailable
from server.storage.base import Loaded, LogConflict, StorageUnavailable
from server.storage.memory import MemoryUpdateLog
from server.sync.branch import Branch
from server.sync.rooms import Rooms
from server.telemetry import Telemetry
from tests.server.sync.conftest import SCENE
from tests.support.sync import FakeClient, person, processed, settle, state_of


class SlowLog(MemoryUpdateLog):
    """Loads when the test says so; counts."""

    def __init__(self) -> None:
        super().__init__()
        self.loads = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False

    async def load(self, branch: str) -> Loaded:
        self.loads += 1
        await self.gate.wait()
        if self.broken:
            raise StorageUnavailable(OSError("gone"))
        return await super().load(branch)


async def unload(rooms: Rooms, branch: str = SCENE) -> None:
    """What the idle timer does."""
    rooms._unload(branch)


async def test_two_hundred_arrivals_share_one_load() -> None:
    log = SlowLog()
    log.gate.clear()
    async with Rooms(log, Telemetry()) as rooms:
        arrivals = [asyncio.create_task(rooms.room(SCENE)) for _ in range(200)]
        await asyncio.sleep(0)
        log.gate.set()
        assert len(set(await asyncio.gather(*arrivals))) == 1
        assert log.loads == 1


async def test_the_first_to_come_may_go_away() -> None:
    log = SlowLog()
    log.gate.clear()
    async with Rooms(log, Telemetry()) as rooms:
        first, second = (asyncio.create_task(rooms.room(SCENE)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        log.gate.set()
        assert (await second).seq == 0


async def test_a_failed_load_is_tried_anew() -> None:
    log = SlowLog()
    log.broken = True
    async with Rooms(log, Telemetry()) as rooms:
        with pytest.raises(StorageUnavailable):
            await rooms.room(SCENE)
        log.broken = False
        assert (await rooms.room(SCENE)).seq == 0


async def test_unloading_and_coming_back(rooms: Rooms) -> None:
    room = await rooms.room(SCENE)
    ada = FakeClient(room)
    await settle(room, ada)
    add(ada.document, name="Chair")
    await settle(room, ada)
    await unload(rooms)
    assert len(rooms) == 1, "somebody is in it"
    ada.disconnect()
    await unload(rooms)
    assert len(rooms) == 0
    again = await rooms.room(SCENE)
    assert again is not room
    assert state_of(again.document) == state_of(ada.document)


async def test_who_comes_while_a_room_is_unloaded_finds_what_was_in_it(rooms: Rooms) -> None:
    """join → edit → leave → unload → join, nothing awaited in between."""
    for n in range(20):
        room = await rooms.room(SCENE)
        edit = asyncio.create_task(room.edit("ada", "test", lambda scene: add(scene)))
        await asyncio.sleep(0)
        await unload(rooms)
        await edit
        await unload(rooms)
        assert len((await rooms.room(SCENE)).document.ids("nodes")) == n + 1


async def test_a_closed_room_takes_nothing(rooms: Rooms) -> None:
    room = await rooms.room(SCENE)
    await unload(rooms)
    with pytest.raises(Unavailable, match="room_closed"):
        await room.edit("ada", "test", lambda scene: add(scene))


async def test_the_idle_timer_unloads(log: MemoryUpdateLog) -> None:
    async with Rooms(log, Telemetry(), idle_seconds=0) as rooms:
        await rooms.room(SCENE)
        while len(rooms):
            await asyncio.sleep(0)
        assert (await rooms.room(SCENE)).seq == 0


async def test_stopping_finishes_what_was_received(log: MemoryUpdateLog) -> None:
    async with Rooms(log, Telemetry()) as rooms:
        room = await rooms.room(SCENE)
        ada = FakeClient(room)
        await settle(room, ada)
        for _ in range(50):
            add(ada.document)
        await ada.send()
    assert ada.member.outbox.closing.code == 1012
    async with Rooms(log, Telemetry()) as rooms:
        assert state_of((await rooms.room(SCENE)).document) == state_of(ada.document)
    with pytest.raises(Unavailable, match="server_stopping"):
        await rooms.room(SCENE)


async def test_a_dead_disk_does_not_keep_the_server_from_stopping() -> None:
    class DeadLog(MemoryUpdateLog):
        async def append(self, *_: object) -> None:
            raise StorageUnavailable(OSError("dead"))

    async with Rooms(DeadLog(), Telemetry(), close_seconds=0.01) as rooms:
        room = await rooms.room(SCENE)
        edit = asyncio.create_task(room.edit("ada", "test", lambda scene: add(scene)))
        await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="room_closed"):
        await edit


async def test_a_second_writer_ends_the_room_and_the_next_load_has_both(rooms: Rooms, log: MemoryUpdateLog) -> None:
    room = await rooms.room(SCENE)
    ada = FakeClient(room)
    await settle(room, ada)
    async with Rooms(log, Telemetry()) as others:
        await (await others.room(SCENE)).edit("bob", "test", lambda scene: add(scene, name="theirs"))
    add(ada.document, name="hers")
    await ada.send()
    with pytest.raises(Unavailable):
        await processed(room)
    assert ada.member.outbox.closing.code == 1011
    again = await rooms.room(SCENE)
    ada.connect(again)
    await settle(again, ada)
    assert sorted(again.document.read("nodes", node).name for node in again.document.ids("nodes")) == ["hers", "theirs"]


async def test_snapshots_shorten_the_next_load(rooms: Rooms, log: MemoryUpdateLog) -> None:
    room = await rooms.room(SCENE)
    for _ in range(60):
        await room.edit("ada", "test", lambda scene: add(scene))
    before = state_of(room.document)
    await unload(rooms)
    room = await rooms.room(SCENE)
    loaded = await log.load(SCENE)
    assert (loaded.snapshot_seq, len(loaded.tail)) == (60, 0)
    assert state_of(room.document) == before
    await room.edit("ada", "test", lambda scene: add(scene))
    assert room.seq == 61
    assert len(await log.read(SCENE)) == 61, "the log stays whole"


async def test_a_repair_comes_before_everybody() -> None:
    async with Rooms(MemoryUpdateLog(), Telemetry()) as rooms:

        async def repair(room) -> None:
            await room.edit("server", "repair", lambda scene: add(scene, name="repaired"))

        rooms.on_load(repair)
        room = await rooms.room(SCENE)
        assert [room.document.read("nodes", node).name for node in room.document.ids("nodes")] == ["repaired"]


async def test_a_failing_repair_fails_the_load_and_leaves_nothing() -> None:
    async with Rooms(MemoryUpdateLog(), Telemetry()) as rooms:
        failures = [1]

        async def repair(_) -> None:
            if failures.pop() if failures else 0:
                raise RuntimeError("no queue")

        rooms.on_load(repair)
        with pytest.raises(RuntimeError, match="no queue"):
            await rooms.room(SCENE)
        assert (await rooms.room(SCENE)).seq == 0


async def test_listeners_hear_every_row(rooms: Rooms) -> None:
    heard: list[tuple[str, int]] = []
    rooms.on_commit(lambda room, rows: heard.extend((str(room.branch), row.seq) for row in rows))
    room = await rooms.room(SCENE)
    await room.edit("ada", "test", lambda scene: add(scene))
    await room.edit("ada", "test", lambda scene: add(scene))
    assert heard == [(SCENE, 1), (SCENE, 2)]


@pytest.mark.parametrize(
    "name", ["", "scene", "p/scene/x", "p/scene@", "p/session@x", "../scene", "p/other", "p/scene\n"]
)
async def test_names_that_are_no_document(rooms: Rooms, name: str) -> None:
    with pytest.raises(NotFound):
        await rooms.room(name)


def test_names() -> None:
    for name in ("p/scene", "p/scene@branch-1", "p/session"):
        assert str(Branch.parse(name)) == name


def test_log_conflict_names_the_number() -> None:
    assert "number 7" in LogConflict("p/scene", 7).message


async def test_an_edit_that_fails_says_so_and_writes_nothing(rooms: Rooms) -> None:
    room = await rooms.room(SCENE)

    def refuse(_: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await room.edit("ada", "test", refuse)
    assert room.seq == 0


async def test_an_edit_of_the_server_reaches_everybody(rooms: Rooms) -> None:
    room = await rooms.room(SCENE)
    ada = FakeClient(room, person("ada"))
    await settle(room, ada)
    assert await room.edit("bob", "http", lambda scene: add(scene, name="Chair")) == 1
    await settle(room, ada)
    assert state_of(ada.document) == state_of(room.document)
    assert not room.has_pending()
