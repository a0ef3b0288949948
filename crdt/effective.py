"""The effective scene: what people see, as JSON keyed by id (docs/api.md). Dangling references are absent (V2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crdt import lod, schema
from crdt.document import SceneDocument
from crdt.tree import Tree

NODE_KEYS = ("name", "translation", "rotation", "scale", "visible", "locked", "extras")
Records = dict[str, dict[str, Any]]


def effective_scene(scene: SceneDocument) -> dict[str, Any]:
    """Nodes that are not hidden by the trash, and the resources that they use or that are not trashed."""
    tree = scene.tree()
    nodes = _nodes(scene, tree)
    meshes = _meshes(scene, _named(nodes, "mesh"))
    used = {
        material for owner in (*nodes.values(), *meshes.values()) for material in _slots(owner).values() if material
    }
    materials = _resources(scene, "materials", used)
    textures = {info["texture"] for material in materials.values() for info in _texture_infos(material)}
    return {
        "nodes": nodes,
        "roots": [node for node in tree.children.get(schema.ROOT, ()) if node in nodes],
        "meshes": meshes,
        "materials": materials,
        "textures": _resources(scene, "textures", textures),
        "lights": _resources(scene, "lights", _named(nodes, "light")),
        "cameras": _resources(scene, "cameras", _named(nodes, "camera")),
        "lod": {
            f"{mesh['head']}/{level}": result for mesh in meshes.values() for level, result in mesh["levels"].items()
        },
        "trash": [node for node in scene.ids("nodes") if scene.index.is_trashed(node)],
        "stats": _stats(nodes, meshes),
    }


def stats(scene: SceneDocument) -> dict[str, int]:
    """{nodes, meshes, vertices, triangles}: live nodes, and the unique meshes that they use."""
    nodes = _nodes(scene, scene.tree())
    return _stats(nodes, _meshes(scene, _named(nodes, "mesh")))


def _stats(nodes: Records, meshes: Records) -> dict[str, int]:
    used = [meshes[mesh] for mesh in _named(nodes, "mesh")]
    return {
        "nodes": len(nodes),
        "meshes": len(used),
        "vertices": sum(mesh["vertices"] for mesh in used),
        "triangles": sum(mesh["triangles"] for mesh in used),
    }


def _nodes(scene: SceneDocument, tree: Tree) -> Records:
    live = (node for node in tree.parent if node not in tree.hidden)
    return {node: _node(scene, tree, node) for node in sorted(live)}


def _node(scene: SceneDocument, tree: Tree, node: str) -> dict[str, Any]:
    record: schema.Node = scene.read("nodes", node)
    overrides = {slot: _known(scene, "materials", material) for slot, material in record.materials.items()}
    return {
        **record.model_dump(mode="json", include=set(NODE_KEYS)),
        "parent": tree.parent[node],
        "order": tree.order[node],
        "children": [child for child in tree.children.get(node, ()) if child not in tree.hidden],
        "mesh": _known(scene, "meshes", record.mesh),
        "camera": _known(scene, "cameras", record.camera),
        "light": _known(scene, "lights", record.light),
        "materials": {slot: material for slot, material in overrides.items() if material},
    }


def _known(scene: SceneDocument, root: str, target: str | None) -> str | None:
    return target if target and scene.record(root, target) is not None else None


def _named(nodes: Records, key: str) -> set[str]:
    return {node[key] for node in nodes.values() if node[key]}


def _slots(owner: Mapping[str, Any]) -> dict[str, str | None]:
    """A node's overrides or a mesh's slots."""
    slots: dict[str, str | None] = owner["slots"] if "slots" in owner else owner["materials"]
    return slots


def _meshes(scene: SceneDocument, used: set[str]) -> Records:
    return {mesh: _mesh(scene, mesh) for mesh in _shown(scene, "meshes", used)}


def _mesh(scene: SceneDocument, mesh: str) -> dict[str, Any]:
    record: schema.Mesh = scene.read("meshes", mesh)
    revision: schema.Revision | None = scene.read("revisions", record.head) if record.head else None
    results = lod.results(scene, record.head) if record.head and revision else {}
    return {
        "name": record.name,
        "head": record.head if revision else None,
        "slots": {slot: _known(scene, "materials", material) for slot, material in record.slots.items()},
        "lod": {
            **lod.settings(scene, mesh).model_dump(mode="json"),
            "levels": {str(level): value.model_dump(mode="json") for level, value in lod.levels(scene, mesh).items()},
        },
        "geometry": revision.geometry if revision else None,
        "min": list(revision.min) if revision else None,
        "max": list(revision.max) if revision else None,
        "triangles": revision.triangles if revision else 0,
        "vertices": revision.vertices if revision else 0,
        "positions": revision.positions if revision else 0,
        "levels": {str(level): result.model_dump(mode="json") for level, result in results.items()},
    }


def _resources(scene: SceneDocument, root: str, used: Iterable[str]) -> Records:
    shown = _shown(scene, root, set(used))
    return {key: scene.read(root, key).model_dump(mode="json", exclude={"trashed"}) for key in shown}


def _shown(scene: SceneDocument, root: str, used: set[str]) -> list[str]:
    """Records that are used or not trashed."""
    records = ((key, scene.read(root, key)) for key in scene.ids(root))
    return [key for key, record in records if record is not None and (key in used or record.trashed is None)]


def _texture_infos(material: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    return (info for key, info in material.items() if key.endswith("Texture") and isinstance(info, dict))
