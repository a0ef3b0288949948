"""What in a document does not fit the schema (SPEC V1). Readers pass over all of it; nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pycrdt import Map

from crdt import schema
from crdt.canonical import plain
from crdt.document import Document, SceneDocument
from crdt.schema import ROOT
from crdt.steps import Path
from crdt.tree import preferred
from crdt.values import faults, id_adapter, is_valid, value_adapter

TEXTURE_KEYS = tuple(key for key in schema.Material.model_fields if key.endswith("Texture"))


@dataclass(frozen=True)
class Issue:
    """code: unknown_root, not_a_record, bad_value, dangling, cycle_broken (information) or orphan."""

    path: Path
    code: str
    message: str


def validate(document: Document) -> list[Issue]:
    """All issues, ordered by path and code."""
    found = [*_unknown_roots(document), *_meta(document)]
    for root in document.RECORDS:
        found += _records(document, root)
    for root in document.VALUES:
        found += _values(document, root)
    if isinstance(document, SceneDocument):
        found += [*_references(document), *_tree(document)]
    return sorted(found, key=lambda issue: (issue.path, issue.code))


def _unknown_roots(document: Document) -> Iterator[Issue]:
    for root in document.doc.keys():  # noqa: SIM118
        if root not in document.ROOTS:
            yield Issue((root,), "unknown_root", f"No document of this kind has a root {root!r}.")


def _meta(document: Document) -> Iterator[Issue]:
    content = plain(document.map("meta").to_py() or {})
    for path in faults(schema.Meta, content):
        yield Issue(("meta", *path), "bad_value", f"meta.{path[0]}: {content[path[0]]!r} does not fit.")


def _records(document: Document, root: str) -> Iterator[Issue]:
    for key, record in document.map(root).items():
        if not is_valid(id_adapter(), key):
            yield Issue((root, key), "bad_value", f"{key!r} is no id.")
        if not isinstance(record, Map):
            yield Issue((root, key), "not_a_record", f"{root}/{key} is a plain value.")
            continue
        for path in faults(document.RECORDS[root], record.to_py() or {}):
            yield Issue((root, key, *path), "bad_value", f"{'.'.join(path)} does not fit and reads as its default.")


def _values(document: Document, root: str) -> Iterator[Issue]:
    adapter = value_adapter(document.VALUES[root])
    for key, value in document.map(root).items():
        if isinstance(value, Map) or not is_valid(adapter, value):
            yield Issue((root, key), "bad_value", f"{root}/{key} does not fit and reads as absent.")


def _references(scene: SceneDocument) -> Iterator[Issue]:
    for path, root, target in _targets(scene):
        if target not in scene.map(root):
            yield Issue(path, "dangling", f"{'/'.join(path)} names {root}/{target}, which is absent.")


def _targets(scene: SceneDocument) -> Iterator[tuple[Path, str, str]]:
    """(path of the reference, root and id that it names) of all well-typed references."""
    for node in scene.ids("nodes"):
        record = scene.read("nodes", node)
        if record is not None:
            yield from _node_targets(("nodes", node), record)
    for mesh in scene.ids("meshes"):
        record = scene.read("meshes", mesh)
        if record is not None:
            yield from _slot_targets(("meshes", mesh, "slots"), record.slots)
            yield from _target(("meshes", mesh, "head"), "revisions", record.head)
    for material in scene.ids("materials"):
        record = scene.read("materials", material)
        for key in TEXTURE_KEYS if record is not None else ():
            info = getattr(record, key)
            yield from _target(("materials", material, key), "textures", info and info.texture)
    for revision in scene.ids("revisions"):
        value = scene.read("revisions", revision)
        if value is not None:
            yield from _target(("revisions", revision, "mesh"), "meshes", value.mesh)
            yield from _target(("revisions", revision, "parent"), "revisions", value.parent)
    for key in scene.ids("lod"):
        yield ("lod", key), "revisions", key.partition("/")[0]


def _node_targets(path: Path, node: schema.Node) -> Iterator[tuple[Path, str, str]]:
    yield from _target((*path, "mesh"), "meshes", node.mesh)
    yield from _target((*path, "camera"), "cameras", node.camera)
    yield from _target((*path, "light"), "lights", node.light)
    yield from _slot_targets((*path, "materials"), node.materials)


def _slot_targets(path: Path, slots: dict[str, str | None]) -> Iterator[tuple[Path, str, str]]:
    for slot, material in slots.items():
        yield from _target((*path, slot), "materials", material)


def _target(path: Path, root: str, target: Any) -> Iterator[tuple[Path, str, str]]:
    if target:
        yield path, root, target


def _tree(scene: SceneDocument) -> Iterator[Issue]:
    tree, edges = scene.tree(), scene.index.edges()
    for node, own in edges.items():
        wanted = preferred(own)
        if wanted == tree.parent[node]:
            continue
        where = f"shows below {tree.parent[node]}"
        if wanted is None or (wanted != ROOT and wanted not in edges):
            yield Issue(("nodes", node), "orphan", f"The parent {wanted} is absent: the node {where}.")
        else:
            yield Issue(("nodes", node), "cycle_broken", f"Concurrent moves made a cycle: the node {where}.")
