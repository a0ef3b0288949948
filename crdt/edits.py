"""Typed edits (SPEC E): what scripts and assistants send as the body of PATCH …/scene. A list is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from crdt import lod, nodes, resources
from crdt.document import SceneDocument
from crdt.errors import InvalidEdit
from crdt.ids import new_id
from crdt.schema import ROOT
from crdt.validation import TEXTURE_KEYS
from crdt.values import explain

NodeKey = Literal[
    "name", "translation", "rotation", "scale", "visible", "locked", "mesh", "camera", "light", "extras"
]  # fmt: skip
REFERENCES: Mapping[str, str] = {"mesh": "meshes", "camera": "cameras", "light": "lights"}
"""Key of a node → the root that its value names."""


@dataclass(frozen=True)
class Target:
    """Where an edit is applied, and in whose name."""

    scene: SceneDocument
    by: str


class _Edit(BaseModel):
    """One edit. `apply` returns the id that it made, if any, and raises before it writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def apply(self, on: Target) -> str | None:
        raise NotImplementedError


class NodeAdd(_Edit):
    edit: Literal["node.add"]
    id: str = Field(default_factory=new_id)
    parent: str = ROOT
    name: Any = None
    translation: Any = None
    rotation: Any = None
    scale: Any = None
    mesh: Any = None
    camera: Any = None
    light: Any = None

    def apply(self, on: Target) -> str:
        fields = self.model_dump(exclude={"edit", "id", "parent"}, exclude_none=True)
        for key, root in REFERENCES.items():
            _need(on.scene, root, fields.get(key))
        return nodes.add(on.scene, parent=self.parent, id=self.id, **fields)


class NodeMove(_Edit):
    edit: Literal["node.move"]
    node: str
    parent: str
    before: str | None = None

    def apply(self, on: Target) -> None:
        nodes.move(on.scene, self.node, self.parent, self.before)


class NodeSet(_Edit):
    edit: Literal["node.set"]
    node: str
    key: NodeKey
    value: Any

    def apply(self, on: Target) -> None:
        if self.key in REFERENCES:
            _need(on.scene, REFERENCES[self.key], self.value)
        on.scene.set("nodes", self.node, self.key, self.value)


class NodeTrash(_Edit):
    edit: Literal["node.trash"]
    nodes: list[str]

    def apply(self, on: Target) -> None:
        nodes.trash(on.scene, self.nodes, on.by)


class NodeRestore(_Edit):
    edit: Literal["node.restore"]
    nodes: list[str]

    def apply(self, on: Target) -> None:
        nodes.restore(on.scene, self.nodes)


class NodeDuplicate(_Edit):
    edit: Literal["node.duplicate"]
    node: str
    id: str = Field(default_factory=new_id)

    def apply(self, on: Target) -> str:
        return nodes.duplicate(on.scene, self.node, id=self.id)


class NodeMaterial(_Edit):
    edit: Literal["node.material"]
    node: str
    slot: str
    material: str | None

    def apply(self, on: Target) -> None:
        _need(on.scene, "materials", self.material)
        resources.set_override(on.scene, self.node, self.slot, self.material)


class MeshSet(_Edit):
    edit: Literal["mesh.set"]
    mesh: str
    key: Literal["name", "extras"]
    value: Any

    def apply(self, on: Target) -> None:
        on.scene.set("meshes", self.mesh, self.key, self.value)


class MeshSlot(_Edit):
    edit: Literal["mesh.slot"]
    mesh: str
    slot: str
    material: str | None

    def apply(self, on: Target) -> None:
        _need(on.scene, "materials", self.material)
        resources.set_slot(on.scene, self.mesh, self.slot, self.material)


class MeshLod(_Edit):
    edit: Literal["mesh.lod"]
    mesh: str
    key: str
    value: Any

    def apply(self, on: Target) -> None:
        lod.set_setting(on.scene, self.mesh, self.key, self.value)


class _Add(_Edit):
    """A resource; its fields stand beside `edit` and `id`, in the schema's words."""

    model_config = ConfigDict(extra="allow", frozen=True)
    root: ClassVar[str]
    id: str = Field(default_factory=new_id)

    def apply(self, on: Target) -> str:
        fields = self.model_extra or {}
        for key, value in fields.items():
            _need_texture(on.scene, key, value)
        return on.scene.create(self.root, self.id, fields)


class MaterialAdd(_Add):
    root = "materials"
    edit: Literal["material.add"]


class TextureAdd(_Add):
    root = "textures"
    edit: Literal["texture.add"]


class LightAdd(_Add):
    root = "lights"
    edit: Literal["light.add"]


class CameraAdd(_Add):
    root = "cameras"
    edit: Literal["camera.add"]


class MaterialSet(_Edit):
    edit: Literal["material.set"]
    material: str
    key: str
    value: Any

    def apply(self, on: Target) -> None:
        _need_texture(on.scene, self.key, self.value)
        _set(on.scene, "materials", self.material, self.key, self.value)


class LightSet(_Edit):
    edit: Literal["light.set"]
    light: str
    key: str
    value: Any

    def apply(self, on: Target) -> None:
        _set(on.scene, "lights", self.light, self.key, self.value)


class CameraSet(_Edit):
    edit: Literal["camera.set"]
    camera: str
    key: str
    value: Any

    def apply(self, on: Target) -> None:
        _set(on.scene, "cameras", self.camera, self.key, self.value)


Edit = Annotated[
    NodeAdd
    | NodeMove
    | NodeSet
    | NodeTrash
    | NodeRestore
    | NodeDuplicate
    | NodeMaterial
    | MeshSet
    | MeshSlot
    | MeshLod
    | MaterialAdd
    | MaterialSet
    | TextureAdd
    | LightAdd
    | LightSet
    | CameraAdd
    | CameraSet,
    Field(discriminator="edit"),
]
EDITS: TypeAdapter[list[Edit]] = TypeAdapter(list[Edit])


def parse_edits(edits: Sequence[Any]) -> list[Edit]:
    """Edits from JSON; raises InvalidEdit("bad_edit") that names the first that is none."""
    try:
        return EDITS.validate_python(list(edits))
    except ValidationError as error:
        raise InvalidEdit("bad_edit", explain(error), "crdt/SPEC.md, section E, lists the edits.") from error


def apply_edits(scene: SceneDocument, edits: Sequence[Any], by: str, *, origin: str = "local") -> list[str | None]:
    """All edits in one transaction, or none; returns for each the id that it made, or None.

    Raises InvalidEdit or UnknownRecord, its hint naming the edit, before anything was written. Later edits may name
    what earlier ones make: several are first tried on a copy.
    """
    parsed = parse_edits(edits)
    if len(parsed) > 1:
        _apply(scene.fork(), parsed, by, origin)
    return _apply(scene, parsed, by, origin)


def _apply(scene: SceneDocument, edits: Sequence[Edit], by: str, origin: str) -> list[str | None]:
    target = Target(scene, by)
    made: list[str | None] = []
    with scene.transact(origin):
        for position, edit in enumerate(edits):
            try:
                made.append(edit.apply(target))
            except InvalidEdit as error:
                error.hint = f"Edit {position} ({edit.edit}). {error.hint}".strip()
                raise
    return made


def _need(scene: SceneDocument, root: str, record: Any) -> None:
    """A reference must name a record; whether it is well-typed is checked when it is written."""
    if isinstance(record, str):
        scene.need(root, record)


def _need_texture(scene: SceneDocument, key: str, value: Any) -> None:
    if key in TEXTURE_KEYS and isinstance(value, Mapping):
        _need(scene, "textures", value.get("texture"))


def _set(scene: SceneDocument, root: str, record: str, key: str, value: Any) -> None:
    if key == "trashed" and value is None:
        scene.unset(root, record, key)
    else:
        scene.set(root, record, key, value)
