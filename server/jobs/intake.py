"""Watches session documents: repairs one when it is loaded, and takes in the jobs that participants write into it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from pycrdt import Subscription

from server.accounts.access import Access
from server.errors import Unavailable
from server.jobs.dispatcher import Dispatcher
from server.jobs.mirror import SERVER, SessionMirror
from server.projects import session_branch
from server.storage.base import Entry, StorageUnavailable
from server.sync.room import Room
from server.sync.rooms import Rooms

log = structlog.get_logger()


@dataclass
class _Note:
    """What is to be looked at in one session: jobs by id, and who wrote since."""

    jobs: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)


class Intake:
    """`loaded` and `committed` only note what is to be looked at; `run` looks, one project after the other."""

    def __init__(self, rooms: Rooms, dispatcher: Dispatcher, mirror: SessionMirror, access: Access) -> None:
        self._rooms = rooms
        self._dispatcher = dispatcher
        self._mirror = mirror
        self._access = access
        self._touched: dict[str, set[str]] = {}
        self._watches: dict[str, Subscription] = {}
        self._notes: dict[str, _Note] = {}
        self._waiting = asyncio.Event()

    async def loaded(self, room: Room) -> None:
        """Watch the jobs of a session. It may already hold requests that a server which died did not take in."""
        if room.branch.kind != "session":
            return
        touched = self._touched[room.branch.project] = set()
        jobs = room.document.map("jobs")
        self._watches[room.branch.project] = jobs.observe_deep(lambda events: touched.update(_ids(events)))
        self._note(room.branch.project, set(jobs.keys()), set())

    def committed(self, room: Room, entries: Sequence[Entry]) -> None:
        if room.branch.kind != "session":
            return
        touched = self._touched.get(room.branch.project, set())
        authors = {entry.author for entry in entries if entry.via != SERVER}
        if touched and authors:
            self._note(room.branch.project, set(touched), authors)
        touched.clear()

    def _note(self, project: str, jobs: set[str], authors: set[str]) -> None:
        note = self._notes.setdefault(project, _Note())
        note.jobs |= jobs
        note.authors |= authors
        self._waiting.set()

    async def run(self) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            notes, self._notes = self._notes, {}
            for project, note in notes.items():
                await self._look(project, note)

    async def _look(self, project: str, note: _Note) -> None:
        try:
            room = await self._rooms.room(session_branch(project))
            await self._mirror.rewrite(room, note.jobs)
            unknown = await self._mirror.unknown(room.document, note.jobs)
            for id, record in unknown.items():
                claimed = str(record.get("by", ""))
                # Who wrote is known from the log; what the record says counts only where that agrees or is unknown.
                author = claimed if claimed in note.authors or not note.authors else min(note.authors)
                role = await self._access.role_of_author(author, project)
                await self._dispatcher.asked_in_session(project, id, author, role, record)
        except (Unavailable, StorageUnavailable) as error:
            # The server stops, or the disk is away; whoever loads the session next looks again.
            log.warning("session_not_looked_at", project=project, code=error.code)


def _ids(events: Sequence[Any]) -> set[str]:
    """The jobs that a transaction's events touch: keys of the root map, or the first step below it."""
    return {str(id) for event in events for id in (event.path[:1] or event.keys)}
