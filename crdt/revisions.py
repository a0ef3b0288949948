"""Revisions: immutable states of a mesh's shape, and which of them is the current one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdt.document import SceneDocument
from crdt.errors import UnknownRecord
from crdt.ids import new_id
from crdt.schema import Revision
from crdt.values import check, id_adapter


def add_revision(scene: SceneDocument, revision: Revision | Mapping[str, Any], id: str | None = None) -> str:
    """Writes a revision once. Its geometry must be uploaded before; `set_head` makes it the current one."""
    revision_id = check(id_adapter(), id or new_id(), "revision id")
    scene.put("revisions", revision_id, revision)
    return str(revision_id)


def set_head(scene: SceneDocument, mesh: str, revision: str) -> None:
    """Makes a revision of this mesh the current one. Raises UnknownRecord."""
    found = read(scene, revision)
    if found is None or found.mesh != mesh:
        raise UnknownRecord("unknown_record", f"revisions/{revision} is no revision of meshes/{mesh}.")
    scene.set("meshes", mesh, "head", revision)


def read(scene: SceneDocument, revision: str) -> Revision | None:
    found: Revision | None = scene.read("revisions", revision)
    return found


def head(scene: SceneDocument, mesh: str) -> Revision | None:
    """The mesh's current revision; None where it has no shape yet or the reference dangles."""
    record = scene.read("meshes", mesh)
    return read(scene, record.head) if record is not None and record.head else None
