"""Appends to the log: those of all rooms that wait at the same moment share one transaction and one commit.

A branch that writes alone is committed at once, however fast it writes. While several do, commits start `WINDOW` apart,
so that the disk is asked some hundred times a second for any number of rooms.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import namedtuple
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Engine, Insert, PoolProxiedConnection, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.failpoint import failpoint
from server.storage.base import Deposed, Entry, LogConflict, StorageUnavailable
from server.storage.fencing import deposed, owned
from server.storage.tables import client_ids, updates

WINDOW = 0.003
"""Seconds from one commit's start to the next one's that is for other branches."""

_ROW = ("branch", "seq", "at", "author", "via", "job", "payload")
_CLIENT = ("branch", "client", "user")
_CONFLICTS = (IntegrityError, sqlite3.IntegrityError)
_FAILURES = (SQLAlchemyError, sqlite3.Error, OSError)
_Owner = namedtuple("_Owner", ["branch", "epoch"])


@dataclass(slots=True)
class Append:
    """entries: at least one. epoch: of the lease under which it was made, 0: none is asked for."""

    branch: str
    entries: Sequence[Entry]
    clients: Mapping[int, str]
    epoch: int
    done: asyncio.Future[None]

    @classmethod
    def make(cls, branch: str, entries: Sequence[Entry], clients: Mapping[int, str], epoch: int) -> "Append":
        return cls(branch, entries, clients, epoch, asyncio.get_running_loop().create_future())


class Writer(Protocol):
    """Commits a group in one transaction. Deposed or an integrity error: nothing of it was; others: nobody knows.

    window: seconds from one commit's start to the next one's that is for other branches.
    """

    window: float

    async def commit(self, group: Sequence[Append]) -> None: ...

    async def close(self) -> None: ...


class Appender:
    """lock: held during every commit; who else writes the log takes it too. read: as UpdateLog.read."""

    def __init__(self, writer: Writer, read: Callable[[str, int, int], Awaitable[list[Entry]]]) -> None:
        self.lock = asyncio.Lock()
        self._writer = writer
        self._read = read
        self._waiting: list[Append] = []
        self._committing: asyncio.Task[None] | None = None
        self._started = 0.0
        self._branches: set[str] = set()

    async def append(self, one: Append) -> None:
        """Returns once it is committed."""
        self._waiting.append(one)
        if self._committing is None:
            self._committing = asyncio.get_running_loop().create_task(self._commit_all())
        await one.done

    async def close(self) -> None:
        async with self.lock:
            _fail(self._waiting, StorageUnavailable(ConnectionError("the log was closed")))
        await self._writer.close()

    async def _commit_all(self) -> None:
        """Until nothing waits."""
        try:
            while self._waiting:
                await self._gather()
                async with self.lock:
                    group, self._waiting = self._waiting, []
                    await self._commit(group)
        finally:
            self._committing = None

    async def _gather(self) -> None:
        loop = asyncio.get_running_loop()
        others = any(one.branch not in self._branches for one in self._waiting)
        if others and (seconds := self._started + self._writer.window - loop.time()) > 0:
            await asyncio.sleep(seconds)
        self._started = loop.time()
        self._branches = {one.branch for one in self._waiting}

    async def _commit(self, group: Sequence[Append]) -> None:
        try:
            await self._writer.commit(group)
        except (*_CONFLICTS, Deposed):
            for one in group:
                await self._commit_alone(one)
        except _FAILURES as error:
            _fail(group, StorageUnavailable(error))
        except BaseException as error:
            # Cancelled in the middle: the others only know that it may or may not be committed, and repeat it.
            _fail(group, StorageUnavailable(error))
            raise
        else:
            failpoint("log.committed")
            for one in group:
                _resolve(one.done)

    async def _commit_alone(self, one: Append) -> None:
        try:
            await self._writer.commit([one])
        except _CONFLICTS:
            await self._settle_conflict(one)
        except Deposed as error:
            _fail([one], error)
        except _FAILURES as error:
            _fail([one], StorageUnavailable(error))
        else:
            _resolve(one.done)

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


class EngineWriter:
    """Through the async driver: every statement carries the rows of the whole group."""

    window = WINDOW

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._row, self._client = _inserts(engine.dialect.name)

    async def commit(self, group: Sequence[Append]) -> None:
        async with self._engine.begin() as connection:
            await self.write(connection, group)
            failpoint("log.commit")

    async def write(self, connection: AsyncConnection, group: Sequence[Append]) -> None:
        """The rows of the group in a transaction of the caller's. Deposed."""
        if leases := leases_of(group):
            _check(await connection.execute(owned(leases)), leases)
        await connection.execute(self._row, [dict(zip(_ROW, row, strict=True)) for row in rows_of(group)])
        if clients := users_of(group):
            await connection.execute(self._client, [dict(zip(_CLIENT, row, strict=True)) for row in clients])

    async def close(self) -> None:
        """The engine is the caller's."""


class SqliteWriter:
    """In one hop to a thread of its own, with the driver's own statements.

    Through the async driver one commit is eight hops (each statement, its cursor, the rollback of the pool), and with
    statements of SQLAlchemy's core it costs three times the CPU.
    """

    window = WINDOW

    def __init__(self, engine: Engine) -> None:
        """engine: of this writer alone; disposed of by `close`."""
        self._engine = engine
        self._row, self._client = (str(insert.compile(dialect=engine.dialect)) for insert in _inserts("sqlite"))
        self._pooled: PoolProxiedConnection | None = None
        self._executor = OneThread("log")

    async def commit(self, group: Sequence[Append]) -> None:
        await self._executor.run(lambda: self._commit(group))

    def _commit(self, group: Sequence[Append]) -> None:
        if self._pooled is None:
            self._pooled = self._engine.raw_connection()
        connection: Any = self._pooled.driver_connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            if leases := leases_of(group):
                _check(self._owners(connection, leases), leases)
            connection.executemany(self._row, rows_of(group))
            if clients := users_of(group):
                connection.executemany(self._client, clients)
            failpoint("log.commit")
            connection.execute("COMMIT")
        except BaseException:
            self._reset()
            raise

    def _owners(self, connection: Any, leases: Mapping[str, int]) -> list[_Owner]:
        query = owned(leases).compile(dialect=self._engine.dialect, compile_kwargs={"render_postcompile": True})
        values = [query.params[name] for name in query.positiontup or ()]
        return [_Owner(*row) for row in connection.execute(str(query), values)]

    def _reset(self) -> None:
        """A new connection next time: what state this one is in after a failing disk nobody knows."""
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            pooled.invalidate()

    async def close(self) -> None:
        await self._executor.run(self._dispose)
        self._executor.end()

    def _dispose(self) -> None:
        if self._pooled is not None:
            self._pooled.close()
        self._engine.dispose()


class OneThread:
    """A thread that does one thing after the other: a fifth of what an executor and its futures cost."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._jobs.put((work, done, loop))
        await done

    def end(self) -> None:
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, done, loop = job
            error: BaseException | None = None
            try:
                work()
            except BaseException as raised:
                error = raised
            loop.call_soon_threadsafe(_settle, done, error)


_Job = tuple[Callable[[], None], "asyncio.Future[None]", asyncio.AbstractEventLoop]


def _inserts(dialect: str) -> tuple[Insert, Insert]:
    """Of rows of the log and of bound client ids; the parameters in the order of _ROW and _CLIENT."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    rows = insert(updates).values({name: bindparam(name) for name in _ROW})
    clients = insert(client_ids).values({name: bindparam(name) for name in _CLIENT}).on_conflict_do_nothing()
    return rows, clients


def rows_of(group: Iterable[Append]) -> list[tuple[Any, ...]]:
    return [
        (one.branch, entry.seq, entry.at, entry.author, entry.via, entry.job, entry.payload)
        for one in group
        for entry in one.entries
    ]


def users_of(group: Iterable[Append]) -> list[tuple[Any, ...]]:
    return [(one.branch, client, user) for one in group for client, user in one.clients.items()]


def leases_of(group: Iterable[Append]) -> dict[str, int]:
    """The epochs that are to be checked, by branch."""
    return {one.branch: one.epoch for one in group if one.epoch}


def _check(rows: Iterable[Any], leases: Mapping[str, int]) -> None:
    lost = deposed(rows, leases)
    if lost:
        raise Deposed(min(lost))


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
