"""A server from a backup: into an empty database and data folder, of whatever kind.

Every scene is founded anew, as of the next generation (trash and all): a client that is ahead of the backup then joins
anew and offers what it has as a proposal, instead of bringing back half of what the backup does not know.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.backups.backup import blobs_named, copy_blob
from server.backups.copying import copy_all, is_empty, one_moment
from server.backups.layout import (
    BLOBS,
    DATABASE,
    SECRETS,
    BackupRefused,
    Manifest,
    being_read,
    read_manifest,
)
from server.blobs import BlobStore
from server.errors import Refusal
from server.history.refounding import found_anew
from server.history.replay import Replay
from server.migrations import migrate
from server.settings import Settings
from server.side_process import SideProcess
from server.storage.history import SqlHistory
from server.storage.sql import open_engine
from server.storage.tables import projects

AUTHOR = "restore"


async def restore(settings: Settings, path: Path) -> Manifest:
    """Fill an empty server with a backup. BackupRefused `not_empty`, `not_a_backup`, `blob_missing`."""
    with being_read(path) as folder:
        manifest = read_manifest(folder)
        settings.data.mkdir(parents=True, exist_ok=True)
        engine = open_engine(settings.database_url)
        try:
            await migrate(engine)
            await _restore_blobs(folder, manifest.missing, engine, BlobStore.open(settings.blobs_url))
            await _restore_rows(folder, engine)
            await _found_all(engine)
        finally:
            await engine.dispose()
        _restore_secrets(folder / SECRETS, settings.data)
    return manifest


async def _restore_rows(folder: Path, engine: AsyncEngine) -> None:
    copy = open_engine(f"sqlite+aiosqlite:///{folder / DATABASE}")
    try:
        await migrate(copy)  # it may be of an earlier revision
        async with one_moment(copy) as source, engine.begin() as target:
            await _need_empty(target)
            await copy_all(source, target)
    finally:
        await copy.dispose()


async def _need_empty(connection: AsyncConnection) -> None:
    if not await is_empty(connection):
        raise BackupRefused("not_empty", "the database holds something already", "restore into an empty one")


async def _restore_blobs(folder: Path, missing: Collection[str], engine: AsyncEngine, target: BlobStore) -> None:
    async with engine.connect() as connection:
        await _need_empty(connection)
    source = BlobStore.open((folder / BLOBS).as_uri())
    copy = open_engine(f"sqlite+aiosqlite:///{folder / DATABASE}")
    try:
        for sha256 in await blobs_named(copy):
            if sha256 not in missing:
                await copy_blob(source, target, sha256)
    except Refusal as error:
        raise BackupRefused("blob_missing", f"a blob of the backup is gone or damaged: {error.message}") from error
    finally:
        await copy.dispose()


async def _found_all(engine: AsyncEngine) -> None:
    history, process = SqlHistory(engine), SideProcess(niceness=5)
    replay = Replay(history, process)
    try:
        async with engine.connect() as connection:
            every = (await connection.execute(select(projects.c.id, projects.c.generation))).all()
        for project in every:
            now = time.time_ns() // 1_000_000
            await found_anew(history, replay, project.id, project.generation + 1, AUTHOR, now, with_trash=True)
    finally:
        await process.close()


def _restore_secrets(folder: Path, data: Path) -> None:
    """Keys that the data folder has already stay: they may be in use."""
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not (data / file.name).exists():
            shutil.copy(file, data / file.name)
            (data / file.name).chmod(0o600)
