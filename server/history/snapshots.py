"""Keeps loading short: a document is stored whole when the rows since then weigh as much as it does.

It is made from the log, in the process beside the server: to encode 40 MB in the room would hold up everybody for half
a second, and the room's turn for as long as the disk takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from crdt.errors import MaquetteError
from server.history.replay import Replay
from server.storage.base import Entry, UpdateLog
from server.sync.room import Room

_log = structlog.get_logger()


class Snapshots:
    """`committed` is a listener of rooms; `run` for as long as the server does."""

    def __init__(self, log: UpdateLog, replay: Replay, clock: Callable[[], float]) -> None:
        self._log = log
        self._replay = replay
        self._clock = clock
        self._due: dict[Room, None] = {}
        self._waiting = asyncio.Event()

    def committed(self, room: Room, rows: Sequence[Entry]) -> None:  # noqa: ARG002  a listener's signature
        if room.journal.is_snapshot_due and room not in self._due:
            self._due[room] = None
            self._waiting.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            while self._due:
                room = next(iter(self._due))
                try:
                    await self.take(room)
                except MaquetteError as error:
                    # Only a shortcut: the log holds everything. The next commit asks again.
                    _log.warning("snapshot_failed", branch=str(room.branch), code=error.code, error=error.message)
                finally:
                    del self._due[room]

    async def take(self, room: Room) -> None:
        """Store the document as of the last row."""
        seq = room.journal.begin_snapshot()
        payload = await self._replay.whole(room.branch, seq)
        await self._log.put_snapshot(str(room.branch), seq, int(self._clock() * 1000), payload)
        room.journal.snapshot_taken(len(payload))
