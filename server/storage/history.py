"""The log as history: whole rows with what compaction left of them, moments, versions, re-foundings.

A *moment* is a row after which the document was what it is when the log is replayed up to it: every row that compaction
has not touched, and of those that it wrote the last of each group (the others are `inside`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.failpoint import failpoint
from server.errors import Conflict, NotFound
from server.storage.base import LogConflict, naming_failures
from server.storage.history_tables import foundings, histories, versions
from server.storage.packing import pack, unpack
from server.storage.sql import READ_ONLY
from server.storage.tables import client_ids, projects, snapshots, updates

REFOUNDED = "refounded"
"""The user to whom the client ids of earlier foundings belong: nobody, so that nothing of theirs comes in again."""
_ROW = tuple(column for column in updates.c if column.name != "branch")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the log as it is stored; see `server.storage.tables.updates`."""

    seq: int
    at: int
    author: str
    via: str
    job: str | None
    payload: bytes
    packed: int = 0
    inside: bool = False
    entry: int | None = None
    last: int | None = None
    began: int | None = None

    @property
    def update(self) -> bytes:
        return unpack(self.packed, self.payload)

    def shrunk(self) -> Row:
        packed, payload = pack(self.update)
        return replace(self, packed=packed, payload=payload)


@dataclass(frozen=True, slots=True)
class Base:
    """The document as it was after row `seq`; payload None: empty."""

    seq: int = 0
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows above `after` and up to the last of `rows`, of which there are `count`, become `rows`."""

    after: int
    count: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Version:
    id: str
    branch: str
    seq: int
    name: str
    author: str
    at: int


class SqlHistory:
    """`history = SqlHistory(engine)`. Every verb raises StorageUnavailable when the disk or the database fails."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._insert: Any = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert

    # -- reading

    async def head(self, branch: str) -> int:
        """The number of the last row; 0 without any."""
        found: int | None = await self._one(select(func.max(updates.c.seq)).where(updates.c.branch == branch))
        return found or 0

    async def rows(self, branch: str, after: int, until: int, limit: int | None = None) -> list[Row]:
        """Rows above `after` up to `until`, in order."""
        query = select(*_ROW).where(updates.c.branch == branch, updates.c.seq > after, updates.c.seq <= until)
        return [_row(found) for found in await self._all(query.order_by(updates.c.seq).limit(limit))]

    async def rows_before(self, branch: str, before: int, limit: int) -> list[Row]:
        """The last rows below `before`, in order."""
        query = select(*_ROW).where(updates.c.branch == branch, updates.c.seq < before)
        return [_row(found) for found in await self._all(query.order_by(updates.c.seq.desc()).limit(limit))][::-1]

    async def base(self, branch: str, seq: int) -> Base:
        """The nearest stored state at or before row `seq` from which the rows up to it can be replayed."""
        founded: int = await self._one(_last(foundings, branch, seq)) or 0
        query = select(snapshots.c.seq, snapshots.c.payload).where(
            snapshots.c.branch == branch, snapshots.c.seq <= seq, snapshots.c.seq >= founded
        )
        found = await self._all(query.order_by(snapshots.c.seq.desc()).limit(1))
        return Base(found[0].seq, bytes(found[0].payload)) if found else Base(max(founded - 1, 0))

    async def moment(self, branch: str, seq: int) -> int:
        """The last moment at or before row `seq`; 0 before the first."""
        query = select(func.max(updates.c.seq)).where(
            updates.c.branch == branch, updates.c.seq <= seq, updates.c.inside.is_(False)
        )
        return await self._one(query) or 0

    async def compacted(self, branch: str) -> int:
        """Up to which row compaction has come."""
        return await self._one(select(histories.c.compacted).where(histories.c.branch == branch)) or 0

    async def uncompacted(self, rows: int, older_than: int) -> list[str]:
        """Branches with at least `rows` rows behind compaction that nobody has written to since `older_than` (ms)."""
        query = (
            select(updates.c.branch)
            .outerjoin(histories, histories.c.branch == updates.c.branch)
            .where(updates.c.seq > func.coalesce(histories.c.compacted, 0))
            .group_by(updates.c.branch)
            .having(func.count() >= rows, func.max(updates.c.at) < older_than)
            .order_by(updates.c.branch)
        )
        return [found.branch for found in await self._all(query)]

    async def foundings(self, branch: str, after: int, until: int) -> list[int]:
        """Rows in that range that found the document anew."""
        query = select(foundings.c.seq).where(*_within(foundings, branch, after, until)).order_by(foundings.c.seq)
        return [found.seq for found in await self._all(query)]

    async def barriers(self, branch: str, after: int, until: int) -> list[int]:
        """Rows in that range that must stay moments: of versions and kept snapshots."""
        queries = (select(table.c.seq).where(*_within(table, branch, after, until)) for table in (versions, snapshots))
        return sorted({found.seq for query in queries for found in await self._all(query)})

    # -- compaction

    async def replace(self, branch: str, slice: Slice) -> None:
        """Put a slice in place of what it was made of, whole or not at all.

        LogConflict where the log is no longer what it was, or a version was made meanwhile of a moment that would go.
        """
        with naming_failures():
            async with self._engine.begin() as connection:
                await self._replace(connection, branch, slice)
                failpoint("compact.commit")
            failpoint("compact.committed")

    async def _replace(self, connection: AsyncConnection, branch: str, slice: Slice) -> None:
        until = slice.rows[-1].seq
        removed = await connection.execute(delete(updates).where(*_within(updates, branch, slice.after, until)))
        failpoint("compact.deleted")
        named = await connection.execute(select(versions.c.seq).where(*_within(versions, branch, slice.after, until)))
        moments = {row.seq for row in slice.rows if not row.inside}
        if removed.rowcount != slice.count or not moments.issuperset(named.scalars()):
            raise LogConflict(branch, until)
        await connection.execute(insert(updates), [_values(branch, row) for row in slice.rows])
        statement = self._insert(histories).values(branch=branch, compacted=until)
        await connection.execute(statement.on_conflict_do_update(index_elements=["branch"], set_={"compacted": until}))

    # -- versions

    async def name(self, version: Version) -> Version:
        """Keep a version; one that has this id already is returned as it is. Conflict where its row is no moment."""
        with naming_failures():
            async with self._engine.begin() as connection:
                query = select(versions).where(versions.c.id == version.id)
                if (before := (await connection.execute(query)).one_or_none()) is not None:
                    return Version(**before._mapping)
                await _need_moment(connection, version.branch, version.seq)
                await connection.execute(insert(versions).values(asdict(version)))
        return version

    async def version(self, branch: str, id: str) -> Version:
        """NotFound where the document has none of this id."""
        found = await self._all(select(versions).where(versions.c.branch == branch, versions.c.id == id))
        if not found:
            raise NotFound("no_such_version", f"there is no version {id[:80]!r}")
        return Version(**found[0]._mapping)

    async def versions(self, branch: str, before: tuple[int, str] | None, limit: int) -> list[Version]:
        """The newest first, behind the one of (at, id) = before."""
        query = select(versions).where(versions.c.branch == branch)
        if before is not None:
            at, id = before
            query = query.where((versions.c.at < at) | ((versions.c.at == at) & (versions.c.id < id)))
        query = query.order_by(versions.c.at.desc(), versions.c.id.desc()).limit(limit)
        return [Version(**found._mapping) for found in await self._all(query)]

    # -- founding anew

    async def found(self, branch: str, project: str, row: Row, generation: int) -> None:
        """Put a row that holds the whole document, of a new generation, behind the last one, and retire all client ids.

        LogConflict where another row came first.
        """
        with naming_failures():
            async with self._engine.begin() as connection:
                try:
                    await connection.execute(insert(updates).values(_values(branch, row)))
                except IntegrityError as error:
                    raise LogConflict(branch, row.seq) from error
                await _found(connection, branch, row, generation)
                changed = update(projects).where(projects.c.id == project, projects.c.generation < generation)
                if not (await connection.execute(changed.values(generation=generation))).rowcount:
                    raise LogConflict(branch, row.seq)
                failpoint("refound.commit")

    # -- small helpers

    async def _one(self, query: Select[Any]) -> Any:
        with naming_failures():
            async with self._reader.connect() as connection:
                return (await connection.execute(query)).scalar_one_or_none()

    async def _all(self, query: Select[Any]) -> Sequence[Any]:
        with naming_failures():
            async with self._reader.connect() as connection:
                found: Sequence[Any] = (await connection.execute(query)).all()
        return found


async def _found(connection: AsyncConnection, branch: str, row: Row, generation: int) -> None:
    await connection.execute(insert(foundings).values(branch=branch, seq=row.seq, generation=generation))
    snapshot = {"branch": branch, "seq": row.seq, "at": row.at, "payload": row.update}
    await connection.execute(insert(snapshots).values(snapshot))
    await connection.execute(update(client_ids).where(client_ids.c.branch == branch).values(user=REFOUNDED))


async def _need_moment(connection: AsyncConnection, branch: str, seq: int) -> None:
    # Locked: compaction that would merge this row waits for our commit, and then finds the version.
    query = select(updates.c.inside).where(updates.c.branch == branch, updates.c.seq == seq).with_for_update()
    inside = (await connection.execute(query)).scalar_one_or_none()
    if inside is None or inside:
        raise Conflict("no_such_moment", f"the log has no moment {seq}", "the `last` of an entry of the log")


def _last(table: Any, branch: str, seq: int) -> Select[Any]:
    return select(func.max(table.c.seq)).where(table.c.branch == branch, table.c.seq <= seq)


def _within(table: Any, branch: str, after: int, until: int) -> Iterable[Any]:
    return table.c.branch == branch, table.c.seq > after, table.c.seq <= until


def _row(found: Any) -> Row:
    values = dict(found._mapping)
    return Row(**{**values, "payload": bytes(values["payload"])})


def _values(branch: str, row: Row) -> dict[str, Any]:
    return {"branch": branch, **asdict(row)}
