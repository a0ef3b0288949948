"""3MF: objects, components, build items, base materials, colours, textures; units exact, Z up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute.formats import archive, faces, images, units, weld
from compute.formats.baking import Baker
from compute.formats.colors import to_linear
from compute.formats.faces import Faces
from compute.formats.files import METRES, FileSet, NamedFile, ReadOptions, refuse
from compute.formats.report import Report
from compute.formats.threemf_parts import Key, Object, Package, PartReader, bound, part_path
from compute.formats.transforms import Matrix
from compute.mesh import JsonObject
from compute.scene import Scene, SceneMesh, SceneNode, SceneTexture


def read_3mf(data: bytes, name: str, options: ReadOptions) -> Scene:
    """A scene of one top node per build item; objects that are used twice share a mesh."""
    files = FileSet(archive.unpack(data, name, options))
    package, report = Package(), Report()
    root = _root_part(files)
    parts = [root, *(f for f in files.files if f.name.lower().endswith(".model") and f.name != root.name)]
    for part in parts:
        PartReader(package, part_path(part.name), part is root, options).read(part.read())
    builder = _Builder(package, files, options, report, Scene(name=package.title or name))
    scene = builder.build()
    units.stand_up(scene, report)
    scene.unit, scene.report = package.unit, report.entries
    return scene


def _root_part(files: FileSet) -> NamedFile:
    """The model that the package's relationships name, else the usual one."""
    relations = files.find("_rels/.rels")
    target = None
    if relations is not None:
        for tag in re.findall(rb"<Relationship\b[^>]*>", relations.read()):
            if b"/3dmodel" in tag and (found := re.search(rb'Target\s*=\s*["\']/?([^"\']+)', tag)):
                target = found.group(1).decode("utf-8", "replace")
    part = files.find(target or "3D/3dmodel.model")
    part = part or next((f for f in files.files if f.name.lower().endswith(".model")), None)
    if part is None:
        refuse("invalid_3mf", "The package holds no 3D model part.", "The file is damaged or no 3MF.")
    return part


@dataclass
class _Builder:
    package: Package
    files: FileSet
    options: ReadOptions
    report: Report
    scene: Scene
    _meshes: dict[Key, int | None] = field(default_factory=dict)
    _materials: dict[tuple, int] = field(default_factory=dict)
    _textures: dict[Key, int | None] = field(default_factory=dict)

    def build(self) -> Scene:
        self.baker = Baker(self.scene, self.report)
        self.metres = METRES[self.package.unit]
        for key, matrix in self.package.items:
            self._place(key, matrix, None, None, ())
        if not any(n.mesh is not None for n in self.scene.nodes):
            refuse("no_geometry", "The 3MF builds nothing that has triangles.")
        self.baker.prune()
        return self.scene

    def _place(
        self, key: Key, matrix: Matrix, parent: int | None, residual: Matrix | None, path: tuple[Key, ...]
    ) -> None:
        found = self.package.objects.get(key)
        if found is None:
            refuse("reference_out_of_range", f"The 3MF refers to object {key[1][:20]}, which it does not hold.")
        if key in path or len(path) > 200:
            refuse("recursive_nodes", f"Object {key[1][:20]} of the 3MF is a component of itself.")
        if found.kind in ("support", "solidsupport"):
            self.report.add("dropped", "supports", "Support structures were dropped.")
            return
        metric = matrix.copy()
        metric[:3, 3] *= self.metres
        trs, below = self.baker.split(metric if residual is None else residual @ metric)
        mesh = self._mesh(key, found)
        self.scene.nodes.append(
            SceneNode(
                name=found.name, parent=parent, translation=trs.translation, rotation=trs.rotation, scale=trs.scale,
                mesh=None if mesh is None else self.baker.mesh(mesh, below),
            )
        )  # fmt: skip
        bound(len(self.scene.nodes), "instances", self.options)
        number = len(self.scene.nodes) - 1
        for child, transform in found.components:
            self._place(child, transform, number, below, (*path, key))

    def _mesh(self, key: Key, found: Object) -> int | None:
        if key not in self._meshes:
            self._meshes[key] = self._build_mesh(key, found) if found.triangles else None
        return self._meshes[key]

    def _build_mesh(self, key: Key, found: Object) -> int:
        positions = np.array(found.vertices, np.float64).reshape(-1, 3)
        triangles = np.array(found.triangles, np.int64).reshape(-1, 3)
        _check_mesh(positions, triangles)
        looks = _Looks(self, key[0], found)
        rows, slots, materials = looks.resolve(triangles)
        built = faces.build(Faces(np.full(len(triangles), 3), rows, slots), positions * self.metres, self.report)
        mesh = built.mesh
        if looks.uv:
            uv = np.array([(0.0, 0.0), *looks.uv])[built.vertices[:, 1] + 1]
            mesh.texcoords = [np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).astype(np.float32)]
        if looks.colors:
            mesh.colors = np.concatenate([np.ones((1, 4), np.float32), np.array(looks.colors)])[
                built.vertices[:, 2] + 1
            ]
            mesh.colors = mesh.colors.astype(np.float32)
        for primitive in mesh.primitives:
            primitive.material = materials[int(primitive.slot)]
        self.scene.meshes.append(SceneMesh(found.name, weld.compact(mesh)))
        return len(self.scene.meshes) - 1

    def material(self, name: str, color: tuple[float, ...], texture: int | None = None) -> int:
        key = (name, color, texture)
        if key not in self._materials:
            self._materials[key] = len(self.scene.materials)
            material: JsonObject = {
                "name": name,
                "baseColorFactor": color,
                "metallicFactor": 0.0,
                "roughnessFactor": 0.7,
            }
            if color[3] < 1:
                material["alphaMode"] = "BLEND"
            if texture is not None:
                material["baseColorTexture"] = {"texture": texture, "texCoord": 0}
            self.scene.materials.append(material)
        return self._materials[key]

    def texture(self, key: Key) -> int | None:
        if key not in self._textures:
            self._textures[key] = self._load_texture(key)
        return self._textures[key]

    def _load_texture(self, key: Key) -> int | None:
        attributes = self.package.textures.get(key, {})
        found = self.files.find(attributes.get("path", "").lstrip("/")) if attributes.get("path") else None
        if found is None:
            self.report.add("dropped", "missing_file", "A texture that the 3MF refers to is not in it.")
            return None
        title = found.name.rsplit("/", 1)[-1]
        self.scene.images.append(images.read_image(found.read(), title, self.options))
        wraps = {"wrap": "REPEAT", "mirror": "MIRRORED_REPEAT", "clamp": "CLAMP_TO_EDGE", "none": "CLAMP_TO_EDGE"}
        self.scene.textures.append(
            SceneTexture(
                len(self.scene.images) - 1, title,
                wraps.get(attributes.get("tilestyleu", ""), "REPEAT"),
                wraps.get(attributes.get("tilestylev", ""), "REPEAT"),
            )
        )  # fmt: skip
        return len(self.scene.textures) - 1


def _check_mesh(positions: NDArray[np.float64], triangles: NDArray[np.int64]) -> None:
    if not np.isfinite(positions).all():
        bad = int((~np.isfinite(positions)).any(axis=1).sum())
        refuse("positions_not_finite", f"{bad} of {len(positions)} vertices of the 3MF are NaN or infinite.")
    if int(triangles.min()) < 0 or int(triangles.max()) >= len(positions):
        refuse("index_out_of_range", f"A triangle refers to vertex {int(triangles.max())}; there are {len(positions)}.")


@dataclass
class _Looks:
    """What the triangles of one object look like: slots with materials, and rows of UVs and colours."""

    builder: _Builder
    part: str
    object: Object
    uv: list[tuple[float, float]] = field(default_factory=list)
    colors: list[tuple[float, ...]] = field(default_factory=list)

    def resolve(self, triangles: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], list[int | None]]:
        """Corner rows (position, UV, colour), the slot of each triangle, and the material of each slot."""
        names = [group if group is not None else self.object.group for group, *_ in self.object.properties]
        entries = np.array([p[1:] for p in self.object.properties], np.int64).reshape(-1, 3)
        groups = {group: i for i, group in enumerate(dict.fromkeys(names))}
        owner = np.array([groups[name] for name in names])
        rows = np.full((len(triangles), 3, 3), -1, np.int64)
        rows[:, :, 0] = triangles
        slots, materials = np.zeros(len(triangles), np.int64), []
        for group, i in groups.items():
            chosen = np.flatnonzero(owner == i)
            self._group((self.part, group or ""), chosen, entries[chosen], rows, slots, materials)
        return rows.reshape(-1, 3), slots, materials

    def _group(
        self, key: Key, chosen: NDArray[np.int64], entries: NDArray[np.int64],
        rows: NDArray[np.int64], slots: NDArray[np.int64], materials: list[int | None],
    ) -> None:  # fmt: skip
        package = self.builder.package
        if key in package.materials:
            self._check(entries[:, 0], len(package.materials[key]))
            self._by_entry(package.materials[key], entries[:, 0], chosen, slots, materials)
        elif key in package.colors:
            self._colored(package.colors[key], entries, chosen, rows, slots, materials)
        elif key in package.coordinates:
            texture, coordinates = package.coordinates[key]
            self._check(entries, len(coordinates))
            rows[chosen, :, 1] = entries + len(self.uv)
            self.uv += coordinates
            number = self.builder.texture((self.part, texture))
            slots[chosen] = len(materials)
            materials.append(self.builder.material("", (1.0, 1.0, 1.0, 1.0), number))
        else:
            if key[1]:
                self.builder.report.add("dropped", "properties", "Composite and multiple properties are not read.")
            slots[chosen] = len(materials)
            materials.append(None)

    def _check(self, entries: NDArray[np.int64], count: int) -> None:
        if len(entries) and (int(entries.min()) < 0 or int(entries.max()) >= count):
            refuse(
                "reference_out_of_range", f"A triangle refers to property {int(entries.max())}; its group has {count}."
            )

    def _by_entry(
        self, listed: list[tuple[str, str]], entries: NDArray[np.int64], chosen: NDArray[np.int64],
        slots: NDArray[np.int64], materials: list[int | None],
    ) -> None:  # fmt: skip
        for entry in np.unique(entries).tolist():
            name, color = listed[entry]
            slots[chosen[entries == entry]] = len(materials)
            materials.append(self.builder.material(name, _color(color)))

    def _colored(
        self, listed: list[str], entries: NDArray[np.int64], chosen: NDArray[np.int64],
        rows: NDArray[np.int64], slots: NDArray[np.int64], materials: list[int | None],
    ) -> None:  # fmt: skip
        """One colour over all is a material; several are vertex colours on white."""
        self._check(entries, len(listed))
        slots[chosen] = len(materials)
        if int(entries.min()) == int(entries.max()):
            materials.append(self.builder.material("", _color(listed[int(entries[0, 0])])))
            return
        materials.append(self.builder.material("", (1.0, 1.0, 1.0, 1.0)))
        rows[chosen, :, 2] = entries + len(self.colors)
        self.colors += [_color(c) for c in listed]


def _color(text: str) -> tuple[float, ...]:
    """#RRGGBB or #RRGGBBAA, sRGB, as linear RGBA."""
    if not re.fullmatch(r"#([0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})", text):
        refuse("invalid_3mf", f"{text[:20]!r} is no colour; #RRGGBB or #RRGGBBAA was expected.")
    values = [int(text[i : i + 2], 16) / 255 for i in range(1, len(text), 2)]
    linear = to_linear(np.array([*values, 1.0][:4]))
    return tuple(float(v) for v in linear)
