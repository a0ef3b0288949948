"""Keeps the logs short: what is old enough is compacted, soon after it was written, or when its document rests.

Runs where the rows are committed, one branch at a time, and replays outside the server's process. Each slice is one
transaction; whatever ends the process between or in them leaves a log that is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import takewhile

import structlog

from crdt.errors import MaquetteError
from server.history.compacting import compact
from server.history.replay import Replay, weight
from server.side_process import SideProcess
from server.storage.base import Entry, LogConflict
from server.storage.history import Base, Row, SqlHistory
from server.sync.branch import Branch
from server.sync.room import Room

KEPT_ROWS = 1000
KEPT_SECONDS = 120
"""The newest rows stay as they are: somebody who follows the log may be about to ask for them."""
AT_ONCE = 2000
"""Rows that are replayed together."""
WORTH = 2000
"""Rows that make it worth while as long as people are working."""
WORTH_RESTING = 20
RESTING_SECONDS = 3600.0
LOOK_SECONDS = 600.0
"""How often it is looked for documents at rest."""

_log = structlog.get_logger()


class Compactor:
    def __init__(
        self, history: SqlHistory, process: SideProcess, clock: Callable[[], float], kept_rows: int = KEPT_ROWS
    ) -> None:
        self._history = history
        self._process = process
        self._replay = Replay(history, process)
        self._clock = clock
        self._kept_rows = kept_rows
        self._written: dict[str, int] = {}
        self._due: dict[str, None] = {}
        self._waiting = asyncio.Event()

    def committed(self, room: Room, rows: Sequence[Entry]) -> None:
        """A room's listener: counts, and says when there is enough."""
        branch = room.branch.key
        written = self._written.get(branch, 0) + len(rows)
        self._written[branch] = written
        if written >= WORTH:
            self._written[branch] = 0
            self._due[branch] = None
            self._waiting.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._waiting.wait()
            except TimeoutError:
                await self.compact_resting()
            self._waiting.clear()
            while self._due:
                branch = next(iter(self._due))
                del self._due[branch]
                await self._compact_noting(branch, self._kept_rows)

    async def compact_resting(self) -> None:
        """All that nobody has written to for an hour, up to the last row."""
        before = int((self._clock() - RESTING_SECONDS) * 1000)
        for branch in await self._history.uncompacted(WORTH_RESTING, before):
            self._written.pop(branch, None)
            await self._compact_noting(branch, 0)

    async def _compact_noting(self, branch: str, kept: int) -> None:
        try:
            await self.compact(branch, kept)
        except LogConflict:
            _log.info("compaction_overtaken", branch=branch)
        except MaquetteError as error:
            _log.error("compaction_failed", branch=branch, code=error.code, error=error.message)

    async def compact(self, branch: str, kept: int) -> int:
        """Compact all but the last `kept` rows and the last two minutes; how many rows the log has lost."""
        lost = 0
        until = await self._history.head(branch) - kept
        while (removed := await self._compact_part(branch, until)) is not None:
            lost += removed
        return lost

    async def _compact_part(self, branch: str, until: int) -> int | None:
        """The next rows; None when there are no more."""
        after = await self._history.compacted(branch)
        newest = int((self._clock() - KEPT_SECONDS) * 1000)
        found = await self._history.rows(branch, after, until, AT_ONCE)
        rows = list(takewhile(lambda row: row.at < newest, found))
        if not rows:
            return None
        foundings = await self._history.foundings(branch, after, rows[-1].seq)
        if foundings[:1] == [after + 1]:
            base, before = Base(after), list[Row]()
            del foundings[0]
        else:
            base, before = await self._replay.until(Branch.parse(branch), after)
        rows = [row for row in rows if not foundings or row.seq < foundings[0]]
        return await self._replace(branch, base, before, rows)

    async def _replace(self, branch: str, base: Base, before: list[Row], rows: list[Row]) -> int:
        barriers = await self._history.barriers(branch, rows[0].seq - 1, rows[-1].seq)
        kind, bytes = Branch.parse(branch).document, weight(base, [*before, *rows])
        slices = await self._process.ask(compact, kind, base, before, rows, barriers, weight=bytes)
        for slice in slices:
            await self._history.replace(branch, slice)
        return len(rows) - sum(len(slice.rows) for slice in slices)
