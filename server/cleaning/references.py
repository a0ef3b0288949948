"""Which blobs are referred to: every SHA-256 that stands anywhere in a log, a job or beside a referred-to blob.

Nothing is parsed: whatever looks like the name of a blob is one. That finds too many rather than too few, whatever
kinds of records there will be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from server.side_process import SideProcess
from server.storage.api_tables import jobs, plain_blobs
from server.storage.history import SqlHistory
from server.storage.packing import unpack
from server.storage.sql import READ_ONLY
from server.storage.tables import updates

_NAME = re.compile(rb"(?=([0-9a-f]{64}))")
_ROWS = 500


class References:
    def __init__(self, engine: AsyncEngine, history: SqlHistory, process: SideProcess) -> None:
        self._engine = engine.execution_options(**READ_ONLY)
        self._history = history
        self._process = process

    async def of_project(self, project: str) -> set[str]:
        """Blobs that any row of a log of the project (so any scene, branch or version), or any of its jobs, names."""
        found = await self._in_jobs(project)
        for branch in await self._branches(project):
            found |= await self._in_log(branch)
        return found | await self._plain_copies(found)

    async def _branches(self, project: str) -> list[str]:
        query = select(updates.c.branch).where(updates.c.branch.startswith(f"{project}/", autoescape=True)).distinct()
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def _in_log(self, branch: str) -> set[str]:
        found: set[str] = set()
        after, head = 0, await self._history.head(branch)
        while rows := await self._history.rows(branch, after, head, _ROWS):
            weight = sum(len(row.payload) for row in rows)
            found |= await self._process.ask(names_in, [(row.packed, row.payload) for row in rows], weight=weight)
            after = rows[-1].seq
        return found

    async def _in_jobs(self, project: str) -> set[str]:
        columns = (jobs.c.target, jobs.c.params, jobs.c.result, jobs.c.error)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(*columns).where(jobs.c.project == project))).all()
        return _names(json.dumps([list(row) for row in rows]).encode())

    async def _plain_copies(self, names: Iterable[str]) -> set[str]:
        async with self._engine.connect() as connection:
            pairs = (await connection.execute(select(plain_blobs.c.sha256, plain_blobs.c.plain))).all()
        wanted = set(names)
        return {pair.plain for pair in pairs if pair.sha256 in wanted}


def names_in(rows: Iterable[tuple[int, bytes]]) -> set[str]:
    """What looks like a blob's name in (packed, payload) rows. Slow for large ones: not in the event loop."""
    return set().union(*(_names(unpack(packed, payload)) for packed, payload in rows))


def _names(data: bytes) -> set[str]:
    return {name.decode() for name in _NAME.findall(data)}
