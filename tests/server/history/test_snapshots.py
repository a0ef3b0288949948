"""Snapshots shorten loading; what they cost stays in proportion to what was written, and the room has no part in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt import nodes
from crdt.document import SceneDocument
from server.history.replay import Replay
from server.history.snapshots import Snapshots
from server.migrations import migrate
from server.side_process import SideProcess
from server.storage.base import Entry, Loaded, StorageUnavailable
from server.storage.history import SqlHistory
from server.storage.memory import MemoryUpdateLog
from server.storage.sql import SqlUpdateLog, open_engine
from server.sync import journal as journal_module
from server.sync.journal import Journal
from server.sync.replica import Replica
from server.sync.room import Room
from server.sync.rooms import Rooms
from server.telemetry import Telemetry

BRANCH = "projectproject00/scene"
MB = 1024 * 1024


async def snapshots_of(rows: int, row: bytes, document: int) -> list[int]:
    """Where snapshots are due while `rows` rows are written to a document of so many bytes."""
    journal = Journal(BRANCH, Loaded(), MemoryUpdateLog(), Telemetry())
    taken = []
    for _ in range(rows // 10):
        entries: list[Entry] = [journal.entry(ahead, "ada", "socket", row) for ahead in range(10)]
        await journal.commit(entries, {})
        if journal.is_snapshot_due:
            taken.append(journal.begin_snapshot())
            journal.snapshot_taken(document)
    return taken


async def test_a_small_document_is_kept_about_every_thousand_rows() -> None:
    assert await snapshots_of(4100, bytes(60), MB) == [1010, 2020, 3030, 4040]


async def test_a_large_document_is_not_written_again_for_every_drag() -> None:
    taken = await snapshots_of(12_000, bytes(60), 40 * MB)
    assert len(taken) == 2, "the first, and one more after ten thousand rows"
    assert taken[1] - taken[0] > 9000


async def test_large_rows_count_by_their_bytes() -> None:
    assert len(await snapshots_of(100, bytes(MB), 10 * MB)) == 10


@dataclass
class World:
    engine: AsyncEngine
    log: SqlUpdateLog
    rooms: Rooms
    snapshots: Snapshots

    async def stored(self) -> Loaded:
        return await self.log.load(BRANCH)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'log.db'}")
    await migrate(engine)
    log, process = SqlUpdateLog(engine), SideProcess()
    snapshots = Snapshots(log, Replay(SqlHistory(engine), process), time.time)
    try:
        async with Rooms(log, Telemetry()) as rooms:
            rooms.on_commit(snapshots.committed)
            yield World(engine, log, rooms, snapshots)
    finally:
        await process.close()
        await log.close()
        await engine.dispose()


async def edit(room: Room, name: str) -> None:
    await room.edit("ada", "socket", lambda scene: nodes.add(scene, name=name))


async def test_a_snapshot_is_the_document_and_what_came_later_counts_for_the_next(world: World) -> None:
    room = await world.rooms.room(BRANCH)
    assert isinstance(room, Room)
    for number in range(20):
        await edit(room, f"Node {number}")
    before = room.document.hash()
    taking = asyncio.create_task(world.snapshots.take(room))
    await asyncio.sleep(0)
    await edit(room, "While it is made")
    await taking
    loaded = await world.stored()
    assert loaded.snapshot is not None
    kept = SceneDocument()
    kept.apply(loaded.snapshot)
    assert kept.hash() == before
    assert len(loaded.tail) == 1
    kept.apply(loaded.tail[0].payload)
    assert kept.hash() == room.document.hash()


async def test_it_is_taken_when_due_and_never_by_the_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "SNAPSHOT_WEIGHT", 10 * journal_module.ROW_WEIGHT)
    room = await world.rooms.room(BRANCH)
    assert isinstance(room, Room)
    encoded = []
    whole = Replica.whole
    monkeypatch.setattr(Replica, "whole", lambda replica: encoded.append(replica) or whole(replica))
    running = asyncio.create_task(world.snapshots.run())
    for number in range(12):
        await edit(room, f"Node {number}")
    while (loaded := await world.stored()).snapshot is None:
        await asyncio.sleep(0.01)
    running.cancel()
    assert room.document.doc not in [replica.document.doc for replica in encoded]
    assert 9 <= 12 - len(loaded.tail) <= 12


async def test_a_disk_that_fails_costs_the_shortcut_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SNAPSHOT_WEIGHT", journal_module.ROW_WEIGHT)
    room = await world.rooms.room(BRANCH)
    assert isinstance(room, Room)
    put, failures = world.log.put_snapshot, [StorageUnavailable(OSError("the disk is full"))]

    async def failing(*arguments: object) -> None:
        if failures:
            raise failures.pop()
        await put(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.log, "put_snapshot", failing)
    running = asyncio.create_task(world.snapshots.run())
    await edit(room, "Chair")
    while failures:
        await asyncio.sleep(0.01)
    await edit(room, "Table")
    while (await world.stored()).snapshot is None:
        await asyncio.sleep(0.01)
    running.cancel()
    assert [entry.seq for entry in await world.log.read(BRANCH)] == [1, 2]
