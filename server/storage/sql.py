"""The log in SQLite (WAL, synchronous=FULL) or PostgreSQL (asyncpg, synchronous_commit=on), chosen by the URL.

Appends of all rooms that wait at the same moment share one commit: under load the disk is asked once for many rooms.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Engine, Insert, Row, create_engine, delete, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from crdt.failpoint import failpoint
from server.storage.base import Deposed, Entry, Extra, Loaded, LogConflict, StorageUnavailable
from server.storage.fencing import deposed, owned
from server.storage.tables import client_ids, snapshots, updates

READ_ONLY = {"maquette_read_only": True}
"""Execution options of a connection that only reads: on SQLite it does not queue for the write lock."""

KEPT_SNAPSHOTS = 2
COLUMNS = (updates.c.seq, updates.c.at, updates.c.author, updates.c.via, updates.c.payload, updates.c.job)


def open_engine(url: str) -> AsyncEngine:
    """An engine whose commits are durable. url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`."""
    if url.startswith("sqlite"):
        engine = create_async_engine(url, connect_args={"timeout": 30})
        _as_durable(engine.sync_engine)
        return engine
    return create_async_engine(url, connect_args={"server_settings": {"synchronous_commit": "on"}})


def _as_durable(engine: Engine) -> Engine:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN comes too late (at the first INSERT), so it is switched off; see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # IMMEDIATE: a deferred transaction that reads first and writes later fails with SQLITE_BUSY instead of waiting.
    reads = connection.get_execution_options().get("maquette_read_only")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


Statement = tuple[Insert, list[dict[str, Any]]]
"""An insert and its rows."""


@dataclass(slots=True)
class _Append:
    branch: str
    entries: Sequence[Entry]
    clients: Mapping[int, str]
    epoch: int
    done: asyncio.Future[None]


def _append(branch: str, entries: Sequence[Entry], clients: Mapping[int, str], epoch: int) -> _Append:
    return _Append(branch, entries, clients, epoch, asyncio.get_running_loop().create_future())


def _leases(group: Iterable[_Append]) -> dict[str, int]:
    """The epochs that are to be checked, by branch."""
    return {one.branch: one.epoch for one in group if one.epoch}


def _check(rows: Iterable[Any], leases: Mapping[str, int]) -> None:
    lost = deposed(rows, leases)
    if lost:
        raise Deposed(min(lost))


class SqliteThread:
    """Commits of the log in one hop to a thread of their own.

    Through the async driver one commit is eight hops (each statement, its cursor, the rollback of the pool): on a busy
    machine 3.9 ms instead of 1.4.
    """

    def __init__(self, url: URL) -> None:
        self._engine = _as_durable(create_engine(url.set(drivername="sqlite"), connect_args={"timeout": 30}))
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="log")

    async def commit(self, statements: Sequence[Statement], leases: Mapping[str, int]) -> None:
        """leases: branch → epoch; Deposed, and nothing is committed, where one is over."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._commit, statements, leases)

    def _commit(self, statements: Sequence[Statement], leases: Mapping[str, int]) -> None:
        with self._engine.begin() as connection:
            if leases:
                _check(connection.execute(owned(leases)), leases)
            for statement, rows in statements:
                connection.execute(statement, rows)
            failpoint("log.commit")

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._engine.dispose)
        self._executor.shutdown()


class SqlUpdateLog:
    """`log = SqlUpdateLog(open_engine(url))`; the engine stays the caller's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
        self._thread = SqliteThread(engine.url) if engine.dialect.name == "sqlite" and engine.url.database else None
        self._waiting: list[_Append] = []
        self._writing = asyncio.Lock()

    async def load(self, branch: str) -> Loaded:
        with _naming_failures():
            return await self._load(branch)

    async def _load(self, branch: str) -> Loaded:
        async with self._engine.connect() as connection:
            connection = await connection.execution_options(**READ_ONLY)
            snapshot = (await connection.execute(_newest_snapshot(branch))).first()
            seq = snapshot.seq if snapshot else 0
            tail = (await connection.execute(_rows(branch, seq))).all()
            bound = await connection.execute(select(client_ids).where(client_ids.c.branch == branch))
            clients = {row.client: row.user for row in bound}
        return Loaded(snapshot.payload if snapshot else None, seq, [_entry(row) for row in tail], clients)

    async def append(self, branch: str, entries: Sequence[Entry], clients: Mapping[int, str], epoch: int = 0) -> None:
        mine = _append(branch, entries, clients, epoch)
        self._waiting.append(mine)
        async with self._writing:
            # Whoever held the lock before may have committed ours together with theirs.
            if not mine.done.done():
                await self._commit_waiting()
        await mine.done

    async def _commit_waiting(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            await self._commit(group)
        except (IntegrityError, Deposed):
            for one in group:
                await self._commit_alone(one)
        except (SQLAlchemyError, OSError) as error:
            _fail(group, StorageUnavailable(error))
        except BaseException as error:
            # Cancelled in the middle: the others only know that it may or may not be committed, and repeat it.
            _fail(group, StorageUnavailable(error))
            raise
        else:
            for one in group:
                _resolve(one.done)

    async def _commit(self, group: Sequence[_Append]) -> None:
        if self._thread is not None:
            statements = [statement for one in group for statement in self._statements(one)]
            await self._thread.commit(statements, _leases(group))
        else:
            async with self._engine.begin() as connection:
                await self._check_leases(connection, group)
                for one in group:
                    await self._write(connection, one)
                failpoint("log.commit")
        failpoint("log.committed")

    async def _commit_alone(self, one: _Append) -> None:
        try:
            await self._commit([one])
        except IntegrityError:
            await self._settle_conflict(one)
        except Deposed as error:
            _fail([one], error)
        except (SQLAlchemyError, OSError) as error:
            _fail([one], StorageUnavailable(error))
        else:
            _resolve(one.done)

    async def _settle_conflict(self, one: _Append) -> None:
        # A commit whose answer was lost is repeated by the room: the same rows are then already there.
        first, count = one.entries[0].seq, len(one.entries)
        try:
            there = await self.read(one.branch, first - 1, count)
        except StorageUnavailable as error:
            _fail([one], error)
            return
        if there == list(one.entries):
            _resolve(one.done)
        else:
            _fail([one], LogConflict(one.branch, first))

    async def _check_leases(self, connection: AsyncConnection, group: Sequence[_Append]) -> None:
        leases = _leases(group)
        if leases:
            _check(await connection.execute(owned(leases)), leases)

    async def _write(self, connection: AsyncConnection, one: _Append) -> None:
        for statement, rows in self._statements(one):
            await connection.execute(statement, rows)

    def _statements(self, one: _Append) -> Iterator[Statement]:
        yield updates.insert(), [_row(one.branch, entry) for entry in one.entries]
        if one.clients:
            bound = [{"branch": one.branch, "client": client, "user": user} for client, user in one.clients.items()]
            yield self._insert(client_ids).on_conflict_do_nothing(), bound

    async def append_job(
        self, branch: str, entry: Entry, clients: Mapping[int, str], extra: Extra, epoch: int = 0
    ) -> int | None:
        mine = _append(branch, [entry], clients, epoch)
        with _naming_failures():
            async with self._writing, self._engine.begin() as connection:
                return await self._append_job(connection, mine, entry, extra)

    async def _append_job(self, connection: AsyncConnection, mine: _Append, entry: Entry, extra: Extra) -> int | None:
        branch = mine.branch
        await self._check_leases(connection, [mine])
        query = select(updates.c.seq).where(updates.c.branch == branch, updates.c.job == entry.job)
        before: int | None = (await connection.execute(query)).scalar()
        if before is not None:
            return before
        try:
            await self._write(connection, mine)
        except IntegrityError as error:
            raise LogConflict(branch, entry.seq) from error
        await extra(connection)
        return None

    async def read(self, branch: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        with _naming_failures():
            return await self._read(branch, after, limit)

    async def _read(self, branch: str, after: int, limit: int) -> list[Entry]:
        async with self._engine.connect() as connection:
            connection = await connection.execution_options(**READ_ONLY)
            rows = await connection.execute(_rows(branch, after).limit(limit))
            return [_entry(row) for row in rows]

    async def put_snapshot(self, branch: str, seq: int, at: int, payload: bytes) -> None:
        row = {"branch": branch, "seq": seq, "at": at, "payload": payload}
        with _naming_failures():
            async with self._writing, self._engine.begin() as connection:
                await self._put_snapshot(connection, branch, row)

    async def _put_snapshot(self, connection: AsyncConnection, branch: str, row: dict[str, Any]) -> None:
        await connection.execute(self._insert(snapshots).on_conflict_do_nothing(), [row])
        of_branch = snapshots.c.branch == branch
        kept = select(snapshots.c.seq).where(of_branch).order_by(snapshots.c.seq.desc()).limit(KEPT_SNAPSHOTS)
        await connection.execute(delete(snapshots).where(of_branch, snapshots.c.seq.not_in(kept)))

    async def close(self) -> None:
        async with self._writing:
            _fail(self._waiting, StorageUnavailable(ConnectionError("the log was closed")))
        if self._thread is not None:
            await self._thread.close()


@contextmanager
def _naming_failures() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StorageUnavailable(error) from error


def _newest_snapshot(branch: str) -> Any:
    columns = (snapshots.c.seq, snapshots.c.payload)
    return select(*columns).where(snapshots.c.branch == branch).order_by(snapshots.c.seq.desc()).limit(1)


def _rows(branch: str, after: int) -> Any:
    return select(*COLUMNS).where(updates.c.branch == branch, updates.c.seq > after).order_by(updates.c.seq)


def _row(branch: str, entry: Entry) -> dict[str, Any]:
    return {
        "branch": branch,
        "seq": entry.seq,
        "at": entry.at,
        "author": entry.author,
        "via": entry.via,
        "job": entry.job,
        "payload": entry.payload,
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.seq, row.at, row.author, row.via, bytes(row.payload), row.job)


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _fail(group: Iterable[_Append], error: BaseException) -> None:
    for one in group:
        if not one.done.done():
            one.done.set_exception(error)
