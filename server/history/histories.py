"""Everything about history, wired together; `open_histories` owns the process in which logs are replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from server.blobs import BlobStore
from server.cleaning.cleaner import Cleaner
from server.cleaning.references import References
from server.history.compactor import Compactor
from server.history.refounding import Refounding
from server.history.replay import Replay
from server.history.snapshots import Snapshots
from server.history.timeline import Timeline
from server.projects import Projects
from server.side_process import SideProcess
from server.storage.base import UpdateLog
from server.storage.history import SqlHistory, Version
from server.sync.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Histories:
    rows: SqlHistory
    replay: Replay
    timeline: Timeline
    compactor: Compactor
    snapshots: Snapshots
    refounding: Refounding
    cleaner: Cleaner
    clock: Callable[[], float]

    async def name(self, id: str, branch: str, seq: int, name: str, author: str) -> Version:
        """Give a moment a name: a version. The same id again is the same version. Conflict where there is no moment."""
        return await self.rows.name(Version(id, branch, seq, name, author, int(self.clock() * 1000)))


@asynccontextmanager
async def open_histories(
    engine: AsyncEngine, log: UpdateLog, rooms: Rooms, projects: Projects, blobs: BlobStore, clock: Callable[[], float]
) -> AsyncIterator[Histories]:
    rows, process = SqlHistory(engine), SideProcess(niceness=5)
    replay, compactor = Replay(rows, process), Compactor(rows, process, clock)
    refounding = Refounding(rows, replay, rooms, projects, clock)
    cleaner = Cleaner(engine, blobs, References(engine, rows, process), clock)
    try:
        snapshots = Snapshots(log, replay, clock)
        yield Histories(rows, replay, Timeline(rows, process), compactor, snapshots, refounding, cleaner, clock)
    finally:
        await process.close()
