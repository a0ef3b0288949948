"""What lies in a backup: the same for every database and blob store, so that one kind can become the other.

manifest.json      format, when it was made, the revision of the database
maquette.db        all tables, as SQLite
blobs/ab/ab…       every blob that a project may read
secrets/           the keys of the data folder
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Table

from crdt.errors import MaquetteError
from server.storage.node_tables import clusters, nodes, owners
from server.storage.tables import metadata

FORMAT = 1
DATABASE, BLOBS, SECRETS, MANIFEST = "maquette.db", "blobs", "secrets", "manifest.json"
SECRET_FILES = ("access.key", "cookie.key", "token.key", "peer.token")
_LEFT_OUT = (clusters, nodes, owners)
"""Who runs at the moment, and who owns what: nothing of it holds for a restored server."""


class BackupRefused(MaquetteError):
    """`not_empty`, `not_a_backup`, `blob_missing`."""


@dataclass(frozen=True, slots=True)
class Manifest:
    format: int
    at: int
    rows: int
    blobs: int
    missing: list[str]
    """Blobs that the database names and the store lacks: nothing can be done about them here."""


def tables() -> list[Table]:
    """The tables that are kept, each behind those it refers to."""
    return [table for table in metadata.sorted_tables if table not in _LEFT_OUT]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest:
    try:
        found = json.loads((folder / MANIFEST).read_text())
        manifest = Manifest(**found)
    except (OSError, ValueError, TypeError) as error:
        raise BackupRefused(
            "not_a_backup", f"{folder} holds no backup: {error}", "what `maquette backup` wrote"
        ) from error
    if manifest.format != FORMAT:
        raise BackupRefused("not_a_backup", f"a backup of format {manifest.format}", f"this program reads {FORMAT}")
    return manifest


def is_file(path: Path) -> bool:
    """Whether a backup of this name is one file (tar) rather than a folder."""
    return path.name.endswith((".tar", ".tar.gz", ".tgz"))


@contextmanager
def being_written(path: Path) -> Iterator[Path]:
    """A folder to fill; it takes the name `path`, as a folder or as one file, only when all is there."""
    if path.exists():
        raise BackupRefused("not_empty", f"{path} exists already", "a new name for each backup")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as temporary:
        folder = Path(temporary) / "backup"
        folder.mkdir(mode=0o700)
        yield folder
        if is_file(path):
            folder = _packed(folder, path)
        folder.rename(path)


def _packed(folder: Path, path: Path) -> Path:
    file = folder.with_name("backup.tar")
    with tarfile.open(file, "w" if path.suffix == ".tar" else "w:gz") as archive:
        archive.add(folder, arcname="")
    file.chmod(0o600)
    return file


@contextmanager
def being_read(path: Path) -> Iterator[Path]:
    """The folder of a backup, unpacked where it is one file."""
    if not path.exists():
        raise BackupRefused("not_a_backup", f"there is no {path}", "the file or folder of a backup")
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="maquette-restore-") as temporary:
        with tarfile.open(path) as archive:
            archive.extractall(temporary, filter="data")
        yield Path(temporary)
