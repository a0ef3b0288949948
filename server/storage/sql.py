"""The log in SQLite (WAL, synchronous=FULL) or PostgreSQL (asyncpg, synchronous_commit=on), chosen by the URL.

Appends of all rooms that wait at the same moment share one commit: under load the disk is asked once for many rooms.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from sqlalchemy import URL, Engine, create_engine, delete, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.storage.appending import Appender
from server.storage.appends import Append, Writer
from server.storage.base import Entry, Extra, Loaded, LogConflict, naming_failures
from server.storage.engine_writer import EngineWriter
from server.storage.history_tables import histories
from server.storage.rows import bound_clients, entry_of, rows_after, snapshots_of
from server.storage.sqlite_reader import SqliteReader
from server.storage.sqlite_writer import SqliteWriter
from server.storage.tables import snapshots, updates

READ_ONLY = {"maquette_read_only": True}
"""Execution options of a connection that only reads: on SQLite it does not queue for the write lock."""

CONNECT_SECONDS = 5.0
"""For a connection to PostgreSQL; the driver's own minute would be added to every cut of the network."""
KEPT_SNAPSHOTS = 2


def open_engine(url: str, *, idle: float | None = None) -> AsyncEngine:
    """An engine whose commits are durable. url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`.

    idle: seconds after which PostgreSQL ends a transaction in which nothing is asked: one of a server that was stopped
    in its middle would hold on to its rows, and to the right to write. None: never.
    """
    if url.startswith("sqlite"):
        engine = create_async_engine(url, connect_args={"timeout": 30})
        _as_durable(engine.sync_engine)
        return engine
    settings = {"synchronous_commit": "on"}
    if idle is not None:
        settings["idle_in_transaction_session_timeout"] = str(round(idle * 1000))
    return create_async_engine(url, connect_args={"server_settings": settings, "timeout": CONNECT_SECONDS})


def _own_engine(url: URL) -> Engine:
    """A second engine on the same file, for a thread of its own."""
    return _as_durable(create_engine(url.set(drivername="sqlite"), connect_args={"timeout": 30}))


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


class SqlUpdateLog:
    """`log = SqlUpdateLog(open_engine(url))`; the engine stays the caller's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
        self._writer = EngineWriter(engine)
        self.appender = Appender(self._group_writer(engine), self.read)
        self._reader = SqliteReader(_own_engine(engine.url)) if _is_file(engine) else None

    def _group_writer(self, engine: AsyncEngine) -> Writer:
        if engine.dialect.name == "postgresql":
            # asyncpg is an extra: a server on SQLite is complete without it.
            from server.storage.postgres_writer import PostgresWriter  # noqa: PLC0415

            return PostgresWriter(engine)
        return SqliteWriter(_own_engine(engine.url)) if _is_file(engine) else self._writer

    async def load(self, branch: str) -> Loaded:
        with naming_failures():
            return await (self._reader.load(branch) if self._reader is not None else self._load(branch))

    async def _load(self, branch: str) -> Loaded:
        async with self._engine.connect() as connection:
            connection = await connection.execution_options(**READ_ONLY)
            seq, payload = (await connection.execute(snapshots_of(branch).limit(1))).first() or (0, None)
            tail = (await connection.execute(rows_after(branch, seq))).all()
            clients = {row.client: row.user for row in await connection.execute(bound_clients(branch))}
        return Loaded(payload, seq, [entry_of(*row) for row in tail], clients)

    def append(
        self, branch: str, entries: Sequence[Entry], clients: Mapping[int, str], epoch: int = 0
    ) -> Awaitable[None]:
        return self.appender.append(Append.make(branch, entries, clients, epoch))

    async def append_job(
        self, branch: str, entry: Entry, clients: Mapping[int, str], extra: Extra, epoch: int = 0
    ) -> int | None:
        mine = Append.make(branch, [entry], clients, epoch)
        with naming_failures():
            async with self.appender.alone(), self._engine.begin() as connection:
                return await self._append_job(connection, mine, entry, extra)

    async def _append_job(self, connection: AsyncConnection, mine: Append, entry: Entry, extra: Extra) -> int | None:
        branch = mine.branch
        query = select(updates.c.seq).where(updates.c.branch == branch, updates.c.job == entry.job)
        before: int | None = (await connection.execute(query)).scalar()
        if before is not None:
            return before
        try:
            await self._writer.write(connection, [mine])
        except IntegrityError as error:
            raise LogConflict(branch, entry.seq) from error
        await extra(connection)
        return None

    async def read(self, branch: str, after: int = 0, limit: int = 1000) -> list[Entry]:
        with naming_failures():
            return await self._read(branch, after, limit)

    async def _read(self, branch: str, after: int, limit: int) -> list[Entry]:
        async with self._engine.connect() as connection:
            connection = await connection.execution_options(**READ_ONLY)
            rows = await connection.execute(rows_after(branch, after).limit(limit))
            return [entry_of(*row) for row in rows]

    async def put_snapshot(self, branch: str, seq: int, at: int, payload: bytes) -> None:
        row = {"branch": branch, "seq": seq, "at": at, "payload": payload}
        with naming_failures():
            async with self.appender.alone(), self._engine.begin() as connection:
                await self._put_snapshot(connection, branch, row)

    async def _put_snapshot(self, connection: AsyncConnection, branch: str, row: dict[str, Any]) -> None:
        statement = self._insert(snapshots).on_conflict_do_nothing()
        await connection.execute(statement, [row])
        if connection.dialect.name == "sqlite":
            # Its driver keeps prepared statements with what was bound last, here a copy of the whole document.
            await connection.execute(statement, [{**row, "payload": b""}])
        of_branch = snapshots.c.branch == branch
        kept = select(snapshots.c.seq).where(of_branch).order_by(snapshots.c.seq.desc()).limit(KEPT_SNAPSHOTS)
        front = select(histories.c.compacted).where(histories.c.branch == branch).scalar_subquery()
        # Compaction goes on from the newest that lies before it.
        base = select(func.max(snapshots.c.seq)).where(of_branch, snapshots.c.seq <= func.coalesce(front, 0))
        dropped = snapshots.c.seq.not_in(kept), snapshots.c.seq != func.coalesce(base.scalar_subquery(), 0)
        await connection.execute(delete(snapshots).where(of_branch, *dropped))

    async def close(self) -> None:
        await self.appender.close()
        if self._reader is not None:
            await self._reader.close()


def _is_file(engine: AsyncEngine) -> bool:
    """Whether other connections than the engine's own see the same database."""
    return engine.dialect.name == "sqlite" and bool(engine.url.database)
