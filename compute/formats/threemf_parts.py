"""The model parts of a 3MF package as records. XML is read by expat with document types refused, so that there are no
entities. Sources: 3MF core 1.3, materials and properties 1.2, production 1.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

import numpy as np

from compute.formats.files import ReadOptions, check_triangles, refuse
from compute.formats.gltf.checked import clean_name
from compute.formats.transforms import Matrix

_UNITS = {"micron": "micron", "millimeter": "millimetre", "centimeter": "centimetre", "inch": "inch", "foot": "foot",
          "meter": "metre"}  # fmt: skip
Key = tuple[str, str]
"""(part, id) of a resource; ids are only unique within a part."""
Attributes = dict[str, str]


@dataclass
class Object:
    name: str
    kind: str
    group: str | None
    index: int
    vertices: list[float] = field(default_factory=list)
    triangles: list[int] = field(default_factory=list)
    properties: list[tuple[str | None, int, int, int]] = field(default_factory=list)
    """Of each triangle: group (None: the object's own) and an entry of it for each corner."""
    components: list[tuple[Key, Matrix]] = field(default_factory=list)


@dataclass
class Package:
    """Everything that the model parts of a package say."""

    unit: str = "millimetre"
    title: str = ""
    objects: dict[Key, Object] = field(default_factory=dict)
    materials: dict[Key, list[tuple[str, str]]] = field(default_factory=dict)
    """Base materials: (name, colour)."""
    colors: dict[Key, list[str]] = field(default_factory=dict)
    coordinates: dict[Key, tuple[str, list[tuple[float, float]]]] = field(default_factory=dict)
    """Texture coordinate groups: the texture's id, and (u, v)."""
    textures: dict[Key, Attributes] = field(default_factory=dict)
    items: list[tuple[Key, Matrix]] = field(default_factory=list)


def part_path(name: str) -> str:
    return "/" + name.replace("\\", "/").lstrip("/").lower()


@dataclass
class PartReader:
    """Fills a package from one model part. Element names lose their namespace: no two that we read collide."""

    package: Package
    part: str
    root: bool
    options: ReadOptions
    _object: Object | None = None
    _group: Key = ("", "")
    _title: bool = False

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator="}")
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._text
        parser.buffer_text = True
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            refuse("invalid_xml", f"The model part “{self.part}” is no valid XML: {error}.", "The file is damaged.")

    def _start(self, name: str, attributes: Attributes) -> None:
        handler = _HANDLERS.get(name.rsplit("}", 1)[-1])
        self._title = False
        if handler is None:
            return
        try:
            handler(self, attributes)
        except (KeyError, ValueError) as error:
            tag = name.rsplit("}", 1)[-1]
            refuse("invalid_3mf", f"An element <{tag}> of the 3MF lacks or garbles an attribute: {error}.")

    def _text(self, text: str) -> None:
        if self._title:
            self.package.title = clean_name(self.package.title + text)

    def _model(self, a: Attributes) -> None:
        if not self.root:
            return
        unit = a.get("unit", "millimeter")
        if unit not in _UNITS:
            refuse("invalid_3mf", f"The 3MF's unit is {unit[:20]!r}; one of {', '.join(_UNITS)} was expected.")
        self.package.unit = _UNITS[unit]

    def _metadata(self, a: Attributes) -> None:
        self._title = self.root and a.get("name") == "Title"

    def _new_object(self, a: Attributes) -> None:
        self._object = Object(
            clean_name(a.get("name", "")), a.get("type", "model"), a.get("pid"), int(a.get("pindex", "0"))
        )
        self.package.objects[self.part, a["id"]] = self._object
        bound(len(self.package.objects), "objects", self.options)

    def _vertex(self, a: Attributes) -> None:
        if self._object is not None:
            self._object.vertices += (float(a["x"]), float(a["y"]), float(a["z"]))

    def _triangle(self, a: Attributes) -> None:
        target = self._object
        if target is None:
            return
        target.triangles += (int(a["v1"]), int(a["v2"]), int(a["v3"]))
        check_triangles(len(target.properties), self.options)
        if "p1" in a or "pid" in a:
            first = int(a.get("p1", target.index))
            target.properties.append((a.get("pid"), first, int(a.get("p2", first)), int(a.get("p3", first))))
        else:
            target.properties.append((None, target.index, target.index, target.index))

    def _component(self, a: Attributes) -> None:
        if self._object is not None:
            self._object.components.append((self._key(a), _transform(a.get("transform"))))
            bound(len(self._object.components), "components", self.options)

    def _item(self, a: Attributes) -> None:
        if self.root:
            self.package.items.append((self._key(a), _transform(a.get("transform"))))
            bound(len(self.package.items), "build items", self.options)

    def _key(self, a: Attributes) -> Key:
        path = next((v for k, v in a.items() if k.endswith("}path")), None)
        return (self.part if path is None else part_path(path)), a["objectid"]

    def _base_materials(self, a: Attributes) -> None:
        self._group = (self.part, a["id"])
        self.package.materials[self._group] = []

    def _base(self, a: Attributes) -> None:
        self.package.materials[self._group].append((clean_name(a.get("name", "")), a.get("displaycolor", "#FFFFFF")))

    def _color_group(self, a: Attributes) -> None:
        self._group = (self.part, a["id"])
        self.package.colors[self._group] = []

    def _color(self, a: Attributes) -> None:
        self.package.colors[self._group].append(a["color"])

    def _texture(self, a: Attributes) -> None:
        self.package.textures[self.part, a["id"]] = a

    def _coordinate_group(self, a: Attributes) -> None:
        self._group = (self.part, a["id"])
        self.package.coordinates[self._group] = (a["texid"], [])

    def _coordinate(self, a: Attributes) -> None:
        self.package.coordinates[self._group][1].append((float(a["u"]), float(a["v"])))


_HANDLERS: dict[str, Callable[[PartReader, Attributes], None]] = {
    "model": PartReader._model, "metadata": PartReader._metadata, "object": PartReader._new_object,
    "vertex": PartReader._vertex, "triangle": PartReader._triangle, "component": PartReader._component,
    "item": PartReader._item, "basematerials": PartReader._base_materials, "base": PartReader._base,
    "colorgroup": PartReader._color_group, "color": PartReader._color, "texture2d": PartReader._texture,
    "texture2dgroup": PartReader._coordinate_group, "tex2coord": PartReader._coordinate,
}  # fmt: skip


def _refuse_doctype(*_: object) -> None:
    refuse("xml_entities", "The XML declares a document type or entities, which a model has no use for.")


def bound(count: int, what: str, options: ReadOptions) -> None:
    if count > options.max_objects:
        refuse("too_many_objects", f"The 3MF lists more than {options.max_objects:,} {what}.")


def _transform(text: str | None) -> Matrix:
    """Twelve numbers for row vectors: `p · M`."""
    if text is None:
        return np.eye(4)
    values = np.array([float(v) for v in text.split()])
    if values.shape != (12,) or not np.isfinite(values).all():
        raise ValueError(f"transform {text[:40]!r}")
    matrix = np.eye(4)
    matrix[:3, :] = values.reshape(4, 3).T
    return matrix
