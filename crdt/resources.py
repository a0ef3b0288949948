"""Meshes, materials, textures, lights and cameras: records that nodes refer to, and the slots between them."""

from __future__ import annotations

from typing import Any

from crdt.document import SceneDocument
from crdt.ids import new_id


def add_mesh(scene: SceneDocument, *, id: str | None = None, **fields: Any) -> str:
    """A mesh record; `slots` and `lod` may be given filled. Its shape comes with crdt.revisions."""
    return scene.create("meshes", id or new_id(), fields)


def add_material(scene: SceneDocument, *, id: str | None = None, **fields: Any) -> str:
    """
    >>> red = add_material(SceneDocument(), name="Red", baseColorFactor=(1, 0, 0, 1))
    """
    return scene.create("materials", id or new_id(), fields)


def add_texture(scene: SceneDocument, *, id: str | None = None, **fields: Any) -> str:
    return scene.create("textures", id or new_id(), fields)


def add_light(scene: SceneDocument, *, id: str | None = None, **fields: Any) -> str:
    return scene.create("lights", id or new_id(), fields)


def add_camera(scene: SceneDocument, *, id: str | None = None, **fields: Any) -> str:
    return scene.create("cameras", id or new_id(), fields)


def set_value(scene: SceneDocument, root: str, record_id: str, key: str, value: Any) -> None:
    """Writes one value of a record, checked."""
    scene.set(root, record_id, key, value)


def set_slot(scene: SceneDocument, mesh: str, slot: str, material: str | None) -> None:
    """The material of a mesh's slot; None: the default material."""
    scene.set_entry("meshes", mesh, "slots", slot, material)


def set_override(scene: SceneDocument, node: str, slot: str, material: str | None) -> None:
    """This node's own material in a slot of its mesh; None takes the override away."""
    if material is None:
        scene.unset_entry("nodes", node, "materials", slot)
    else:
        scene.set_entry("nodes", node, "materials", slot, material)
