"""A followed document: a replica that takes the owner's rows in order, and fetches from the log what it missed."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from server.errors import Unavailable
from server.nodes.switch import FOUNDING
from server.storage.base import Entry, UpdateLog
from server.sync.batch import Change
from server.sync.branch import Branch
from server.sync.member import Member
from server.sync.replica import Replica

FETCHED_AT_ONCE = 1000

_log = structlog.get_logger()


class Followed:
    """seq: of the last row in the replica. The listeners are set by the follower before anything is taken."""

    def __init__(self, branch: Branch, log: UpdateLog, replica: Replica, seq: int) -> None:
        self.replica = replica
        self.seq = seq
        self.on_change: Callable[[list[Change]], None] = _nothing
        self.on_complete: Callable[[], None] = _nothing
        self.on_failure: Callable[[], None] = _nothing
        self.on_refounded: Callable[[], None] = _nothing
        self._branch = branch
        self._log = log
        self._wanted = seq
        self._fetching: asyncio.Task[None] | None = None
        self._progress = asyncio.Event()
        self._is_over = False

    @classmethod
    async def load(cls, branch: Branch, log: UpdateLog) -> "Followed":
        loaded = await log.load(str(branch))
        replica = Replica(branch.document())
        await replica.restore(loaded)
        return cls(branch, log, replica, loaded.seq)

    def take(self, first: int, last: int, changes: list[Change]) -> None:
        """Rows as the owner relays them; none: they are to be fetched."""
        if last <= self.seq:
            return
        if self._fetching is not None or first != self.seq + 1 or not changes:
            self.want(last)
        else:
            self._apply(changes, last)

    def want(self, seq: int) -> None:
        """Have rows up to this one, from the log; `on_complete` is called once they are here."""
        self._wanted = max(self._wanted, seq)
        if self._wanted <= self.seq:
            self.on_complete()
        elif self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(), name=f"fetch {self._branch}")
            self._fetching.add_done_callback(self._fetched)

    async def reached(self, seq: int) -> None:
        """Wait for a row, or for the end."""
        while self.seq < seq and not self._is_over:
            self._progress.clear()
            await self._progress.wait()

    async def was_refounded(self) -> bool:
        """Whether the log goes on from another state than this one."""
        rows = await self._log.read(str(self._branch), self.seq, FETCHED_AT_ONCE)
        return any(row.via == FOUNDING for row in rows)

    def end(self) -> None:
        """Nothing more is taken; who waits goes on."""
        self._is_over = True
        self._progress.set()

    def close(self) -> None:
        self.end()
        if self._fetching is not None:
            self._fetching.cancel()
        self.replica.close()

    def _apply(self, changes: list[Change], seq: int) -> None:
        _, failed = self.replica.apply([change.update for change in changes])
        for _, error in failed:  # judged and committed: as when a room is loaded, what can be read of it is in
            _log.error("row_not_whole", branch=str(self._branch), seq=seq, error=str(error))
        self.seq = seq
        self.on_change(changes)
        self._progress.set()

    async def _fetch(self) -> None:
        while self.seq < self._wanted and not self._is_over:
            rows = await self._log.read(str(self._branch), self.seq, FETCHED_AT_ONCE)
            if not rows:
                raise Unavailable("log_behind", f"the log ends at {self.seq}, {self._wanted} was told", "ask again")
            self._take_fetched(rows)

    def _take_fetched(self, rows: Sequence[Entry]) -> None:
        if self._is_over:
            return
        if any(row.via == FOUNDING for row in rows):
            self.on_refounded()
            return
        nobody: set[Member] = set()
        self._apply([Change(row.payload, nobody) for row in rows], rows[-1].seq)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if task.cancelled() or self._is_over:
            return
        if (error := task.exception()) is not None:
            _log.warning("not_fetched", branch=str(self._branch), error=str(error))
            self.on_failure()
        else:
            self.on_complete()


def _nothing(*_: object) -> None:
    """Before anybody listens."""
