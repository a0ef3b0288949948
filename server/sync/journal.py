"""A room's hand on the log: numbers its rows, commits them whatever the disk does, knows when a snapshot is due."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from server.storage.base import Entry, Extra, Loaded, StorageUnavailable, UpdateLog
from server.telemetry import Telemetry

FIRST_RETRY, LAST_RETRY = 0.05, 5.0
"""Seconds between two attempts of a commit that fails."""
SNAPSHOT_WEIGHT = 4 * 1024 * 1024
ROW_WEIGHT = 4096
"""A snapshot is due when the rows since the last one weigh this much, their bytes and so much for each, and no less
than the document: so one of 40 MB is not written again for every thousand rows of a drag, but for every ten thousand.
"""
WORTH_A_SNAPSHOT = 50
"""Rows since the last snapshot that make one worth while when the room is unloaded."""
AT_UNLOAD = 1024 * 1024
"""Bytes of a document and its rows up to which it is encoded for that: longer ones would hold the event loop up."""

_log = structlog.get_logger()


class Journal:
    """seq: the number of the last committed row. failing_since: time.monotonic() of the first of a row of failures.

    epoch: of this node's lease on the branch; 0: there are no leases. on_turn: called with whether commits fail, when
    that changes; must not raise.
    """

    def __init__(self, branch: str, loaded: Loaded, log: UpdateLog, telemetry: Telemetry, epoch: int = 0) -> None:
        self.seq = loaded.seq
        self.failing_since: float | None = None
        self.on_turn: Callable[[bool], None] = _ignore
        self._branch = branch
        self._epoch = epoch
        self._store = log
        self._telemetry = telemetry
        self._rows = len(loaded.tail)
        self._bytes = sum(len(entry.payload) for entry in loaded.tail)
        self._snapshot_bytes = len(loaded.snapshot or b"")
        self._begun = (0, 0)

    def entry(self, ahead: int, author: str, via: str, payload: bytes, job: str | None = None) -> Entry:
        """The row after those that are committed and `ahead` more."""
        return Entry(self.seq + ahead + 1, time.time_ns() // 1_000_000, author, via, payload, job)

    async def commit(self, entries: Sequence[Entry], clients: Mapping[int, str]) -> None:
        """Append rows, again and again until they are committed. LogConflict and Deposed end the room."""
        delay = FIRST_RETRY
        while not await self._try(entries, clients):
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_RETRY)
        self._count(entries)

    async def _try(self, entries: Sequence[Entry], clients: Mapping[int, str]) -> bool:
        began = time.perf_counter()
        try:
            await self._store.append(self._branch, entries, clients, self._epoch)
        except StorageUnavailable as error:
            self._failed(error)
            return False
        finally:
            self._telemetry.commit.observe(time.perf_counter() - began)
        if (since := self.failing_since) is not None:
            self._recovered(since)
        return True

    async def commit_job(self, entry: Entry, clients: Mapping[int, str], extra: Extra) -> int | None:
        """One attempt; as UpdateLog.append_job."""
        before = await self._store.append_job(self._branch, entry, clients, extra, self._epoch)
        if before is None:
            self._count([entry])
        return before

    @property
    def is_snapshot_due(self) -> bool:
        return self._bytes + self._rows * ROW_WEIGHT >= max(SNAPSHOT_WEIGHT, self._snapshot_bytes)

    def begin_snapshot(self) -> int:
        """The row whose state is being kept: what is written from now on counts for the next snapshot."""
        self._begun = self._rows, self._bytes
        return self.seq

    def snapshot_taken(self, size: int) -> None:
        """It is stored. size: its bytes."""
        rows, bytes = self._begun
        self._rows -= rows
        self._bytes -= bytes
        self._snapshot_bytes = size

    async def snapshot_at_unload(self, whole: Callable[[], bytes]) -> None:
        """Keep a small document, so that it is there at once when it is next asked for."""
        if self._rows < WORTH_A_SNAPSHOT or self._snapshot_bytes + self._bytes > AT_UNLOAD:
            return
        try:
            await self._store.put_snapshot(self._branch, self.seq, time.time_ns() // 1_000_000, whole())
        except StorageUnavailable as error:
            # Only a shortcut: the log holds everything.
            _log.warning("snapshot_failed", branch=self._branch, error=error.message)

    def _count(self, entries: Sequence[Entry]) -> None:
        self.seq = entries[-1].seq
        self._rows += len(entries)
        for entry in entries:
            self._bytes += len(entry.payload)
        self._telemetry.rows.inc(len(entries))

    def _failed(self, error: StorageUnavailable) -> None:
        self._telemetry.commit_failures.inc()
        if self.failing_since is None:
            self.failing_since = time.monotonic()
            _log.error("commit_failed", branch=self._branch, error=error.message)
            self.on_turn(True)

    def _recovered(self, since: float) -> None:
        _log.info("commit_recovered", branch=self._branch, seconds=time.monotonic() - since)
        self.failing_since = None
        self.on_turn(False)


def _ignore(_: bool) -> None:
    """Nobody listens."""
