"""Schema v1 of the shared documents, in glTF's words. The one source: `web/core/schema.ts` is generated from it.

Units are metres and radians, +Y is up, right-handed. Every field of a record is one key of the record's Y.Map and one
independent decision; its value is atomic (a JSON value) unless the field's type is a `dict` marked CONTAINER, which is
a nested Y.Map written once together with its record.

Readers are tolerant: a missing or ill-typed value reads as the field's default and `crdt.validation` lists it.
Writers are strict: `crdt.errors.InvalidEdit`. Unknown keys are preserved.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

SCHEMA_VERSION = 1
ROOT = "root"
"""The parent id of nodes at the top of the scene."""

MAX_NAME = 256
MAX_COUNTER = 2**31
MAX_LEVELS = 8

SCENE_ROOTS = (
    "meta", "nodes", "meshes", "revisions", "strokes", "materials", "textures", "lights", "cameras", "lod",
)  # fmt: skip
SESSION_ROOTS = ("meta", "jobs", "chat", "comments", "proposals")

CONTAINER = "container"
"""Marks a field that is a nested Y.Map instead of an atomic value."""


def _unit_quaternion(value: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    if abs(math.sqrt(sum(c * c for c in value)) - 1.0) > 1e-3:
        raise ValueError("a rotation is a unit quaternion (x, y, z, w)")
    return value


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16}$")]
ParentId = Annotated[str, StringConstraints(pattern=r"^(root|[A-Za-z0-9_-]{16})$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
OrderKey = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,512}$")]
Name = Annotated[str, StringConstraints(max_length=MAX_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Unit = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Vec2 = tuple[Finite, Finite]
Vec3 = tuple[Finite, Finite, Finite]
Quaternion = Annotated[tuple[Finite, Finite, Finite, Finite], AfterValidator(_unit_quaternion)]
Colour3 = tuple[NonNegative, NonNegative, NonNegative]
Colour4 = tuple[Unit, Unit, Unit, Unit]
Extras = Any
Extensions = dict[str, Any]


class Value(BaseModel):
    """An atomic value: written whole, replaced whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Record(BaseModel):
    """One Y.Map `{root}/{id}`. Unknown keys are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Trashed(Value):
    by: str
    at: Count
    """Milliseconds since 1970."""


class Source(Value):
    """Where imported data that is not edited here (skins, animations, morph targets) still stands."""

    blob: Sha256
    index: Count | None = None


Edge = tuple[Annotated[int, Field(ge=0, le=MAX_COUNTER)], OrderKey]
"""(counter, order): one entry of `parents`. The highest counter is the current parent."""


class Meta(BaseModel):
    """The root map `meta` itself."""

    model_config = ConfigDict(extra="allow", frozen=True)
    schema_: int = Field(default=SCHEMA_VERSION, alias="schema")
    generation: int = 0


class Node(Record):
    name: Name = ""
    parents: dict[ParentId, Edge] = Field(default={}, json_schema_extra={CONTAINER: True})
    translation: Vec3 = (0.0, 0.0, 0.0)
    """Metres, in the parent's frame."""
    rotation: Quaternion = (0.0, 0.0, 0.0, 1.0)
    """Unit quaternion x, y, z, w."""
    scale: Vec3 = (1.0, 1.0, 1.0)
    visible: bool = True
    locked: bool = False
    trashed: Trashed | None = None
    mesh: Id | None = None
    camera: Id | None = None
    light: Id | None = None
    materials: dict[Id, Id | None] = Field(default={}, json_schema_extra={CONTAINER: True})
    """Slot id → material id: this node's overrides of the mesh's slots."""
    source: Source | None = None
    extras: Extras = None
    extensions: Extensions = {}


class LodLevel(Value):
    """What one level should be. Either `ratio` (of the base's triangles) or `triangles`."""

    ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    triangles: Annotated[int, Field(ge=1)] | None = None
    error: Unit = 1.0
    """The greatest allowed error as a fraction of the mesh's extent; 1 means no limit."""
    coverage: Unit = 0.0
    """Drawn when the bounding sphere covers less than this fraction of the viewport's height."""


class LodSettings(BaseModel):
    """The container `meshes/{id}/lod`: one key per decision, levels under "1" … "8" (null: no such level)."""

    model_config = ConfigDict(extra="allow", frozen=True)
    auto: bool = True
    """Rebuild when the shape changes."""
    lockBorders: bool = False
    normalWeight: Annotated[float, Field(ge=0, le=10)] = 0.5
    uvWeight: Annotated[float, Field(ge=0, le=10)] = 1.0
    colorWeight: Annotated[float, Field(ge=0, le=10)] = 0.5


DEFAULT_LEVELS: dict[str, LodLevel] = {
    "1": LodLevel(ratio=0.5, coverage=0.5),
    "2": LodLevel(ratio=0.25, coverage=0.25),
    "3": LodLevel(ratio=0.1, coverage=0.12),
    "4": LodLevel(ratio=0.03, coverage=0.05),
    "5": LodLevel(ratio=0.01, coverage=0.02),
}


class Mesh(Record):
    name: Name = ""
    head: Id | None = None
    """The current revision."""
    slots: dict[Id, Id | None] = Field(default={}, json_schema_extra={CONTAINER: True})
    """Slot id → material id."""
    lod: dict[str, Any] = Field(default={}, json_schema_extra={CONTAINER: True})
    """LodSettings and its levels; a missing level reads as its default in DEFAULT_LEVELS."""
    trashed: Trashed | None = None
    source: Source | None = None
    extras: Extras = None
    extensions: Extensions = {}


class Revision(Value):
    """The atomic value `revisions/{rid}`: one immutable state of a mesh."""

    mesh: Id
    geometry: Sha256
    grid: Annotated[int, Field(ge=-60, le=40)]
    """Positions are `origin + q · 2^grid` in the mesh's local frame, q integer."""
    origin: Vec3 = (0.0, 0.0, 0.0)
    topology: Id
    """Names the space of position ids."""
    parent: Id | None = None
    op: str
    """What made it: an operation's name (`import`, `simplify`, …)."""
    absorbed: Sha256 | None = None
    slots: list[Id]
    """Slot ids of the geometry's primitives, in order."""
    positions: Count
    vertices: Count
    triangles: Count
    min: Vec3
    max: Vec3
    """Bounds in the mesh's local frame, origin included."""
    bytes: Count
    by: str = ""
    at: Count = 0


class LodResult(Value):
    """The atomic value `lod/{rid}/{level}`."""

    geometry: Sha256
    triangles: Count
    vertices: Count
    error: NonNegative
    """Measured: the greatest distance from the base's positions to the level, in the mesh's local unit."""
    state: str
    """Hash of the strokes that it was made of; `""` where there are none."""
    bytes: Count


class TextureTransform(Value):
    """KHR_texture_transform."""

    offset: Vec2 = (0.0, 0.0)
    rotation: Finite = 0.0
    scale: Vec2 = (1.0, 1.0)
    texCoord: Annotated[int, Field(ge=0, le=7)] | None = None


class TextureInfo(Value):
    texture: Id
    texCoord: Annotated[int, Field(ge=0, le=7)] = 0
    transform: TextureTransform | None = None
    extras: Extras = None
    extensions: Extensions = {}


class NormalTextureInfo(TextureInfo):
    scale: Finite = 1.0


class OcclusionTextureInfo(TextureInfo):
    strength: Unit = 1.0


class Material(Record):
    """glTF 2.0 metallic-roughness, colours linear."""

    name: Name = ""
    baseColorFactor: Colour4 = (1.0, 1.0, 1.0, 1.0)
    metallicFactor: Unit = 1.0
    roughnessFactor: Unit = 1.0
    emissiveFactor: tuple[Unit, Unit, Unit] = (0.0, 0.0, 0.0)
    emissiveStrength: NonNegative = 1.0
    """KHR_materials_emissive_strength."""
    alphaMode: Literal["OPAQUE", "MASK", "BLEND"] = "OPAQUE"
    alphaCutoff: NonNegative = 0.5
    doubleSided: bool = False
    baseColorTexture: TextureInfo | None = None
    metallicRoughnessTexture: TextureInfo | None = None
    normalTexture: NormalTextureInfo | None = None
    occlusionTexture: OcclusionTextureInfo | None = None
    emissiveTexture: TextureInfo | None = None
    trashed: Trashed | None = None
    extras: Extras = None
    extensions: Extensions = {}


Wrap = Literal["REPEAT", "MIRRORED_REPEAT", "CLAMP_TO_EDGE"]
MagFilter = Literal["NEAREST", "LINEAR"]
MinFilter = Literal[
    "NEAREST", "LINEAR", "NEAREST_MIPMAP_NEAREST", "LINEAR_MIPMAP_NEAREST", "NEAREST_MIPMAP_LINEAR",
    "LINEAR_MIPMAP_LINEAR",
]  # fmt: skip


class Texture(Record):
    name: Name = ""
    image: Sha256 | None = None
    """The image's blob."""
    mimeType: Literal["image/png", "image/jpeg", "image/webp"] = "image/png"
    width: Count = 0
    height: Count = 0
    wrapS: Wrap = "REPEAT"
    wrapT: Wrap = "REPEAT"
    magFilter: MagFilter | None = None
    minFilter: MinFilter | None = None
    trashed: Trashed | None = None
    extras: Extras = None
    extensions: Extensions = {}


class Light(Record):
    """KHR_lights_punctual: shines along −Z of its node."""

    name: Name = ""
    type: Literal["directional", "point", "spot"] = "point"
    color: tuple[Unit, Unit, Unit] = (1.0, 1.0, 1.0)
    intensity: NonNegative = 1.0
    """Candela (point, spot) or lux (directional)."""
    range: Positive | None = None
    innerConeAngle: NonNegative = 0.0
    outerConeAngle: NonNegative = math.pi / 4
    trashed: Trashed | None = None
    extras: Extras = None
    extensions: Extensions = {}


class Camera(Record):
    """A glTF camera: looks along −Z of its node."""

    name: Name = ""
    type: Literal["perspective", "orthographic"] = "perspective"
    yfov: Positive = 0.8
    aspectRatio: Positive | None = None
    znear: NonNegative = 0.1
    zfar: Positive | None = None
    xmag: Finite = 1.0
    ymag: Finite = 1.0
    trashed: Trashed | None = None
    extras: Extras = None
    extensions: Extensions = {}


JobState = Literal["queued", "running", "awaiting_input", "succeeded", "failed", "cancelled"]


class JobError(Value):
    code: str
    message: str
    hint: str = ""


class Job(Record):
    """`jobs/{id}` of the session document. The asker writes the first block once, the server alone writes the rest."""

    op: str = ""
    target: dict[str, Any] = {}
    params: dict[str, Any] = {}
    by: str = ""
    at: Count = 0

    state: JobState = "queued"
    attempts: Count = 0
    worker: str = ""
    """The peer's name."""
    started: Count | None = None
    finished: Count | None = None
    result: dict[str, Any] | None = None
    error: JobError | None = None


class ChatLine(Value):
    """The atomic value `chat/{id}`."""

    by: str
    name: str
    at: Count
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class User(Value):
    id: str
    name: Annotated[str, StringConstraints(max_length=64)]
    color: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
    kind: Literal["person", "peer", "assistant"] = "person"


class PresenceCamera(Value):
    position: Vec3
    target: Vec3


class PresenceJob(Value):
    progress: Unit
    message: str = ""


class Presence(BaseModel):
    """One awareness state, at most 4 KB of JSON."""

    model_config = ConfigDict(extra="allow", frozen=True)
    user: User
    selection: list[str] = []
    """Node ids."""
    camera: PresenceCamera | None = None
    pointer: Vec3 | None = None
    """The point under the cursor, world frame, metres."""
    tool: str = ""
    jobs: dict[str, PresenceJob] = {}


SCENE_RECORDS: dict[str, type[Record]] = {
    "nodes": Node, "meshes": Mesh, "materials": Material, "textures": Texture, "lights": Light, "cameras": Camera,
}  # fmt: skip
"""Roots whose entries are Y.Maps."""
SCENE_VALUES: dict[str, type[Value]] = {"revisions": Revision, "lod": LodResult}
"""Roots whose entries are atomic values (`strokes` holds binaries and is not listed)."""
SESSION_RECORDS: dict[str, type[Record]] = {"jobs": Job}
SESSION_VALUES: dict[str, type[Value]] = {"chat": ChatLine}
