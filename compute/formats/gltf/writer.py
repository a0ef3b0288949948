"""A Scene as GLB: plain, compressed without loss (EXT_meshopt_compression), or quantised too."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute import codec, meshopt
from compute.formats.gltf.buffers import BufferWriter
from compute.formats.gltf.container import write_glb
from compute.formats.gltf.materials import write_material
from compute.formats.gltf.nodes import LIGHTS
from compute.formats.gltf.resources import FILTERS, WEBP, WRAPS
from compute.formats.report import Report
from compute.formats.weld import compact
from compute.mesh import JsonObject, Mesh
from compute.scene import Scene, SceneNode, SceneTexture

_WRAPS = {v: k for k, v in WRAPS.items()}
_FILTERS = {v: k for k, v in FILTERS.items()}
QUANTIZATION = "KHR_mesh_quantization"
_STEPS = 32767


@dataclass
class _Stored:
    """One mesh in the file. place: (translation, scale) of a child node that must hold it, if any."""

    attributes: dict[str, int]
    indices: list[int]
    place: tuple[tuple[float, ...], float] | None


@dataclass
class GlbWriter:
    """compress: with EXT_meshopt_compression. quantise: positions to 16 bits, normals to 8, UVs to 12."""

    scene: Scene
    report: Report
    compress: bool = False
    quantise: bool = False
    _used: set[str] = field(default_factory=set)
    _required: set[str] = field(default_factory=set)
    _meshes: list[JsonObject] = field(default_factory=list)
    _variants: dict[tuple, int] = field(default_factory=dict)

    def write(self) -> bytes:
        self.buffers = BufferWriter(compress=self.compress)
        scene = self.scene
        document: JsonObject = {"asset": {"version": "2.0", "generator": "Maquette"}}
        stored = [self._store(m.mesh) for m in scene.meshes]
        nodes = self._nodes(stored)
        roots = [i for i, n in enumerate(scene.nodes) if n.parent is None]
        self._put(document, "materials", [write_material(m, self._used) for m in scene.materials])
        self._put(document, "cameras", [self._camera(c) for c in scene.cameras])
        self._textures(document)
        self._put(document, "nodes", nodes)
        self._put(document, "meshes", self._meshes)
        document["scenes"] = [{**({"name": scene.name} if scene.name else {}), **({"nodes": roots} if roots else {})}]
        document["scene"] = 0
        if scene.lights:
            document["extensions"] = {LIGHTS: {"lights": [self._light(v) for v in scene.lights]}}
            self._used.add(LIGHTS)
        self._put(document, "extensionsUsed", sorted(self._used | self._required))
        self._put(document, "extensionsRequired", sorted(self._required))
        return write_glb(self.buffers.finish(document), self.buffers.binary)

    def _put(self, document: JsonObject, key: str, values: list[Any]) -> None:
        if values:
            document[key] = values

    # --- geometry ---

    def _store(self, mesh: Mesh) -> _Stored | None:
        mesh = compact(mesh)
        parts = [p for p in mesh.primitives if len(p.triangles)]
        if any(p.polygons is not None for p in parts):
            self.report.add("changed", "polygons", "Polygons became triangles: glTF holds no others.")
        if not parts:
            return None
        points, place = self._points(mesh)
        attributes = {"POSITION": self.buffers.rows(points, bounds=True)}
        if mesh.normals is not None:
            attributes["NORMAL"] = self._normals(mesh.normals)
        for i, texcoord in enumerate(mesh.texcoords):
            attributes[f"TEXCOORD_{i}"] = self.buffers.rows(self._rounded(texcoord))
        if mesh.colors is not None:
            attributes["COLOR_0"] = self._colors(mesh.colors)
        count = len(mesh.position_ids)
        return _Stored(attributes, [self.buffers.indices(p.triangles, count) for p in parts], place)

    def _points(self, mesh: Mesh) -> tuple[NDArray[Any], tuple[tuple[float, ...], float] | None]:
        """(v, 3) positions as stored, and the place of the child node that undoes the shift and scale."""
        low, high = mesh.positions.min(axis=0), mesh.positions.max(axis=0)
        half = float((high - low).max()) / 2
        if self.quantise and half > 0:
            centre, step = (low + high) / 2, half / _STEPS
            self._required.add(QUANTIZATION)
            points = np.rint((mesh.positions - centre) / step).astype(np.int16)
            return points[mesh.position_ids], (_floats(centre), step)
        single = mesh.positions.astype(np.float32)
        if float(np.abs(single - mesh.positions).max()) <= half * 2**-20:
            return single[mesh.position_ids] + np.float32(0), None
        _, origin = codec.choose_grid(mesh.positions)
        self.report.add(
            "changed", "origin", "Meshes far from their origin hang on a node of their own, to keep detail."
        )
        return (mesh.positions - origin).astype(np.float32)[mesh.position_ids], (origin, 1.0)

    def _normals(self, normals: NDArray[np.float32]) -> int:
        if not (self.quantise and self.compress):
            return self.buffers.rows(normals.astype(np.float32, copy=False))
        octahedral = meshopt.encode_filter_oct(normals, size=4, bits=8)
        self._required.add(QUANTIZATION)
        return self.buffers.rows(octahedral, width=3, normalized=True, octahedral=True)

    def _rounded(self, texcoord: NDArray[np.float32]) -> NDArray[np.float32]:
        """UVs to 1/4096 when quantising: float32 with few digits packs well and keeps any range."""
        if self.quantise:
            return (np.rint(texcoord * 4096) / 4096).astype(np.float32)
        return texcoord.astype(np.float32, copy=False)

    def _colors(self, colors: NDArray[np.float32]) -> int:
        if self.quantise:
            return self.buffers.rows(np.rint(np.clip(colors, 0, 1) * 255).astype(np.uint8), normalized=True)
        return self.buffers.rows(np.clip(colors, 0, 1).astype(np.float32, copy=False))

    # --- nodes ---

    def _nodes(self, stored: list[_Stored | None]) -> list[JsonObject]:
        nodes = [self._node(n) for n in self.scene.nodes]
        for i, node in enumerate(self.scene.nodes):
            if node.parent is not None:
                nodes[node.parent].setdefault("children", []).append(i)
        for i, node in enumerate(self.scene.nodes):
            found = None if node.mesh is None else stored[node.mesh]
            if found is None:
                continue
            number = self._variant(node, found)
            if found.place is None:
                nodes[i]["mesh"] = number
                continue
            translation, scale = found.place
            holder: JsonObject = {"mesh": number, "translation": list(translation)}
            if scale != 1:
                holder["scale"] = [scale] * 3
            nodes[i].setdefault("children", []).append(len(nodes))
            nodes.append(holder)
        return nodes

    def _variant(self, node: SceneNode, stored: _Stored) -> int:
        """The mesh with this node's materials; nodes of equal materials share it."""
        mesh = self.scene.meshes[node.mesh or 0]
        parts = [p for p in mesh.mesh.primitives if len(p.triangles)]
        materials = tuple(node.materials.get(p.slot, p.material) for p in parts)
        key = (node.mesh, materials)
        if key in self._variants:
            return self._variants[key]
        primitives = [
            {
                "attributes": stored.attributes,
                "indices": indices,
                **({} if material is None else {"material": material}),
            }
            for indices, material in zip(stored.indices, materials, strict=True)
        ]
        result: JsonObject = {"name": mesh.name} if mesh.name else {}
        result["primitives"] = primitives
        self._variants[key] = len(self._meshes)
        self._meshes.append(self._data(result, mesh.extras, mesh.extensions))
        return self._variants[key]

    def _node(self, node: SceneNode) -> JsonObject:
        result: JsonObject = {"name": node.name} if node.name else {}
        if any(node.translation):
            result["translation"] = list(node.translation)
        if tuple(node.rotation) != (0, 0, 0, 1):
            result["rotation"] = list(node.rotation)
        if tuple(node.scale) != (1, 1, 1):
            result["scale"] = list(node.scale)
        if node.camera is not None:
            result["camera"] = node.camera
        extensions = dict(node.extensions)
        if node.light is not None:
            extensions[LIGHTS] = {"light": node.light}
        return self._data(result, node.extras, extensions)

    def _data(self, result: JsonObject, extras: Any, extensions: JsonObject | None) -> JsonObject:
        if extras is not None:
            result["extras"] = copy.deepcopy(extras)
        if extensions:
            result["extensions"] = copy.deepcopy(extensions)
            self._used.update(extensions)
        return result

    # --- cameras, lights, textures ---

    def _camera(self, camera: JsonObject) -> JsonObject:
        kind = camera.get("type", "perspective")
        near, far = camera.get("znear", 0.1), camera.get("zfar")
        if kind == "perspective":
            inner: JsonObject = {"yfov": camera.get("yfov", 0.8), "znear": near or 0.01}
            if camera.get("aspectRatio"):
                inner["aspectRatio"] = camera["aspectRatio"]
        else:
            inner = {"xmag": camera.get("xmag", 1.0), "ymag": camera.get("ymag", 1.0), "znear": near}
            far = far or near + 1000
        if far and far > near:
            inner["zfar"] = far
        result = {**({"name": camera["name"]} if camera.get("name") else {}), "type": kind, kind: inner}
        return self._data(result, camera.get("extras"), camera.get("extensions"))

    def _light(self, light: JsonObject) -> JsonObject:
        kind = light.get("type", "point")
        result: JsonObject = {"name": light["name"]} if light.get("name") else {}
        result |= {"type": kind, "color": list(light.get("color", (1, 1, 1))), "intensity": light.get("intensity", 1.0)}
        if light.get("range") and kind != "directional":
            result["range"] = light["range"]
        if kind == "spot":
            outer = min(light.get("outerConeAngle", np.pi / 4), np.pi / 2)
            inner = light.get("innerConeAngle", 0.0)
            result["spot"] = {"innerConeAngle": min(inner, np.nextafter(outer, 0)), "outerConeAngle": outer}
        return self._data(result, light.get("extras"), light.get("extensions"))

    def _textures(self, document: JsonObject) -> None:
        samplers: list[JsonObject] = []
        self._put(document, "textures", [self._texture(t, samplers) for t in self.scene.textures])
        self._put(document, "samplers", samplers)
        images = []
        for image in self.scene.images:
            entry: JsonObject = {"name": image.name} if image.name else {}
            images.append({**entry, "mimeType": image.mime, "bufferView": self.buffers.view(image.data)})
        self._put(document, "images", images)

    def _texture(self, texture: SceneTexture, samplers: list[JsonObject]) -> JsonObject:
        result: JsonObject = {"name": texture.name} if texture.name else {}
        extensions = dict(texture.extensions)
        if self.scene.images[texture.image].mime == "image/webp":
            extensions[WEBP] = {"source": texture.image}
            self._required.add(WEBP)
        else:
            result["source"] = texture.image
        sampler = _sampler(texture)
        if sampler:
            if sampler not in samplers:
                samplers.append(sampler)
            result["sampler"] = samplers.index(sampler)
        return self._data(result, texture.extras, extensions)


def _sampler(texture: SceneTexture) -> JsonObject:
    result: JsonObject = {}
    for key in ("wrapS", "wrapT"):
        if getattr(texture, key) != "REPEAT":
            result[key] = _WRAPS[getattr(texture, key)]
    for key in ("magFilter", "minFilter"):
        if getattr(texture, key):
            result[key] = _FILTERS[getattr(texture, key)]
    return result


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
