"""The operation `import`: files in a worker become blobs and a description; the description becomes records.

The description is JSON in the words of the schema, with indices where records will have ids. Nothing of a file reaches
the document but through it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from compute import formats
from compute.codec import encode_geometry
from compute.engine.base import Workspace
from compute.formats.files import NamedFile, ReadOptions, Unit
from compute.mesh import JsonObject, Mesh
from compute.operation import Operation, Params, Plan, Request, parse
from compute.operations import import_records
from compute.operations.geometry import store
from compute.operations.levels import build, chain_arguments
from compute.scene import Scene, SceneMesh
from crdt.document import SceneDocument
from crdt.ids import job_id_maker
from crdt.schema import DEFAULT_LEVELS, ROOT, Id, LodSettings, Sha256
from crdt.steps import Change

LEVELS_FROM = 100_000
"""Meshes with more triangles get their levels at import, so that they open coarse first."""


class ImportTarget(Params):
    parent: Id | Literal["root"] | None = None


class NamedBlob(Params):
    name: str
    blob: Sha256


class ImportOptions(Params):
    """unit, up: of files that do not say. levels: build levels for all meshes or for none; None: for large ones."""

    unit: Unit | None = None
    up: Literal["Y", "Z"] | None = None
    levels: bool | None = None


class ImportParams(Params):
    files: Annotated[list[NamedBlob], Field(min_length=1)]
    options: ImportOptions = ImportOptions()


def plan(scene: SceneDocument, request: Request) -> Plan:
    parent = parse(ImportTarget, request.target, "target").parent
    params = parse(ImportParams, request.params, "params")
    import_records.need_parent(scene, parent or ROOT)
    arguments = {
        "job": request.job,
        "files": [file.model_dump() for file in params.files],
        "options": params.options.model_dump(),
    }
    return Plan(arguments, list(dict.fromkeys(file.blob for file in params.files)))


def run(workspace: Workspace) -> JsonObject:
    arguments, options = workspace.arguments, workspace.arguments["options"]
    workspace.report(0.0, "reading")
    files = [NamedFile(file["name"], workspace.input(file["blob"])) for file in arguments["files"]]
    scene = formats.read(files, ReadOptions(unit=options["unit"], up=options["up"]))
    workspace.report(0.3, "encoding")
    meshes = _Meshes(workspace, options["levels"])
    indices = meshes.store_all(scene.meshes)
    workspace.report(0.97, "storing textures")
    return {
        "name": scene.name or PurePosixPath(files[0].name).stem,
        "source": arguments["files"][0]["blob"] if scene.has_unedited_source else None,
        "nodes": [_node(scene, node, indices, meshes) for node in scene.nodes],
        "meshes": meshes.described,
        "materials": scene.materials,
        "textures": [_texture(workspace, scene, index) for index in range(len(scene.textures))],
        "cameras": scene.cameras,
        "lights": scene.lights,
        "report": [vars(entry) for entry in scene.report],
    }


@dataclass
class _Unique:
    """Where a mesh of the file went: the index of its record and the materials of its own slots."""

    index: int
    materials: list[int | None]


class _Meshes:
    """Encodes each distinct geometry once. `described`: one entry a record."""

    def __init__(self, workspace: Workspace, levels: bool | None) -> None:
        self._workspace = workspace
        self._levels = levels
        self._ids = job_id_maker(workspace.arguments["job"])
        self._known: dict[str, int] = {}
        self.described: list[JsonObject] = []

    def store_all(self, meshes: list[SceneMesh]) -> list[_Unique]:
        """For every mesh of the file, in order, its record."""
        total = max(sum(mesh.mesh.triangle_count for mesh in meshes), 1)
        done, found = 0, []
        for mesh in meshes:
            share = mesh.mesh.triangle_count / total
            found.append(self._store(mesh, 0.3 + 0.67 * done / total, 0.67 * share))
            done += mesh.mesh.triangle_count
        return found

    def _store(self, mesh: SceneMesh, start: float, share: float) -> _Unique:
        materials = [primitive.material for primitive in mesh.mesh.primitives]
        key = _fingerprint(mesh.mesh)
        if key not in self._known:
            self._known[key] = len(self.described)
            self.described.append(self._encode(mesh, materials, start, share))
        return _Unique(self._known[key], materials)

    def _encode(self, mesh: SceneMesh, materials: list[int | None], start: float, share: float) -> JsonObject:
        number = len(self.described)
        named = _with_slots(mesh.mesh, [self._ids(f"slot/{number}/{i}") for i in range(len(materials))])
        self._workspace.report(start, f"encoding {mesh.name or 'mesh'}")
        encoded = encode_geometry(named, topology=self._ids(f"topology/{number}"))
        described = {"name": mesh.name, "extras": mesh.extras, "extensions": mesh.extensions, "materials": materials}
        described["encoded"] = store(self._workspace, encoded)
        described["levels"] = {}
        if self._wants_levels(encoded.triangles):
            arguments = chain_arguments({int(n): level for n, level in DEFAULT_LEVELS.items()}, LodSettings())
            snapped = _snapped(named, encoded.grid, encoded.origin)
            built = build(
                self._workspace, snapped, encoded, arguments,
                lambda fraction, text: self._workspace.report(start + share * fraction, text),
            )  # fmt: skip
            described["levels"] = built["levels"]
        return described

    def _wants_levels(self, triangles: int) -> bool:
        return triangles > 0 and (triangles > LEVELS_FROM if self._levels is None else self._levels)


def _with_slots(mesh: Mesh, slots: list[str]) -> Mesh:
    pairs = zip(mesh.primitives, slots, strict=True)
    return replace(mesh, primitives=[replace(primitive, slot=slot) for primitive, slot in pairs])


def _snapped(mesh: Mesh, grid: int, origin: tuple[float, float, float]) -> Mesh:
    """The mesh as its blob holds it, so that errors and levels are those of what is stored."""
    step = 2.0**grid
    return replace(mesh, positions=np.rint((mesh.positions - origin) / step) * step + origin)


def _fingerprint(mesh: Mesh) -> str:
    """Equal for meshes whose arrays are equal; their materials may differ."""
    digest = hashlib.sha256()
    for name, array in _arrays(mesh):
        digest.update(f"{name}{None if array is None else (array.dtype.str, array.shape)}".encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _arrays(mesh: Mesh) -> Iterator[tuple[str, Any]]:
    yield from (("positions", mesh.positions), ("ids", mesh.position_ids), ("normals", mesh.normals))
    yield "colors", mesh.colors
    for texcoord in mesh.texcoords:
        yield "texcoord", texcoord
    for primitive in mesh.primitives:
        yield from (("triangles", primitive.triangles), ("polygons", primitive.polygons))


def _node(scene: Scene, node: Any, indices: list[_Unique], meshes: _Meshes) -> JsonObject:
    described = vars(node) | {"materials": {}}
    if node.mesh is None:
        return described
    unique = indices[node.mesh]
    own = meshes.described[unique.index]["materials"]
    overrides = {str(i): material for i, material in enumerate(unique.materials) if material != own[i]}
    if scene.meshes[node.mesh].name and not node.name:
        described["name"] = scene.meshes[node.mesh].name
    return described | {"mesh": unique.index, "materials": overrides}


def _texture(workspace: Workspace, scene: Scene, index: int) -> JsonObject:
    texture = scene.textures[index]
    image = scene.images[texture.image]
    described = vars(texture) | {"image": workspace.put(image.data), "mimeType": image.mime}
    return described | {"width": image.width, "height": image.height, "name": texture.name or image.name}


def keep(change: Change, result: JsonObject) -> bool:
    """Undo trashes the top nodes; what hangs on them stays whole below them."""
    return "create" in change and change["create"][0] == "nodes" and change["create"][1] in result["nodes"]


IMPORT = Operation("import", f"{__name__}:run", plan, import_records.apply, keep, untrusted=True)
