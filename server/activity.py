"""Which projects were edited lately: their `changed` is brought up to date soon after, not at every update."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from server.projects import Projects
from server.storage.base import Entry
from server.sync.room import Room

_PAUSE = 2.0


class Activity:
    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._edited: dict[str, int] = {}
        self._waiting = asyncio.Event()

    def committed(self, room: Room, entries: Sequence[Entry]) -> None:
        if room.branch.kind == "scene" and entries:
            self._edited[room.branch.project] = entries[-1].at
            self._waiting.set()

    async def run(self) -> None:
        try:
            while True:
                await self._waiting.wait()
                await self._flush()
                await asyncio.sleep(_PAUSE)
        finally:
            await self._flush()

    async def _flush(self) -> None:
        self._waiting.clear()
        edited, self._edited = self._edited, {}
        await self._projects.touch(edited)
