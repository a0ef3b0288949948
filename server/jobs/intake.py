"""Watches session documents: repairs one when it is loaded, and takes in the jobs that participants write into it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from server.dispatcher import Dispatcher
from server.errors import Unavailable
from server.jobs.mirror import SERVER, SessionMirror
from server.permissions import Role
from server.projects import session_branch
from server.room import Room
from server.rooms import Rooms
from server.storage.base import Entry

PARTICIPANT: Role = "editor"
"""The role of every person who may write a session today; a peer may not (server.permissions)."""


class Intake:
    """`loaded` and `committed` only note what is to be looked at; `run` looks, one project after the other."""

    def __init__(self, rooms: Rooms, dispatcher: Dispatcher, mirror: SessionMirror) -> None:
        self._rooms = rooms
        self._dispatcher = dispatcher
        self._mirror = mirror
        self._written: dict[str, set[str]] = {}
        self._waiting = asyncio.Event()

    async def loaded(self, room: Room) -> None:
        """A session came into memory: it may hold requests that a server which died did not take in."""
        if room.branch.kind == "session":
            self._note(room.branch.project, set())

    def committed(self, room: Room, entries: Sequence[Entry]) -> None:
        authors = {entry.author for entry in entries if entry.via != SERVER}
        if room.branch.kind == "session" and authors:
            self._note(room.branch.project, authors)

    def _note(self, project: str, authors: set[str]) -> None:
        self._written.setdefault(project, set()).update(authors)
        self._waiting.set()

    async def run(self) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            written, self._written = self._written, {}
            for project, authors in written.items():
                await self._take_in(project, authors)

    async def _take_in(self, project: str, authors: set[str]) -> None:
        try:
            room = await self._rooms.room(session_branch(project))
            unknown = await self._mirror.unknown(room.document)
        except Unavailable:  # the server stops; the next one looks when it loads the session
            return
        for id, record in unknown.items():
            claimed = str(record.get("by", ""))
            # Who wrote it is known from the log; what the record says counts only where that agrees or is unknown.
            author = claimed if claimed in authors or not authors else min(authors)
            await self._dispatcher.asked_in_session(project, id, author, PARTICIPANT, record)
