"""glTF meshes: primitives of any mode become triangles over one set of vertices, with position ids."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute.formats import weld
from compute.formats.files import ReadOptions, check_triangles, refuse
from compute.formats.gltf import checked
from compute.formats.gltf.accessors import Source, as_float
from compute.formats.report import Report
from compute.formats.transforms import unit
from compute.mesh import JsonObject, Mesh, Primitive
from compute.scene import SceneMesh

TRIANGLES, STRIP, FAN = 4, 5, 6
_KNOWN = ("POSITION", "NORMAL", "COLOR_0", "TANGENT", "JOINTS", "WEIGHTS")


@dataclass
class _Block:
    """The vertices of one set of accessors; several primitives may share it."""

    positions: NDArray[np.float64]
    normals: NDArray[np.float32] | None
    texcoords: dict[int, NDArray[np.float32]]
    colors: NDArray[np.float32] | None


@dataclass
class _Part:
    """One primitive: triangles into its block, counted from 0."""

    block: int
    triangles: NDArray[np.uint32]
    slot: str
    material: int | None


@dataclass
class MeshReader:
    source: Source
    material_count: int
    report: Report
    options: ReadOptions
    unedited: bool = False
    """Whether a mesh has morph targets or skin weights."""
    _blocks: list[_Block] = field(default_factory=list)
    _known: dict[tuple, int] = field(default_factory=dict)

    def read(self, mesh: JsonObject, where: str) -> SceneMesh | None:
        """The mesh; None when nothing of it is a surface."""
        self._blocks, self._known = [], {}
        primitives = checked.objects(mesh, "primitives", where)
        parts = [self._part(p, i, f"{where}.primitives[{i}]") for i, p in enumerate(primitives)]
        parts = [p for p in parts if p is not None and len(p.triangles)]
        if not parts:
            return None
        extensions = dict(checked.obj(mesh, "extensions", where))
        return SceneMesh(checked.name(mesh, where), self._joined(parts), mesh.get("extras"), extensions)

    def _part(self, primitive: JsonObject, number: int, where: str) -> _Part | None:
        mode = checked.integer(primitive, "mode", where, TRIANGLES)
        if mode not in (TRIANGLES, STRIP, FAN):
            if mode > FAN:
                refuse("gltf_schema", f"`{where}.mode` is {mode}; 0 to 6 was expected.")
            self.report.add("dropped", "points and lines", "Points and lines are not surfaces and were dropped.")
            return None
        if "KHR_draco_mesh_compression" in checked.obj(primitive, "extensions", where):
            refuse(
                "extension_required", f"`{where}` is compressed with Draco, which is not read.", "Export without Draco."
            )
        self._note(primitive, where)
        block = self._block(checked.obj(primitive, "attributes", where), where)
        triangles = self._triangles(primitive, mode, len(self._blocks[block].positions), where)
        material = checked.index(primitive, "material", where, self.material_count)
        return _Part(block, triangles, str(number), material)

    def _note(self, primitive: JsonObject, where: str) -> None:
        attributes = checked.obj(primitive, "attributes", where)
        if primitive.get("targets"):
            self.unedited = True
            self.report.add("kept", "morph", "Morph targets stay with the source file; they are not edited here.")
        if any(name.startswith(("JOINTS_", "WEIGHTS_")) for name in attributes):
            self.unedited = True
            self.report.add("kept", "skin", "Skin weights stay with the source file; they are not edited here.")
        if "TANGENT" in attributes:
            self.report.add("dropped", "tangents", "Tangents were dropped; they are computed from normals and UVs.")
        others = [n for n in attributes if not n.startswith((*_KNOWN, "TEXCOORD_"))]
        for name in others:
            self.report.add("dropped", "attribute", f"The vertex attribute {name[:40]} is not kept.")
        if primitive.get("extras") is not None:
            self.report.add("dropped", "extras", "Extras of primitives are not kept.")

    def _block(self, attributes: JsonObject, where: str) -> int:
        numbers = {n: checked.integer(attributes, n, f"{where}.attributes") for n in attributes}
        key = tuple(sorted(numbers.items()))
        if key not in self._known:
            self._known[key] = len(self._blocks)
            self._blocks.append(self._load(numbers, where))
        return self._known[key]

    def _load(self, numbers: dict[str, int], where: str) -> _Block:
        if "POSITION" not in numbers:
            refuse("gltf_schema", f"`{where}` has no POSITION.")
        positions = self._floats(numbers["POSITION"], 3, f"{where}.POSITION").astype(np.float64)
        bad = int((~np.isfinite(positions)).any(axis=1).sum())
        if bad:
            refuse("positions_not_finite", f"{bad} of {len(positions)} positions in `{where}` are NaN or infinite.")
        texcoords = {}
        for name, number in numbers.items():
            if name.startswith("TEXCOORD_") and name[9:].isdigit() and int(name[9:]) < 8:
                texcoords[int(name[9:])] = self._clean(self._floats(number, 2, f"{where}.{name}"), "UVs", 0)
        block = _Block(
            positions,
            unit(self._floats(numbers["NORMAL"], 3, f"{where}.NORMAL")) if "NORMAL" in numbers else None,
            texcoords,
            self._colors(numbers["COLOR_0"], where) if "COLOR_0" in numbers else None,
        )
        others = [block.normals, block.colors, *texcoords.values()]
        if any(o is not None and len(o) != len(positions) for o in others):
            refuse("count_mismatch", f"The vertex attributes of `{where}` are not equally long.")
        return block

    def _floats(self, number: int, width: int, where: str) -> NDArray[np.float32]:
        values, normalized = self.source.accessor(number)
        if values.shape[1] != width:
            refuse("gltf_schema", f"`{where}` has {values.shape[1]} components; {width} were expected.")
        return as_float(values, normalized)

    def _clean(self, values: NDArray[np.float32], what: str, instead: float) -> NDArray[np.float32]:
        bad = ~np.isfinite(values)
        if bad.any():
            self.report.add(
                "changed", what, f"{what} that were NaN or infinite became {instead}.", int(bad.any(axis=1).sum())
            )
            values = np.where(bad, np.float32(instead), values)
        return values

    def _colors(self, number: int, where: str) -> NDArray[np.float32]:
        values, normalized = self.source.accessor(number)
        if values.shape[1] not in (3, 4):
            refuse("gltf_schema", f"`{where}.COLOR_0` has {values.shape[1]} components; 3 or 4 were expected.")
        colors = np.ones((len(values), 4), np.float32)
        colors[:, : values.shape[1]] = self._clean(as_float(values, normalized), "colours", 1)
        return colors

    def _triangles(self, primitive: JsonObject, mode: int, vertices: int, where: str) -> NDArray[np.uint32]:
        number = primitive.get("indices")
        if number is None:
            indices = np.arange(vertices, dtype=np.uint32)
        else:
            stored, _ = self.source.accessor(checked.integer(primitive, "indices", where))
            if stored.dtype.kind != "u" or stored.shape[1] != 1:
                refuse("gltf_schema", f"`{where}.indices` are {stored.dtype.name}; unsigned scalars were expected.")
            indices = stored.ravel().astype(np.uint32)
        if len(indices) and int(indices.max()) >= vertices:
            refuse("index_out_of_range", f"`{where}` has index {int(indices.max())}; there are {vertices} vertices.")
        return self._cut(indices, mode)

    def _cut(self, indices: NDArray[np.uint32], mode: int) -> NDArray[np.uint32]:
        if mode == TRIANGLES:
            if len(indices) % 3:
                self.report.add("dropped", "indices", "One or two indices at the end of a primitive made no triangle.")
            return indices[: len(indices) // 3 * 3].reshape(-1, 3)
        if len(indices) < 3:
            return np.zeros((0, 3), np.uint32)
        self.report.add("changed", "strips and fans", "Triangle strips and fans became single triangles.")
        triangles = strip(indices) if mode == STRIP else fan(indices)
        a, b, c = triangles.T
        return triangles[(a != b) & (b != c) & (c != a)]

    def _joined(self, parts: list[_Part]) -> Mesh:
        """All parts over one set of vertices; attributes that only some have are filled in."""
        if any(b.normals is not None for b in self._blocks):
            self._shade_flat(parts)
        blocks = self._blocks
        offsets = np.cumsum([0, *(len(b.positions) for b in blocks)])
        positions = np.concatenate([b.positions for b in blocks])
        primitives = [
            Primitive(p.slot, p.triangles + np.uint32(offsets[p.block]), None, p.material) for p in parts
        ]  # fmt: skip
        places, ids = weld.weld_shells(positions, np.concatenate([p.triangles for p in primitives]))
        sets = range(max((max(b.texcoords, default=-1) for b in blocks), default=-1) + 1)
        mesh = Mesh(
            positions=places,
            position_ids=ids,
            primitives=primitives,
            normals=_stacked([b.normals for b in blocks], [len(b.positions) for b in blocks], 3, 0),
            texcoords=[
                _stacked([b.texcoords.get(i) for b in blocks], [len(b.positions) for b in blocks], 2, 0, always=True)
                for i in sets
            ],
            colors=_stacked([b.colors for b in blocks], [len(b.positions) for b in blocks], 4, 1),
        )
        return weld.compact(mesh)

    def _shade_flat(self, parts: list[_Part]) -> None:
        """Where one primitive has normals and another none, glTF shades the other flat: three vertices a triangle."""
        for part in parts:
            block = self._blocks[part.block]
            if block.normals is not None:
                continue
            corners = part.triangles.ravel()
            points = block.positions[corners].reshape(-1, 3, 3)
            normals = unit(np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]))
            self._blocks.append(
                _Block(
                    block.positions[corners],
                    np.repeat(normals, 3, axis=0),
                    {k: t[corners] for k, t in block.texcoords.items()},
                    None if block.colors is None else block.colors[corners],
                )
            )
            part.block = len(self._blocks) - 1
            part.triangles = np.arange(len(corners), dtype=np.uint32).reshape(-1, 3)


def _stacked(
    arrays: list[NDArray[np.float32] | None], counts: list[int], width: int, fill: float, *, always: bool = False
) -> NDArray[np.float32] | None:
    if not always and all(a is None for a in arrays):
        return None
    rows = [
        np.full((n, width), fill, np.float32) if a is None else a for a, n in zip(arrays, counts, strict=True)
    ]  # fmt: skip
    return np.concatenate(rows)


def strip(indices: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """(n − 2, 3): triangles of a strip; every other one is turned so that all face the same way."""
    triangles = np.stack([indices[:-2], indices[1:-1], indices[2:]], axis=1)
    triangles[1::2] = triangles[1::2][:, [1, 0, 2]]
    return triangles


def fan(indices: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """(n − 2, 3): triangles around the first index."""
    first = np.broadcast_to(indices[:1], len(indices) - 2)
    return np.stack([first, indices[1:-1], indices[2:]], axis=1)


def count_triangles(document: JsonObject, options: ReadOptions) -> None:
    """Refuse too many triangles by the counts that the document states, before any data are read."""
    accessors = checked.objects(document, "accessors")
    total = 0
    for i, mesh in enumerate(checked.objects(document, "meshes")):
        for j, primitive in enumerate(checked.objects(mesh, "primitives", f"meshes[{i}]")):
            where = f"meshes[{i}].primitives[{j}]"
            attributes = checked.obj(primitive, "attributes", where)
            number = checked.index(primitive, "indices", where, len(accessors))
            if number is None:
                number = checked.index(attributes, "POSITION", where, len(accessors))
            corners = 0 if number is None else checked.integer(accessors[number], "count", f"accessors[{number}]")
            total += {TRIANGLES: corners // 3, STRIP: corners, FAN: corners}.get(primitive.get("mode", TRIANGLES), 0)
    check_triangles(total, options)
