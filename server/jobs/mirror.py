"""The session document shows the queue (SPEC J2): requests that participants write there are queued, and every state of
a job is written back. The queue is the truth; the document is repaired from it whenever its room is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from crdt import jobs as job_records
from crdt.canonical import dumps, plain
from crdt.document import Document, SessionDocument
from crdt.schema import Job
from server.errors import Unavailable
from server.jobs.job import QueuedJob
from server.jobs.operations import is_internal
from server.jobs.queue import JobQueue
from server.locks import KeyedLocks
from server.sync.live import LiveRoom

SERVER = "server"
"""Author and route of what the server writes in the log."""

_ID = re.compile(r"^[A-Za-z0-9_-]{16}$")
_DEFAULTS = Job().model_dump(mode="json")


class SessionMirror:
    """`rooms.on_load(mirror.repair)`; then `show` every change of a job."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._rooms: dict[str, LiveRoom] = {}
        self._locks = KeyedLocks()
        self._on_absent: list[Callable[[QueuedJob], None]] = []

    def on_absent(self, listener: Callable[[QueuedJob], None]) -> None:
        """Have it called with each job to show whose session document is not owned by this node."""
        self._on_absent.append(listener)

    def is_here(self, project: str) -> bool:
        return project in self._rooms

    async def repair(self, room: LiveRoom) -> None:
        """Make a session document that was just loaded equal to the queue, before anybody joins."""
        project = room.branch.project
        if room.branch.kind != "session":
            return
        async with self._locks.hold(project):
            jobs = [job for job in await self._queue.of_project(project) if not is_internal(job.op)]
            await _write(room, jobs)
            self._rooms[project] = room

    async def show(self, job: QueuedJob) -> None:
        """Write a job's state into its session document, if that is in memory; the next load repairs it otherwise."""
        if is_internal(job.op):
            return
        async with self._locks.hold(job.project):
            room = self._rooms.get(job.project)
            if room is None:
                for listener in self._on_absent:
                    listener(job)
                return
            try:
                # Read again under the lock: of two changes that are told out of order the later one stays.
                await _write(room, [await self._queue.read(job.project, job.id)])
            except Unavailable:  # the room was unloaded; whoever loads it next repairs it
                del self._rooms[job.project]

    async def rewrite(self, room: LiveRoom, ids: Collection[str]) -> None:
        """Put right what participants wrote into jobs that the queue holds: their state is the server's to say."""
        project = room.branch.project
        async with self._locks.hold(project):
            await _write(room, [job for job in await self._queue.of_project(project, ids) if not is_internal(job.op)])

    async def unknown(self, session: Document, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Records among these that participants wrote and the queue does not hold yet."""
        new = {id for id in ids if _ID.fullmatch(id)}
        new -= await self._queue.known(new)
        records = {id: session.record("jobs", id) for id in sorted(new)}
        return {id: plain(record.to_py()) or {} for id, record in records.items() if record is not None}


async def _write(room: LiveRoom, jobs: Sequence[QueuedJob]) -> None:
    differing = [job for job in jobs if difference(room.document, job)]
    if differing:
        await room.edit(SERVER, SERVER, lambda session: _write_all(session, differing))


def difference(session: Document, job: QueuedJob) -> dict[str, Any]:
    """What the document shows otherwise than the queue has it."""
    record = session.record("jobs", job.id)
    shown = _DEFAULTS if record is None else _DEFAULTS | (plain(record.to_py()) or {})
    values = {key: value for key, value in job.as_record().items() if dumps(shown[key]) != dumps(value)}
    return values if values or record is not None else job.as_record()


def _write_all(session: SessionDocument, jobs: Sequence[QueuedJob]) -> None:
    for job in jobs:
        if session.record("jobs", job.id) is None:
            job_records.request(session, job.op, job.target, job.params, job.by, id=job.id, at=job.at)
        job_records.set_state(session, job.id, **difference(session, job))
