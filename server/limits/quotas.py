"""What a project or a user may hold or spend: jobs under way, compute time in a day, bytes of blobs.

Usage is looked up where it is written down (jobs, project_blobs, compute_usage), so that what ends or is removed frees
its share at once. A quota of 0 is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

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
        values = self.values
        if values.user_jobs and await self.jobs_of(jobs.c.by == by) >= values.user_jobs:
            raise Conflict(
                "too_many_jobs", f"{values.user_jobs} jobs of yours wait or run already", "wait for one, or cancel one"
            )
        if values.project_jobs and await self.jobs_of(jobs.c.project == project) >= values.project_jobs:
            raise Conflict(
                "too_many_jobs", f"{values.project_jobs} jobs of this project wait or run already",
                "wait for one, or cancel one",
            )  # fmt: skip
        await self._check_compute("project", compute_usage.c.project == project, values.project_compute)
        await self._check_compute("user", compute_usage.c.by == by, values.user_compute)

    async def check_storage(self, project: str, by: str, size: int) -> None:
        """Whether so many more bytes may be stored: `storage_full`."""
        values = self.values
        await self._check_storage("project", project_blobs.c.project == project, values.project_storage, size)
        await self._check_storage("user", project_blobs.c.by == by, values.user_storage, size)

    async def jobs_of(self, *where: ColumnElement[bool]) -> int:
        """Jobs that wait or run."""
        query = select(func.count()).select_from(jobs).where(jobs.c.state.in_(_OPEN), *where)
        return int(await self._one(query))

    async def compute_of(self, *where: ColumnElement[bool]) -> float:
        """Seconds of compute in the last 24 hours."""
        since = int((self._clock() - DAY) * 1000)
        query = select(func.coalesce(func.sum(compute_usage.c.seconds), 0)).where(compute_usage.c.at > since, *where)
        return float(await self._one(query))

    async def storage_of(self, *where: ColumnElement[bool]) -> int:
        """Bytes of blobs."""
        return int(await self._one(select(func.coalesce(func.sum(project_blobs.c.bytes), 0)).where(*where)))

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

    async def _check_storage(self, whose: str, where: ColumnElement[bool], limit: int, size: int) -> None:
        if limit and (used := await self.storage_of(where)) + size > limit:
            raise TooLarge(
                "storage_full", f"this {whose} stores {used} bytes; {size} more are above its {limit}",
                "remove what is not needed, or ask the operator for more",
            )  # fmt: skip

    async def _one(self, query: Select[Any]) -> Any:
        async with self._reader.connect() as connection:
            return (await connection.execute(query)).scalar_one()
