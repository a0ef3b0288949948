"""Which project may read which blob, and which blobs have a decoded copy: rows beside the store itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from sqlalchemy import Insert, Table, Update, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.blobs import StoredBlob
from server.storage.api_tables import plain_blobs, project_blobs
from server.storage.sql import READ_ONLY

Admit = Callable[[AsyncConnection, int], Awaitable[None]]

_YOUNG = 3_600_000
"""Milliseconds for which a blob need not be made young again."""


class BlobLedger:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock
        self._dialect = sqlite if engine.dialect.name == "sqlite" else postgresql

    async def record(self, project: str, sha256: str, size: int, by: str | None = None) -> bool:
        """Let a project read a blob that `by` stored; whether it is new to the project."""
        return await self.record_all(project, [StoredBlob(sha256, size)], by) > 0

    async def record_all(
        self, project: str, blobs: Iterable[StoredBlob], by: str | None = None, admit: Admit | None = None
    ) -> int:
        """The same for several: all of them or, refused, none. How many are new to the project.

        admit(connection, bytes): asked in the same transaction when so many bytes are new, may refuse by raising.
        """
        count = size = 0
        async with self._engine.begin() as connection:
            for blob in sorted(blobs, key=lambda blob: blob.sha256):  # in one order, so that no two wait for each other
                if await self._record(connection, project, blob, by):
                    count, size = count + 1, size + blob.size
            if count and admit is not None:
                await admit(connection, size)
        return count

    async def _record(self, connection: AsyncConnection, project: str, blob: StoredBlob, by: str | None) -> bool:
        now = int(self._clock() * 1000)
        row = {"project": project, "sha256": blob.sha256, "bytes": blob.size, "at": now, "by": by}
        is_new = (await connection.execute(self._insert(project_blobs).values(row))).rowcount > 0
        if not is_new:
            await connection.execute(_touch(project, blob.sha256, now))
        return is_new

    async def touch(self, project: str, sha256: str) -> None:
        """Somebody asks for a blob in order to refer to it: clean-up leaves it alone for its grace period."""
        now = int(self._clock() * 1000)
        async with self._reader.connect() as connection:
            query = select(project_blobs.c.at).where(
                project_blobs.c.project == project, project_blobs.c.sha256 == sha256
            )
            at = (await connection.execute(query)).scalar_one_or_none()
        if at is not None and at < now - _YOUNG:
            async with self._engine.begin() as connection:
                await connection.execute(_touch(project, sha256, now))

    async def size(self, project: str, sha256: str) -> int | None:
        """Bytes of a blob that the project may read; None when it may not (or there is none)."""
        query = select(project_blobs.c.bytes).where(
            project_blobs.c.project == project, project_blobs.c.sha256 == sha256
        )
        async with self._reader.connect() as connection:
            size: int | None = (await connection.execute(query)).scalar_one_or_none()
            return size

    async def missing(self, project: str, hashes: Iterable[str]) -> list[str]:
        """Those of the hashes that the project may not read, in order."""
        wanted = list(dict.fromkeys(hashes))
        return [sha256 for sha256 in wanted if await self.size(project, sha256) is None]

    async def copy(self, source: str, target: str) -> None:
        """Let a project read all that another one may read."""
        rows = select(project_blobs.c.sha256, project_blobs.c.bytes, project_blobs.c.at).where(
            project_blobs.c.project == source
        )
        async with self._engine.begin() as connection:
            found = [{**row._mapping, "project": target} for row in (await connection.execute(rows)).all()]
            if found:
                await connection.execute(self._insert(project_blobs), found)

    async def plain_of(self, sha256: str) -> str | None:
        """The decoded copy of a geometry, where one was made."""
        query = select(plain_blobs.c.plain).where(plain_blobs.c.sha256 == sha256)
        async with self._reader.connect() as connection:
            plain: str | None = (await connection.execute(query)).scalar_one_or_none()
            return plain

    async def record_plain(self, sha256: str, plain: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(self._insert(plain_blobs).values({"sha256": sha256, "plain": plain}))

    def _insert(self, table: Table) -> Any:
        statement: Insert = self._dialect.insert(table).on_conflict_do_nothing()
        return statement


def _touch(project: str, sha256: str, at: int) -> Update:
    of_project = project_blobs.c.project == project, project_blobs.c.sha256 == sha256
    return update(project_blobs).where(*of_project).values(at=at)
