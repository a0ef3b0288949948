"""What a project or a user may hold or spend: jobs under way, compute time in a day, bytes of blobs.

Usage is looked up where it is written down (jobs, project_blobs, compute_usage), so that what ends or is removed frees
its share at once. A quota of 0 is none. `check_…` refuses early, before work is done for what is too much; `admit_…` is
exact: it counts within the transaction that adds to it, and those of one user or project take turns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.errors import Conflict, TooLarge, TooMany
from server.storage.api_tables import jobs, project_blobs
from server.storage.limit_tables import compute_usage
from server.storage.sql import READ_ONLY

DAY = 24 * 3600
_OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class QuotaValues:
    """jobs: waiting or running; compute: seconds in 24 hours; storage: bytes. 0: any number."""

    project_jobs: int = 0
    user_jobs: int = 0
    project_compute: int = 0
    user_compute: int = 0
    project_storage: int = 0
    user_storage: int = 0


class Quotas:
    def __init__(self, engine: AsyncEngine, values: QuotaValues, clock: Callable[[], float]) -> None:
        self._reader = engine.execution_options(**READ_ONLY)
        self.values = values
        self._clock = clock

    async def check_job(self, project: str, by: str) -> None:
        """Whether one more job may be asked for: `too_many_jobs`, `compute_used_up`."""
        async with self._reader.connect() as connection:
            await self._check_jobs(connection, project, by)
        await self._check_compute("project", compute_usage.c.project == project, self.values.project_compute)
        await self._check_compute("user", compute_usage.c.by == by, self.values.user_compute)

    async def admit_job(self, connection: AsyncConnection, project: str, by: str) -> None:
        """The same for the jobs under way, in the transaction that then adds one."""
        if self.values.user_jobs or self.values.project_jobs:
            await _take_turns(connection, f"jobs/by/{by}", f"jobs/of/{project}")
            await self._check_jobs(connection, project, by)

    async def _check_jobs(self, connection: AsyncConnection, project: str, by: str) -> None:
        for whose, where, limit in (
            ("yours", jobs.c.by == by, self.values.user_jobs),
            ("this project", jobs.c.project == project, self.values.project_jobs),
        ):
            if limit and await _one(connection, _jobs(where)) >= limit:
                raise Conflict(
                    "too_many_jobs", f"{limit} jobs of {whose} wait or run already", "wait for one, or cancel one"
                )

    async def check_storage(self, project: str, by: str, size: int) -> None:
        """Whether so many more bytes may be stored: `storage_full`."""
        async with self._reader.connect() as connection:
            await self._check_storage(connection, project, by, size, 0)

    async def admit_storage(self, connection: AsyncConnection, project: str, by: str, size: int) -> None:
        """The same in the transaction that has added rows of so many bytes."""
        if self.values.project_storage or self.values.user_storage:
            await _take_turns(connection, f"storage/by/{by}", f"storage/of/{project}")
            await self._check_storage(connection, project, by, size, size)

    def storage_of_one(self, project: str, by: str) -> Callable[[AsyncConnection, int], Awaitable[None]]:
        """`admit_storage` for one user in one project, as the ledger asks it."""
        return lambda connection, size: self.admit_storage(connection, project, by, size)

    async def _check_storage(self, connection: AsyncConnection, project: str, by: str, size: int, counted: int) -> None:
        """counted: how many of the bytes the rows hold already."""
        for whose, where, limit in (
            ("project", project_blobs.c.project == project, self.values.project_storage),
            ("user", project_blobs.c.by == by, self.values.user_storage),
        ):
            if limit and (used := await _one(connection, _storage(where)) - counted) + size > limit:
                raise TooLarge(
                    "storage_full", f"this {whose} stores {used} bytes; {size} more are above its {limit}",
                    "remove what is not needed, or ask the operator for more",
                )  # fmt: skip

    async def jobs_of(self, *where: ColumnElement[bool]) -> int:
        """Jobs that wait or run."""
        return int(await self._one(_jobs(*where)))

    async def compute_of(self, *where: ColumnElement[bool]) -> float:
        """Seconds of compute in the last 24 hours."""
        since = int((self._clock() - DAY) * 1000)
        query = select(func.coalesce(func.sum(compute_usage.c.seconds), 0)).where(compute_usage.c.at > since, *where)
        return float(await self._one(query))

    async def storage_of(self, *where: ColumnElement[bool]) -> int:
        """Bytes of blobs."""
        return int(await self._one(_storage(*where)))

    async def of_project(self, project: str) -> dict[str, dict[str, float]]:
        """What a project uses, and its limits, as the API shows it."""
        values = self.values
        jobs_now = await self.jobs_of(jobs.c.project == project)
        compute = await self.compute_of(compute_usage.c.project == project)
        storage = await self.storage_of(project_blobs.c.project == project)
        return {
            "jobs": {"used": jobs_now, "limit": values.project_jobs},
            "compute": {"used": round(compute, 3), "limit": values.project_compute},
            "storage": {"used": storage, "limit": values.project_storage},
        }

    async def _check_compute(self, whose: str, where: ColumnElement[bool], limit: int) -> None:
        if limit and (used := await self.compute_of(where)) >= limit:
            wait = await self._until_free(where)
            raise TooMany(
                "compute_used_up", f"this {whose} used {used:.0f} of {limit} seconds of compute in 24 hours",
                f"try again in {wait / 60:.0f} minutes", retry_after=wait,
            )  # fmt: skip

    async def _until_free(self, where: ColumnElement[bool]) -> float:
        """Seconds until the oldest use of the last 24 hours no longer counts."""
        now = self._clock()
        since = int((now - DAY) * 1000)
        oldest = await self._one(select(func.min(compute_usage.c.at)).where(compute_usage.c.at > since, where))
        return max(1.0, float(oldest) / 1000 + DAY - now)

    async def _one(self, query: Select[Any]) -> Any:
        async with self._reader.connect() as connection:
            return await _one(connection, query)


def _jobs(*where: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(jobs).where(jobs.c.state.in_(_OPEN), *where)


def _storage(*where: ColumnElement[bool]) -> Select[Any]:
    return select(func.coalesce(func.sum(project_blobs.c.bytes), 0)).where(*where)


async def _one(connection: AsyncConnection, query: Select[Any]) -> Any:
    return (await connection.execute(query)).scalar_one()


async def _take_turns(connection: AsyncConnection, *names: str) -> None:
    """Wait for the other transactions that count the same; always in one order, so that no two wait for each other.

    On SQLite writers take turns anyway.
    """
    if connection.dialect.name == "postgresql":
        for name in sorted(names):
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
