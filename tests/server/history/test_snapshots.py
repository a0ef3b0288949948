"""Snapshots shorten loading; what they cost stays in proportion to what was written."""

from __future__ import annotations

from server.storage.base import Entry, Loaded
from server.storage.memory import MemoryUpdateLog
from server.sync.journal import Journal
from server.telemetry import Telemetry

BRANCH = "projectproject00/scene"
MB = 1024 * 1024


class CountingLog(MemoryUpdateLog):
    def __init__(self) -> None:
        super().__init__()
        self.snapshots: list[int] = []

    async def put_snapshot(self, branch: str, seq: int, at: int, payload: bytes) -> None:
        await super().put_snapshot(branch, seq, at, payload)
        self.snapshots.append(seq)


async def snapshots_of(rows: int, row: bytes, document: bytes) -> list[int]:
    """Where snapshots are taken while `rows` rows are written to a document of this size."""
    log = CountingLog()
    journal = Journal(BRANCH, Loaded(), log, Telemetry())
    for _ in range(rows // 10):
        entries: list[Entry] = [journal.entry(ahead, "ada", "socket", row) for ahead in range(10)]
        await journal.commit(entries, {})
        await journal.snapshot_if_due(lambda: document)
    return log.snapshots


async def test_a_small_document_is_kept_about_every_thousand_rows() -> None:
    assert await snapshots_of(4100, bytes(60), bytes(MB)) == [1010, 2020, 3030, 4040]


async def test_a_large_document_is_not_written_again_for_every_drag() -> None:
    taken = await snapshots_of(12_000, bytes(60), bytes(40 * MB))
    assert len(taken) == 2, "the first, and one more after ten thousand rows"
    assert taken[1] - taken[0] > 9000


async def test_large_rows_count_by_their_bytes() -> None:
    assert len(await snapshots_of(100, bytes(MB), bytes(10 * MB))) == 10
