"""Leases: which peer works on which job, until when, and how each attempt ends (SPEC J1).

A lease is a random token. Only its holder may report progress, complete or fail the job; when it expires, the job is
given to another, and what the first one sends afterwards is refused with `lease_lost`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.errors import Conflict
from server.jobs.job import JsonObject, QueuedJob, job_of
from server.jobs.queue import COLUMNS
from server.storage.api_tables import jobs
from server.storage.limit_tables import compute_usage
from server.storage.sql import READ_ONLY


@dataclass(frozen=True)
class Lease:
    """token: to be named in every report; expires: seconds from now."""

    job: QueuedJob
    token: str
    expires: float


class Leases:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], *, seconds: float, attempts: int) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock
        self._seconds = seconds
        self._attempts = attempts

    async def take(self, peer: str, ops: Sequence[str]) -> Lease | None:
        """Give the next job of these operations to a peer, or None. Users take turns; each user's jobs go in order."""
        token = secrets.token_urlsafe(24)
        values = {
            "state": "running", "lease": token, "expires": self._expiry(), "attempts": jobs.c.attempts + 1,
            "worker": peer, "started": self._now(), "progress": 0.0, "message": "",
        }  # fmt: skip
        where = [jobs.c.id == _next_job(ops), jobs.c.state == "queued"]
        async with self._engine.begin() as connection:
            job = await _change(connection, where, values)
        return Lease(job, token, self._seconds) if job else None

    async def heartbeat(self, id: str, lease: str, progress: float, message: str) -> QueuedJob:
        """Prolong a lease and note the progress; `lease_lost` when it is not the current one."""
        values = {"expires": self._expiry(), "progress": progress, "message": message}
        async with self._engine.begin() as connection:
            job = await _change(connection, _held(id, lease), values)
        return _still_held(job, id)

    async def complete(self, connection: AsyncConnection, id: str, lease: str, result: JsonObject) -> QueuedJob:
        """Mark a job succeeded within the transaction that logs its update. Raising undoes both."""
        values = {
            "state": "succeeded",
            "result": result,
            "finished": self._now(),
            "progress": 1.0,
            "message": "",
            "expires": None,
        }
        job = await _change(connection, [*_held(id, lease), jobs.c.cancelling.is_(False)], values)
        await self._charge(connection, job)
        return _still_held(job, id)

    async def fail(self, job: QueuedJob, lease: str, error: JsonObject, retry: bool) -> QueuedJob:
        """End an attempt: cancelled if that was asked for, queued again on retry while attempts last, else failed."""
        async with self._engine.begin() as connection:
            failed = await _change(connection, _held(job.id, lease), self._after_failure(job, error, retry))
            await self._charge(connection, failed)
        return _still_held(failed, job.id)

    async def expire(self) -> list[QueuedJob]:
        """End the attempts whose peers have been silent for too long; returns the jobs that changed."""
        now = self._now()
        async with self._reader.connect() as connection:
            query = select(*COLUMNS).where(jobs.c.state == "running", jobs.c.expires <= now)
            overdue = [job_of(row) for row in (await connection.execute(query)).all()]
        ended = [await self._expire(job, now) for job in overdue]
        return [job for job in ended if job is not None]

    async def _expire(self, job: QueuedJob, now: int) -> QueuedJob | None:
        cause = {
            "code": "lease_expired",
            "message": f"{job.worker or 'the peer'} was silent for {self._seconds:g} s",
            "hint": "",
        }
        where = [*_held(job.id, job.lease or ""), jobs.c.expires <= now]
        async with self._engine.begin() as connection:
            expired = await _change(connection, where, self._after_failure(job, cause, retry=True))
            await self._charge(connection, expired)
            return expired

    async def next_expiry(self) -> float | None:
        """Seconds until the first lease expires; None when nothing runs."""
        async with self._reader.connect() as connection:
            first = (
                await connection.execute(select(func.min(jobs.c.expires)).where(jobs.c.state == "running"))
            ).scalar_one()
        return None if first is None else max(0.0, first / 1000 - self._clock())

    async def prolong_all(self) -> None:
        """Give every running job a whole lease: at start, for peers that could not reach a server that was away."""
        async with self._engine.begin() as connection:
            await connection.execute(update(jobs).where(jobs.c.state == "running").values(expires=self._expiry()))

    async def _charge(self, connection: AsyncConnection, job: QueuedJob | None) -> None:
        """Note what an attempt that ended has cost, whatever came of it."""
        if job is None or job.started is None:
            return
        now = self._now()
        row = {"job": job.id, "attempt": job.attempts, "project": job.project, "by": job.by, "op": job.op,
               "seconds": max(0, now - job.started) / 1000, "at": now}  # fmt: skip
        await connection.execute(insert(compute_usage).values(row))

    def _after_failure(self, job: QueuedJob, error: JsonObject, retry: bool) -> dict[str, Any]:
        causes = [*job.causes, {"attempt": job.attempts, "worker": job.worker, "at": self._now(), **error}]
        ended = {"causes": causes, "lease": None, "expires": None, "progress": 0.0, "message": ""}
        if job.cancelling:
            return ended | {"state": "cancelled", "finished": self._now()}
        if retry and job.attempts < self._attempts:
            return ended | {"state": "queued", "worker": ""}
        final = _exhausted(causes) if retry and len(causes) > 1 else error
        return ended | {"state": "failed", "error": final, "finished": self._now()}

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _expiry(self) -> int:
        return self._now() + int(self._seconds * 1000)


def _next_job(ops: Sequence[str]) -> Any:
    """The id of the job whose turn it is: of the user who was served longest ago, the oldest.

    Peers that ask at the same moment pass over each other's rows: PostgreSQL would make them wait for one row and then
    go away with nothing (SQLite has one writer and no such clause).
    """
    other = jobs.alias()
    served = select(func.coalesce(func.max(other.c.started), 0)).where(other.c.by == jobs.c.by).scalar_subquery()
    return (
        select(jobs.c.id)
        .where(jobs.c.state == "queued", jobs.c.op.in_(ops))
        .order_by(served, jobs.c.at, jobs.c.sequence)
        .limit(1)
        .with_for_update(skip_locked=True, of=jobs)
        .correlate(None)
        .scalar_subquery()
    )


def _held(id: str, lease: str) -> list[ColumnElement[bool]]:
    return [jobs.c.id == id, jobs.c.state == "running", jobs.c.lease == lease]


async def _change(
    connection: AsyncConnection, where: Sequence[ColumnElement[bool]], values: dict[str, Any]
) -> QueuedJob | None:
    row = (await connection.execute(update(jobs).where(*where).values(values).returning(*COLUMNS))).one_or_none()
    return job_of(row) if row else None


def _still_held(job: QueuedJob | None, id: str) -> QueuedJob:
    if job is None:
        raise lease_lost(id)
    return job


def lease_lost(id: str) -> Conflict:
    return Conflict("lease_lost", f"job {id} is not leased under this token any more", "drop the work; lease again")


def _exhausted(causes: list[JsonObject]) -> JsonObject:
    told = "; ".join(f"{cause['attempt']}. {cause['code']}: {cause['message']}" for cause in causes)
    return {"code": "attempts_exhausted", "message": f"{len(causes)} attempts failed: {told}", "hint": ""}
