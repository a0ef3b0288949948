"""A backup of a server that may be running: the database of one moment, then all blobs that it names.

Blobs come second: what a row names was stored before the row was written, and is not removed within days of it.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from server.backups.copying import copy_all, one_moment
from server.backups.layout import (
    BLOBS,
    DATABASE,
    FORMAT,
    SECRET_FILES,
    SECRETS,
    Manifest,
    being_written,
    write_manifest,
)  # fmt: skip
from server.blobs import BlobStore
from server.errors import NotFound
from server.migrations import migrate
from server.settings import Settings
from server.storage.api_tables import plain_blobs, project_blobs
from server.storage.sql import open_engine


async def back_up(settings: Settings, path: Path) -> Manifest:
    """Write a backup of what these settings name to a new folder, or a new file (.tar, .tar.gz)."""
    engine = open_engine(settings.database_url)
    try:
        with being_written(path) as folder:
            return await _write(settings, engine, folder)
    finally:
        await engine.dispose()


async def _write(settings: Settings, engine: AsyncEngine, folder: Path) -> Manifest:
    at = time.time_ns() // 1_000_000
    copy = open_engine(f"sqlite+aiosqlite:///{folder / DATABASE}")
    try:
        await migrate(copy)
        async with one_moment(engine) as source, copy.begin() as target:
            rows = await copy_all(source, target)
        blobs, missing = await _copy_blobs(BlobStore.open(settings.blobs_url), copy, folder / BLOBS)
    finally:
        await copy.dispose()
    _copy_secrets(settings.data, folder / SECRETS)
    manifest = Manifest(FORMAT, at, rows, blobs, missing)
    write_manifest(folder, manifest)
    return manifest


async def _copy_blobs(store: BlobStore, copy: AsyncEngine, folder: Path) -> tuple[int, list[str]]:
    """How many were copied, and which are not there."""
    kept, missing = BlobStore.open(folder.as_uri()), []
    named = await blobs_named(copy)
    for sha256 in named:
        try:
            await copy_blob(store, kept, sha256)
        except NotFound:
            missing.append(sha256)
    return len(named) - len(missing), missing


async def blobs_named(engine: AsyncEngine) -> list[str]:
    """Every blob that a project may read, and every decoded copy."""
    async with engine.connect() as connection:
        named = set((await connection.execute(select(project_blobs.c.sha256).distinct())).scalars())
        return sorted(named.union((await connection.execute(select(plain_blobs.c.plain).distinct())).scalars()))


async def copy_blob(source: BlobStore, target: BlobStore, sha256: str) -> None:
    """Copy one blob. NotFound, or Unprocessable `hash_mismatch` where its bytes are no longer what they were."""
    size = await source.size(sha256)
    writer = target.writer(size)
    async for chunk in source.read(sha256, 0, size):
        await writer.write(chunk)
    await writer.finish(sha256)


def _copy_secrets(data: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for name in SECRET_FILES:
        if (data / name).exists():
            shutil.copy(data / name, folder / name)
            (folder / name).chmod(0o600)
