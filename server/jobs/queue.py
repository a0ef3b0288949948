"""The durable queue: jobs as rows, in and out of SQL. Leases are in `leases`, the session's mirror in `mirror`.

Each change is one statement that names the state it expects, so that two writers never both succeed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.errors import NotFound
from server.jobs.job import JsonObject, QueuedJob, job_of
from server.storage.api_tables import jobs
from server.storage.sql import READ_ONLY

COLUMNS = [column for column in jobs.c if column.name != "sequence"]
_RECENT = 20

Admit = Callable[[AsyncConnection], Awaitable[None]]


class JobQueue:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock

    async def add(
        self, id: str, project: str, op: str, target: JsonObject, params: JsonObject, by: str, at: int | None = None,
        error: JsonObject | None = None, trace: str | None = None, admit: Admit | None = None,
    ) -> QueuedJob:  # fmt: skip
        """Queue a job. One that exists already is left as it is and returned: asking twice is asking once.

        error: the job was refused; it is kept as failed, so that its asker can read why. trace: the asker's span.
        admit: asked in the same transaction, may refuse by raising.
        """
        now = self._now()
        row = {"id": id, "project": project, "op": op, "target": target, "params": params, "by": by, "at": at or now,
               "trace": trace}  # fmt: skip
        if error is not None:
            row |= {"state": "failed", "error": error, "finished": now}
        try:
            async with self._engine.begin() as connection:
                if admit is not None:
                    await admit(connection)
                return job_of((await connection.execute(insert(jobs).values(row).returning(*COLUMNS))).one())
        except IntegrityError:
            return await self.read(project, id)

    async def read(self, project: str, id: str) -> QueuedJob:
        """One job of a project, or NotFound."""
        found = await self._select(jobs.c.project == project, jobs.c.id == id)
        if not found:
            raise NotFound("no_such_job", f"this project has no job {id[:80]!r}")
        return found[0]

    async def find(self, id: str) -> QueuedJob:
        """One job of any project, for peers; or NotFound."""
        found = await self._select(jobs.c.id == id)
        if not found:
            raise NotFound("no_such_job", f"there is no job {id[:80]!r}")
        return found[0]

    async def page(self, project: str, before: int | None, limit: int) -> tuple[list[QueuedJob], int | None]:
        """Jobs of a project that people asked for, newest first, and the cursor of the next page."""
        query = select(*COLUMNS, jobs.c.sequence).where(jobs.c.project == project, jobs.c.op != "plain")
        if before is not None:
            query = query.where(jobs.c.sequence < before)
        async with self._reader.connect() as connection:
            rows = (await connection.execute(query.order_by(jobs.c.sequence.desc()).limit(limit + 1))).all()
        cursor = rows[limit - 1].sequence if len(rows) > limit else None
        return [QueuedJob(**{c.name: row._mapping[c.name] for c in COLUMNS}) for row in rows[:limit]], cursor

    async def of_project(self, project: str, ids: Collection[str] | None = None) -> list[QueuedJob]:
        """All jobs of a project, or those of these ids, in the order of asking."""
        if ids is None:
            return await self._select(jobs.c.project == project)
        return await self._select(jobs.c.project == project, jobs.c.id.in_(ids)) if ids else []

    async def cancel(self, project: str, id: str) -> QueuedJob:
        """Cancel at once what waits; ask the peer of what runs; leave what is over as it is."""
        await self._change(
            [jobs.c.project == project, jobs.c.id == id, jobs.c.state.in_(["queued", "awaiting_input"])],
            {"state": "cancelled", "finished": self._now()},
        )
        await self._change(
            [jobs.c.project == project, jobs.c.id == id, jobs.c.state == "running"], {"cancelling": True}
        )
        return await self.read(project, id)

    async def cancel_project(self, project: str) -> list[QueuedJob]:
        """Cancel everything that a trashed project still waits for; returns what changed."""
        open_jobs = await self._select(
            jobs.c.project == project, jobs.c.state.not_in(["succeeded", "failed", "cancelled"])
        )
        return [await self.cancel(project, job.id) for job in open_jobs]

    async def known(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are jobs, of whichever project."""
        query = select(jobs.c.id).where(jobs.c.id.in_(ids))
        async with self._reader.connect() as connection:
            return set((await connection.execute(query)).scalars()) if ids else set()

    async def failures(self, op: str, project: str, blob: str) -> int:
        """How many jobs of an operation on one blob have failed in a project."""
        query = select(jobs.c.params).where(jobs.c.project == project, jobs.c.op == op, jobs.c.state == "failed")
        async with self._reader.connect() as connection:
            return sum(params.get("blob") == blob for params in (await connection.execute(query)).scalars())

    async def position(self, job: QueuedJob) -> int | None:
        """1 for the job that has waited longest; None once it does not wait. Turns between users can still reorder."""
        if job.state != "queued":
            return None
        own = select(jobs.c.sequence).where(jobs.c.id == job.id).scalar_subquery()
        query = select(func.count()).where(jobs.c.state == "queued", jobs.c.sequence <= own)
        async with self._reader.connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def usual_seconds(self, op: str) -> float | None:
        """The mean run time of the latest jobs of an operation that succeeded."""
        query = (
            select(jobs.c.started, jobs.c.finished)
            .where(jobs.c.op == op, jobs.c.state == "succeeded", jobs.c.started.is_not(None))
            .order_by(jobs.c.sequence.desc())
            .limit(_RECENT)
        )
        async with self._reader.connect() as connection:
            times = [(row.finished - row.started) / 1000 for row in (await connection.execute(query)).all()]
        return sum(times) / len(times) if times else None

    async def counts(self) -> dict[str, int]:
        """Jobs by state, for the metrics."""
        query = select(jobs.c.state, func.count().label("jobs")).group_by(jobs.c.state)
        async with self._reader.connect() as connection:
            return {row.state: row.jobs for row in (await connection.execute(query)).all()}

    async def _select(self, *where: ColumnElement[bool]) -> list[QueuedJob]:
        async with self._reader.connect() as connection:
            return [
                job_of(row)
                for row in (await connection.execute(select(*COLUMNS).where(*where).order_by(jobs.c.sequence))).all()
            ]

    async def _change(self, where: Sequence[ColumnElement[bool]], values: dict[str, Any]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(update(jobs).where(*where).values(values))

    def _now(self) -> int:
        return int(self._clock() * 1000)
