"""Appends to the log: those of all rooms that wait at the same moment share one transaction and one commit.

A branch that writes alone is committed at once, however fast it writes. While several do, commits start the writer's
`window` apart, so that the disk is asked some hundred times a second for any number of rooms.

No task runs it: a commit is begun by whoever appends, and its end, which comes back from the writer as a callback,
answers everybody and begins the next. (With a task, two more turns of the event loop for each commit.)
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from crdt.failpoint import failpoint
from server.storage.appends import CONFLICTS, FAILURES, Append, Writer
from server.storage.base import Deposed, Entry, LogConflict, StorageUnavailable


class Appender:
    """read: as UpdateLog.read."""

    def __init__(self, writer: Writer, read: Callable[[str, int, int], Awaitable[list[Entry]]]) -> None:
        self._writer = writer
        self._read = read
        self._waiting: list[Append] = []
        self._is_committing = False
        self._is_held = False
        self._turns = asyncio.Lock()
        self._rested: asyncio.Future[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = 0.0
        self._branches: set[str] = set()

    def append(self, one: Append) -> asyncio.Future[None]:
        """Done once it is committed."""
        self._waiting.append(one)
        self._go_on()
        return one.done

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """For whoever else writes the log: no commit is under way, and none begins in the block."""
        async with self._turns:
            self._is_held = True
            try:
                if self._is_committing:
                    self._rested = asyncio.get_running_loop().create_future()
                    await self._rested
                yield
            finally:
                self._is_held, self._rested = False, None
                self._go_on()

    async def close(self) -> None:
        async with self.alone():
            _fail(self._waiting, StorageUnavailable(ConnectionError("the log was closed")))
            self._waiting = []
        if self._timer is not None:
            self._timer.cancel()
        await self._writer.close()

    # -- one commit after the other

    def _go_on(self) -> None:
        """Begin the next commit, if it may begin now."""
        if not self._waiting or self._is_committing or self._is_held or self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        others = not self._branches.issuperset([one.branch for one in self._waiting])
        if others and (seconds := self._started + self._writer.window - now) > 0:
            self._timer = loop.call_later(seconds, self._begin_in_time)
            return
        self._begin(now)

    def _begin_in_time(self) -> None:
        self._timer = None
        if self._waiting and not self._is_committing and not self._is_held:
            self._begin(asyncio.get_running_loop().time())

    def _begin(self, now: float) -> None:
        group, self._waiting = self._waiting, []
        self._started, self._branches = now, {one.branch for one in group}
        self._is_committing = True
        self._writer.commit(group, lambda error: self._ended(group, error))

    def _ended(self, group: Sequence[Append], error: BaseException | None) -> None:
        if isinstance(error, (*CONFLICTS, Deposed)):
            self._settling = asyncio.get_running_loop().create_task(self._commit_each(group))
            return
        if error is None:
            failpoint("log.committed")
            for one in group:
                _resolve(one.done)
        else:
            # Cancelled in the middle too: it may or may not be committed, and whoever asked repeats it.
            _fail(group, StorageUnavailable(error))
        self._rest()
        if error is not None and not isinstance(error, (*FAILURES, asyncio.CancelledError)):
            raise error  # a broken invariant; the event loop tells of it

    def _rest(self) -> None:
        self._is_committing = False
        if self._rested is not None:
            _resolve(self._rested)
        else:
            self._go_on()

    # -- a group of which somebody's part cannot be committed

    async def _commit_each(self, group: Sequence[Append]) -> None:
        try:
            for one in group:
                await self._commit_alone(one)
        except BaseException as error:
            _fail(group, StorageUnavailable(error))
            raise
        finally:
            self._rest()

    async def _commit_alone(self, one: Append) -> None:
        try:
            await self._committed([one])
        except CONFLICTS:
            await self._settle_conflict(one)
        except Deposed as error:
            _fail([one], error)
        except FAILURES as error:
            _fail([one], StorageUnavailable(error))
        else:
            _resolve(one.done)

    async def _committed(self, group: Sequence[Append]) -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writer.commit(group, lambda error: _settle(ended, error))
        await ended

    async def _settle_conflict(self, one: Append) -> None:
        # A commit whose answer was lost is repeated by the room: the same rows are then already there.
        first, count = one.entries[0].seq, len(one.entries)
        try:
            there = await self._read(one.branch, first - 1, count)
        except StorageUnavailable as error:
            _fail([one], error)
            return
        if there == list(one.entries):
            _resolve(one.done)
        else:
            _fail([one], LogConflict(one.branch, first))


def _settle(done: asyncio.Future[None], error: BaseException | None) -> None:
    if error is None:
        _resolve(done)
    elif not done.done():
        done.set_exception(error)


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _fail(group: Iterable[Append], error: BaseException) -> None:
    for one in group:
        if not one.done.done():
            one.done.set_exception(error)
