"""The commands that look after what a server keeps: backup, restore, clean."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from crdt.errors import MaquetteError
from server.backups.backup import back_up
from server.backups.restore import restore as restore_backup
from server.blobs import BlobStore
from server.cleaning.cleaner import GRACE_SECONDS, Cleaned, Cleaner
from server.cleaning.references import References
from server.migrations import migrate
from server.settings import Settings
from server.side_process import SideProcess
from server.storage.history import SqlHistory
from server.storage.sql import open_engine

T = TypeVar("T")

Data = Annotated[Path | None, typer.Option(help="Folder of the database, blobs and keys. [MAQUETTE_DATA]")]
Database = Annotated[str | None, typer.Option(help="URL of the database. [MAQUETTE_DATABASE]")]
Blobs = Annotated[str | None, typer.Option(help="URL of the blob store. [MAQUETTE_BLOBS]")]


def backup(
    to: Annotated[Path, typer.Option(help="A new folder, or a new file (.tar, .tar.gz).")],
    data: Data = None, database: Database = None, blobs: Blobs = None,
) -> None:  # fmt: skip
    """Copy everything a server keeps, also while it runs."""
    manifest = run_to_end(back_up(settings_of(data, database, blobs), to))
    typer.echo(f"{to}: {manifest.rows} rows, {manifest.blobs} blobs")
    for sha256 in manifest.missing:
        typer.echo(f"missing from the blob store: {sha256}", err=True)


def restore(
    backup: Annotated[Path, typer.Option("--from", help="What `maquette backup` wrote.")],
    data: Data = None, database: Database = None, blobs: Blobs = None,
) -> None:  # fmt: skip
    """Fill an empty database and data folder from a backup."""
    manifest = run_to_end(restore_backup(settings_of(data, database, blobs), backup))
    typer.echo(f"{manifest.rows} rows, {manifest.blobs} blobs; every scene is of a new generation")


def clean(
    data: Data = None, database: Database = None, blobs: Blobs = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be removed.")] = False,
    grace_days: Annotated[float, typer.Option(min=0.05, help="Younger blobs stay.")] = GRACE_SECONDS / 86400,
) -> None:  # fmt: skip
    """Remove blobs that no document, version or job refers to; a running server does so every day."""
    cleaned = run_to_end(_clean(settings_of(data, database, blobs), dry_run, grace_days * 86400))
    for sha256 in cleaned.blobs:
        typer.echo(sha256)
    verb = "would be removed" if dry_run else "removed"
    typer.echo(f"{len(cleaned.blobs)} blobs ({cleaned.bytes} bytes) {verb}")


def settings_of(data: Path | None, database: str | None, blobs: str | None = None) -> Settings:
    """Settings of the environment, with what the options say instead."""
    given = {"data": data, "database": database, "blobs": blobs}
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


async def _clean(settings: Settings, dry: bool, grace_seconds: float) -> Cleaned:
    engine, process = open_engine(settings.database_url), SideProcess(niceness=5)
    try:
        await migrate(engine)
        references = References(engine, SqlHistory(engine), process)
        store = BlobStore.open(settings.blobs_url)
        return await Cleaner(engine, store, references, time.time, grace_seconds).clean(dry=dry)
    finally:
        await process.close()
        await engine.dispose()


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """The result; what goes wrong is told in a line, and ends the program with status 1."""
    try:
        return asyncio.run(work)
    except (MaquetteError, SQLAlchemyError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
