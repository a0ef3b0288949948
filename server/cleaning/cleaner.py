"""Removes blobs that nothing refers to, after a grace period, and what uploads that never ended have left.

Nothing that is about to be referred to is removed: storing a blob again, and asking whether it is there, makes it
young; its row goes only if it is still old at that moment; and its bytes are taken aside, looked at once more, and put
back where a row or a new upload has come in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from server.blobs import BlobStore
from server.cleaning.references import References
from server.errors import NotFound
from server.storage.api_tables import plain_blobs, project_blobs
from server.storage.sql import READ_ONLY
from server.storage.tables import projects

GRACE_SECONDS = 7 * 86400.0
LEFTOVER_SECONDS = 86400.0
EVERY_SECONDS = 86400.0

_log = structlog.get_logger()


@dataclass(slots=True)
class Cleaned:
    """rows: (project, blob) pairs that are no longer kept. blobs: those whose bytes went, and how many bytes."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)
    bytes: int = 0
    leftovers: int = 0


class Cleaner:
    def __init__(
        self, engine: AsyncEngine, blobs: BlobStore, references: References, clock: Callable[[], float],
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._blobs = blobs
        self._references = references
        self._clock = clock
        self._grace_seconds = grace_seconds

    async def run(self) -> None:
        """Once a day, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            cleaned = await self.clean()
            _log.info("cleaned", rows=len(cleaned.rows), blobs=len(cleaned.blobs), bytes=cleaned.bytes)

    async def clean(self, *, dry: bool = False) -> Cleaned:
        """Remove what is unreferenced. dry: only tell what would be."""
        cleaned = Cleaned()
        for project in await self._projects_with_old_blobs():
            await self._clean_project(project, cleaned, dry)
        for sha256 in await self._candidates(cleaned, dry):
            await self._remove_bytes(sha256, cleaned, dry)
        if not dry:
            cleaned.leftovers = await self._blobs.remove_old_leftovers(self._clock() - LEFTOVER_SECONDS)
        return cleaned

    async def remove(self, recorded: Mapping[str, float]) -> int:
        """Remove at once blobs whose last rows have just gone; how many went. recorded: when they were stored last, as
        the rows said (seconds since 1970). What somebody has stored again since stays: their row is about to come; if
        it does not, the next cleaning finds the blob.
        """
        removed = 0
        for sha256, at in recorded.items():
            with suppress(NotFound):
                removed += await self._take_away(sha256, at)
        return removed

    # -- rows

    @property
    def _before(self) -> int:
        return int((self._clock() - self._grace_seconds) * 1000)

    async def _projects_with_old_blobs(self) -> list[str]:
        query = select(project_blobs.c.project).where(project_blobs.c.at < self._before).distinct()
        async with self._reader.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def _clean_project(self, project: str, cleaned: Cleaned, dry: bool) -> None:
        query = select(project_blobs.c.sha256).where(
            project_blobs.c.project == project, project_blobs.c.at < self._before
        )
        async with self._reader.connect() as connection:
            old = list((await connection.execute(query)).scalars())
            exists = (await connection.execute(select(projects.c.id).where(projects.c.id == project))).first()
        kept = await self._references.of_project(project) if exists else set()
        for sha256 in sorted(set(old) - kept):
            if dry or await self._remove_row(project, sha256):
                cleaned.rows.append((project, sha256))

    async def _remove_row(self, project: str, sha256: str) -> bool:
        still_old = (
            project_blobs.c.project == project, project_blobs.c.sha256 == sha256, project_blobs.c.at < self._before,
        )  # fmt: skip
        async with self._engine.begin() as connection:
            return (await connection.execute(delete(project_blobs).where(*still_old))).rowcount > 0

    # -- bytes

    async def _candidates(self, cleaned: Cleaned, dry: bool) -> list[str]:
        """Old blobs of the store that no project keeps."""
        named = await self._named(set(cleaned.rows) if dry else set())
        stored = await self._blobs.older_than(self._clock() - self._grace_seconds)
        return sorted(sha256 for sha256 in stored if sha256 not in named)

    async def _named(self, without: set[tuple[str, str]]) -> set[str]:
        async with self._reader.connect() as connection:
            rows = (await connection.execute(select(project_blobs.c.project, project_blobs.c.sha256))).all()
            named = {row.sha256 for row in rows if (row.project, row.sha256) not in without}
            pairs = (await connection.execute(select(plain_blobs.c.sha256, plain_blobs.c.plain))).all()
        return named | {pair.plain for pair in pairs if pair.sha256 in named}

    async def _remove_bytes(self, sha256: str, cleaned: Cleaned, dry: bool) -> None:
        size = await self._blobs.size(sha256)
        if not dry and not await self._take_away(sha256, self._clock() - self._grace_seconds):
            return
        cleaned.blobs.append(sha256)
        cleaned.bytes += size

    async def _take_away(self, sha256: str, before: float) -> bool:
        """Unless it was stored later than that, or is named by a row after all."""
        aside = await self._blobs.set_aside(sha256)
        if aside.at > before or sha256 in await self._named(set()):
            await self._blobs.put_back(aside)
            return False
        async with self._engine.begin() as connection:
            await connection.execute(delete(plain_blobs).where(plain_blobs.c.plain == sha256))
        await self._blobs.drop(aside)
        return True
