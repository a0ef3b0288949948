"""OBJ, MTL and textures as one zip: world transforms in the coordinates, polygons, names and colours kept."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute import polygons
from compute.formats import mtl
from compute.formats.colors import to_srgb
from compute.formats.files import METRES
from compute.formats.report import Report
from compute.formats.transforms import transformed, world_matrices
from compute.formats.units import SYMBOLS
from compute.formats.weld import compact
from compute.mesh import Mesh
from compute.scene import Scene, SceneNode

_SUFFIX = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that equal scenes give equal bytes."""


@dataclass
class ObjWriter:
    scene: Scene
    name: str
    unit: str
    report: Report
    _names: set[str] = field(default_factory=set)
    _done: tuple[int, int, int] = (0, 0, 0)
    """Positions, UVs and normals written so far."""

    def write(self) -> bytes:
        """The zip's bytes."""
        self.materials = [self._unique(m.get("name") or "material") for m in self.scene.materials]
        files = self._image_files()
        parts = [f"# Maquette unit={SYMBOLS[self.unit]} up=Y\n"]
        if self.scene.materials:
            parts.append(f"mtllib {self.name}.mtl\n")
        worlds = world_matrices(self.scene.nodes)
        for node, world in zip(self.scene.nodes, worlds, strict=True):
            if node.mesh is not None:
                parts += self._object(node, transformed(self.scene.meshes[node.mesh].mesh, world))
        library = mtl.write_library(
            self.scene.materials, self.materials, lambda t: files[self.scene.textures[t].image], self.scene.textures
        )
        contents = [(f"{self.name}.obj", "".join(parts).encode())]
        if self.scene.materials:
            contents.append((f"{self.name}.mtl", library.encode()))
        contents += [(files[i], image.data) for i, image in enumerate(self.scene.images)]
        return _zipped(contents)

    def _unique(self, name: str) -> str:
        base = re.sub(r"\s+", "_", name.strip()) or "unnamed"
        result, number = base, 2
        while result in self._names:
            result, number = f"{base}.{number}", number + 1
        self._names.add(result)
        return result

    def _image_files(self) -> list[str]:
        names: list[str] = []
        for image in self.scene.images:
            stem = re.sub(r"[^\w.-]+", "_", image.name.rsplit(".", 1)[0]) or "texture"
            suffix, number, name = _SUFFIX[image.mime], 2, stem
            while f"{name}.{suffix}" in names:
                name, number = f"{stem}.{number}", number + 1
            names.append(f"{name}.{suffix}")
        return names

    def _object(self, node: SceneNode, mesh: Mesh) -> list[str]:
        mesh = compact(mesh)
        title = self._unique(node.name or self.scene.meshes[node.mesh or 0].name or "object")
        parts = [f"o {title}\n", self._vertices(mesh)]
        if mesh.texcoords:
            flipped = np.stack([mesh.texcoords[0][:, 0], 1 - mesh.texcoords[0][:, 1]], axis=1)
            parts.append(_rows("vt %.9g %.9g\n", flipped))
        if len(mesh.texcoords) > 1:
            self.report.add("dropped", "UV sets", "OBJ holds one UV set; further ones were left out.")
        if mesh.normals is not None:
            parts.append(_rows("vn %.7g %.7g %.7g\n", mesh.normals))
        for primitive in mesh.primitives:
            material = node.materials.get(primitive.slot, primitive.material)
            if self.scene.materials:
                parts.append(f"usemtl {'none' if material is None else self.materials[material]}\n")
            outlines = polygons.outlines(primitive.triangles, primitive.polygons)
            parts.append(self._faces(outlines, mesh))
        counts = (len(mesh.positions), len(mesh.position_ids) * bool(mesh.texcoords), 0)
        normals = 0 if mesh.normals is None else len(mesh.position_ids)
        self._done = (self._done[0] + counts[0], self._done[1] + counts[1], self._done[2] + normals)
        return parts

    def _vertices(self, mesh: Mesh) -> str:
        points = mesh.positions / METRES[self.unit]
        number = f"%.{_digits(points)}g"
        if mesh.colors is None:
            return _rows(f"v {number} {number} {number}\n", points)
        colors = np.ones((len(points), 4), np.float32)
        colors[mesh.position_ids] = mesh.colors
        srgb = to_srgb(colors)[:, :3]
        return _rows(f"v {number} {number} {number} %.6g %.6g %.6g\n", np.concatenate([points, srgb], axis=1))

    def _faces(self, outlines: polygons.Outlines, mesh: Mesh) -> str:
        vertex = outlines.corners.astype(np.int64)
        columns, corner = [mesh.position_ids[vertex].astype(np.int64) + self._done[0] + 1], " %d"
        if mesh.texcoords:
            columns.append(vertex + self._done[1] + 1)
            corner += "/%d"
        if mesh.normals is not None:
            columns.append(vertex + self._done[2] + 1)
            corner += "/%d" if mesh.texcoords else "//%d"
        shapes = {int(s): "f" + corner * int(s) + "\n" for s in np.unique(outlines.sizes)}
        template = "".join([shapes[s] for s in outlines.sizes.tolist()])
        return template % tuple(np.stack(columns, axis=1).ravel().tolist())


def _rows(template: str, values: NDArray[np.floating]) -> str:
    return (template * len(values)) % tuple(values.ravel().tolist())


def _digits(points: NDArray[np.float64]) -> int:
    """Enough for a millionth of the extent, wherever the model stands."""
    if not len(points):
        return 9
    extent = float((points.max(axis=0) - points.min(axis=0)).max()) or 1.0
    far = float(np.abs(points).max()) / extent
    return int(min(17, 9 + max(0, np.ceil(np.log10(max(far, 1.0))))))


def _zipped(contents: list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in contents:
            packed = zipfile.ZIP_STORED if name.endswith(tuple(_SUFFIX.values())) else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, packed, 6)
    return target.getvalue()
