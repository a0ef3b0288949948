"""From the description of an imported scene to records, in one transaction, under ids that a retry makes again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from compute.errors import OperationError
from compute.mesh import JsonObject
from compute.operation import Request, revision_value
from compute.operations.levels import put_levels
from compute.scene import map_textures
from crdt import nodes, resources, revisions
from crdt.document import SceneDocument
from crdt.ordering import between
from crdt.schema import MAX_NAME, ROOT

TEXTURE_KEYS = (
    "baseColorTexture", "metallicRoughnessTexture", "normalTexture", "occlusionTexture", "emissiveTexture",
)  # fmt: skip
_IDENTITY = {"translation": [0.0, 0.0, 0.0], "rotation": [0.0, 0.0, 0.0, 1.0], "scale": [1.0, 1.0, 1.0]}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def clean_name(name: str, fallback: str = "") -> str:
    """A name that the schema takes: no control characters, no lone surrogates, at most MAX_NAME characters."""
    printable = name.encode("utf-8", "replace").decode()
    return _CONTROL.sub(" ", printable).strip()[:MAX_NAME].strip() or fallback


def need_parent(scene: SceneDocument, parent: str) -> None:
    """Raises OperationError("unknown_parent") unless `parent` is root or a node."""
    if parent != ROOT and scene.record("nodes", parent) is None:
        raise OperationError("unknown_parent", f"there is no node {parent} to import into", "choose another one")


def apply(scene: SceneDocument, request: Request, value: JsonObject) -> JsonObject:
    """Write everything; the result names the top nodes and the meshes and counts what came."""
    parent = request.target.get("parent") or ROOT
    need_parent(scene, parent)
    writer = _Writer(scene, request, value)
    with scene.transact():
        meshes = writer.write_resources()
        top = writer.write_nodes(parent)
    return {"nodes": top, "meshes": meshes, "report": value["report"], "stats": _stats(value)}


def _stats(value: JsonObject) -> JsonObject:
    used = Counter(node["mesh"] for node in value["nodes"] if node["mesh"] is not None)
    encoded = [mesh["encoded"] for mesh in value["meshes"]]
    return {
        "nodes": len(value["nodes"]), "meshes": len(encoded), "instances": sum(used.values()),
        "materials": len(value["materials"]), "textures": len(value["textures"]),
        "vertices": sum(mesh["vertices"] for mesh in encoded), "triangles": sum(mesh["triangles"] for mesh in encoded),
    }  # fmt: skip


class _Writer:
    """One import into one document. Ids are made from indices of the description."""

    def __init__(self, scene: SceneDocument, request: Request, value: JsonObject) -> None:
        self._scene = scene
        self._request = request
        self._value = value
        self._id: Callable[[str], str] = request.ids

    def write_resources(self) -> list[str]:
        """Textures, materials, cameras, lights and meshes; returns the meshes' ids."""
        value = self._value
        for index, texture in enumerate(value["textures"]):
            resources.add_texture(
                self._scene, id=self._id(f"texture/{index}"), **_named(texture, f"Texture {index + 1}")
            )
        for index, material in enumerate(value["materials"]):
            fields = _named(self._with_texture_ids(material), f"Material {index + 1}")
            resources.add_material(self._scene, id=self._id(f"material/{index}"), **fields)
        for index, camera in enumerate(value["cameras"]):
            resources.add_camera(self._scene, id=self._id(f"camera/{index}"), **_named(camera, f"Camera {index + 1}"))
        for index, light in enumerate(value["lights"]):
            resources.add_light(self._scene, id=self._id(f"light/{index}"), **_named(light, f"Light {index + 1}"))
        return [self._mesh(index, mesh) for index, mesh in enumerate(value["meshes"])]

    def _with_texture_ids(self, material: JsonObject) -> JsonObject:
        infos = {key: material[key] for key in TEXTURE_KEYS if material.get(key) is not None}
        named = {key: self._with_texture_id(info) for key, info in infos.items()}
        extensions = map_textures(material.get("extensions"), "texture", self._with_texture_id)
        return material | named | {"extensions": extensions or None}

    def _with_texture_id(self, info: JsonObject) -> JsonObject:
        return info | {"texture": self._id(f"texture/{info['texture']}")}

    def _mesh(self, index: int, mesh: JsonObject) -> str:
        encoded = mesh["encoded"]
        slots = {slot: self._material(m) for slot, m in zip(encoded["slots"], mesh["materials"], strict=True)}
        fields = {"extras": mesh["extras"], "extensions": mesh["extensions"] or None, "source": self._source()}
        name = clean_name(mesh["name"], clean_name(self._value["name"], "Mesh"))
        mesh_id = resources.add_mesh(
            self._scene, id=self._id(f"mesh/{index}"), name=name, slots=slots, **_given(fields)
        )
        revision = revision_value(encoded, mesh=mesh_id, op="import", by=self._request.by)
        revision_id = revisions.add_revision(self._scene, revision, id=self._id(f"revision/{index}"))
        revisions.set_head(self._scene, mesh_id, revision_id)
        put_levels(self._scene, revision_id, mesh["levels"])
        return mesh_id

    def _source(self) -> JsonObject | None:
        return {"blob": self._value["source"]} if self._value["source"] else None

    def _material(self, index: int | None) -> str | None:
        return None if index is None else self._id(f"material/{index}")

    def write_nodes(self, parent: str) -> list[str]:
        """All nodes, parents first; returns the ids of the top ones. Several roots get a group named after the file."""
        children: dict[int | None, list[int]] = {}
        for index, node in enumerate(self._value["nodes"]):
            children.setdefault(node["parent"], []).append(index)
        roots = children.get(None, [])
        if len(roots) > 1:
            group = clean_name(self._value["name"], "Import")
            parent = nodes.add(self._scene, parent=parent, id=self._id("group"), name=group)
        level = [(parent, root) for root in roots]
        while level:
            for holder, siblings in _by_parent(level).items():
                self._siblings(holder, siblings)
            level = [(self._node_id(index), child) for _, index in level for child in children.get(index, [])]
        return [parent] if len(roots) > 1 else [self._node_id(root) for root in roots]

    def _siblings(self, parent: str, indices: list[int]) -> None:
        order = self._scene.index.last_order(parent)
        for index in indices:
            order = between(order, None)
            self._node(index, parent, order)

    def _node(self, index: int, parent: str, order: str) -> None:
        node = self._value["nodes"][index]
        fields = {key: node[key] for key, default in _IDENTITY.items() if list(node[key]) != default}
        fields |= {"extras": node["extras"], "extensions": node["extensions"] or None}
        for key in ("mesh", "camera", "light"):
            fields[key] = None if node[key] is None else self._id(f"{key}/{node[key]}")
        slots = [] if node["mesh"] is None else self._value["meshes"][node["mesh"]]["encoded"]["slots"]
        fields["materials"] = {slots[int(i)]: self._material(material) for i, material in node["materials"].items()}
        name = clean_name(node["name"], self._fallback(node))
        nodes.add(self._scene, parent=parent, id=self._node_id(index), order=order, name=name, **_given(fields))

    def _fallback(self, node: JsonObject) -> str:
        """A name for people where the file has none."""
        for key, plural in (("mesh", "meshes"), ("camera", "cameras"), ("light", "lights")):
            if node[key] is not None:
                return clean_name(self._value[plural][node[key]].get("name") or "", key.capitalize())
        return clean_name(self._value["name"], "Group") if node["parent"] is None else "Group"

    def _node_id(self, index: int) -> str:
        return self._id(f"node/{index}")


def _by_parent(level: list[tuple[str, int]]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for parent, index in level:
        grouped.setdefault(parent, []).append(index)
    return grouped


def _named(record: JsonObject, fallback: str) -> JsonObject:
    return _given(record) | {"name": clean_name(record.get("name") or "", fallback)}


def _given(fields: JsonObject) -> JsonObject:
    """Without what is absent: a missing key reads as its default."""
    return {key: value for key, value in fields.items() if value is not None}
