"""What an export takes from the document: a description of the chosen nodes and of all they need, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compute.errors import OperationError
from compute.mesh import JsonObject
from compute.operations.import_records import TEXTURE_KEYS
from compute.scene import map_textures
from crdt import lod
from crdt.document import SceneDocument
from crdt.schema import ROOT, Node
from crdt.tree import Tree

_IDENTITY = {"translation": (0.0, 0.0, 0.0), "rotation": (0.0, 0.0, 0.0, 1.0), "scale": (1.0, 1.0, 1.0)}
_ADDRESS = {"trashed", "parents", "source"}


class ExportPlan:
    """Collects records as lists with indices. `blobs`: geometries and images to fetch.

    Of the tree: the chosen nodes with everything visible below them, and above them their ancestors' transforms, so
    that everything stays where it is. chosen: None for all visible top nodes.
    """

    def __init__(self, scene: SceneDocument, chosen: list[str] | None, level: int) -> None:
        self._scene = scene
        self._tree = scene.tree()
        self._level = level
        self._index: dict[tuple[str, str], int] = {}
        self._hidden = 0
        self.blobs: dict[str, None] = {}
        self.value: JsonObject = {
            "nodes": [], "meshes": [], "materials": [], "textures": [], "cameras": [], "lights": [], "report": [],
        }  # fmt: skip
        for node, parent in self._starts(chosen):
            self._subtree(node, parent)
        self._note_losses()

    def _starts(self, chosen: list[str] | None) -> Iterable[tuple[str, int | None]]:
        if chosen is None:
            for node in self._tree.children.get(ROOT, ()):
                if self._shown(node):
                    yield node, None
            return
        wanted = dict.fromkeys(chosen)
        for node in wanted:
            if self._scene.record("nodes", node) is None or node in self._tree.hidden:
                raise OperationError("unknown_node", f"there is no node {node}", "it may have been deleted")
            above = _ancestors(self._tree, node)
            if not wanted.keys() & set(above):
                yield node, self._holders(above)

    def _holders(self, above: list[str]) -> int | None:
        """Nodes with the transforms of the ancestors, outermost first; index of the innermost."""
        parent: int | None = None
        for ancestor in reversed(above):
            key = ("holder", ancestor)
            if key not in self._index:
                record: Node = self._scene.read("nodes", ancestor)
                if all(getattr(record, name) == value for name, value in _IDENTITY.items()):
                    continue
                self._index[key] = self._append(record, parent, {})
            parent = self._index[key]
        return parent

    def _shown(self, node: str) -> bool:
        if node in self._tree.hidden:
            return False
        visible: bool = self._scene.read("nodes", node).visible
        self._hidden += not visible
        return visible

    def _subtree(self, node: str, parent: int | None) -> None:
        stack = [(node, parent)]
        while stack:
            current, above = stack.pop()
            index = self._node(current, above)
            children = [child for child in self._tree.children.get(current, ()) if self._shown(child)]
            stack.extend((child, index) for child in reversed(children))

    def _node(self, node: str, parent: int | None) -> int:
        record: Node = self._scene.read("nodes", node)
        mesh = self._mesh(record.mesh)
        overrides = {slot: self._material(material) for slot, material in record.materials.items() if mesh is not None}
        content = {
            "mesh": mesh,
            "camera": self._plain("cameras", record.camera),
            "light": self._plain("lights", record.light),
            "materials": {slot: material for slot, material in overrides.items() if material is not None},
            "extras": record.extras,
            "extensions": record.extensions,
        }
        return self._append(record, parent, content)

    def _append(self, record: Node, parent: int | None, content: JsonObject) -> int:
        placed = {name: list(getattr(record, name)) for name in _IDENTITY}
        self.value["nodes"].append({"name": record.name, "parent": parent, **placed, **content})
        return len(self.value["nodes"]) - 1

    def _once(self, root: str, record: str, content: JsonObject) -> int:
        key = (root, record)
        if key not in self._index:
            self._index[key] = len(self.value[root])
            self.value[root].append(content)
        return self._index[key]

    def _known(self, root: str, record: str | None) -> int | None:
        return None if record is None else self._index.get((root, record))

    def _mesh(self, mesh: str | None) -> int | None:
        """Index of the mesh, None where it has no shape or the reference dangles (SPEC V2)."""
        record = None if mesh is None else self._scene.read("meshes", mesh)
        if mesh is None or record is None or record.trashed is not None or record.head is None:
            return None
        revision = self._scene.read("revisions", record.head)
        if revision is None:
            return None
        known = self._known("meshes", mesh)
        if known is not None:
            return known
        geometry = self._geometry(record.head, revision.geometry)
        self.blobs[geometry] = None
        slots = {slot: self._material(material) for slot, material in record.slots.items()}
        content = {"name": record.name, "geometry": geometry, "materials": slots, "extras": record.extras}
        return self._once("meshes", mesh, content | {"extensions": record.extensions})

    def _geometry(self, revision: str, base: str) -> str:
        """The blob of the wanted level, or of the next finer one that is built."""
        built = lod.results(self._scene, revision)
        return next((built[level].geometry for level in range(self._level, 0, -1) if level in built), base)

    def _material(self, material: str | None) -> int | None:
        content = self._content("materials", material)
        if material is None or content is None:
            return None
        for key in TEXTURE_KEYS:
            info = content.get(key)
            content[key] = None if info is None else self._numbered(info)
        content["extensions"] = map_textures(content.get("extensions"), "texture", self._numbered)
        return self._once("materials", material, {key: value for key, value in content.items() if value is not None})

    def _numbered(self, info: JsonObject) -> JsonObject | None:
        """A reference to a texture as its index here; None where the texture is gone."""
        texture = self._texture(info["texture"])
        return None if texture is None else {**info, "texture": texture}

    def _texture(self, texture: Any) -> int | None:
        content = self._content("textures", texture)
        if content is None or content.get("image") is None:
            return None
        self.blobs[content["image"]] = None
        return self._once("textures", texture, content)

    def _plain(self, root: str, record: str | None) -> int | None:
        content = self._content(root, record)
        return None if record is None or content is None else self._once(root, record, content)

    def _content(self, root: str, record: str | None) -> JsonObject | None:
        """A record as JSON; None where there is none or it is trashed."""
        found = None if record is None else self._scene.read(root, record)
        if found is None or found.trashed is not None:
            return None
        content: JsonObject = found.model_dump(mode="json", exclude=_ADDRESS)
        return content

    def _note_losses(self) -> None:
        if self._hidden:
            text = "Hidden objects were left out."
            self.value["report"].append({"kind": "dropped", "what": "hidden", "text": text, "count": self._hidden})
        meshes = [key[1] for key in self._index if key[0] == "meshes"]
        sources = [mesh for mesh in meshes if self._scene.read("meshes", mesh).source is not None]
        self.value["has_unedited_source"] = bool(sources)


def _ancestors(tree: Tree, node: str) -> list[str]:
    """Upwards, without `root`."""
    found = []
    while (node := tree.parent[node]) != ROOT:
        found.append(node)
    return found
