"""A scene as files hold it: what readers in `compute.formats` return and writers take. No document, no ids.

Everything is in glTF's words and units (metres, +Y up, right-handed); references are indices into the lists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from compute.mesh import JsonObject, Mesh


@dataclass
class SceneNode:
    name: str = ""
    parent: int | None = None
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rotation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    mesh: int | None = None
    camera: int | None = None
    light: int | None = None
    materials: dict[str, int] = field(default_factory=dict)
    """Slot → material index: this node's overrides (writers only)."""
    extras: Any = None
    extensions: JsonObject = field(default_factory=dict)


@dataclass
class SceneMesh:
    name: str
    mesh: Mesh
    extras: Any = None
    extensions: JsonObject = field(default_factory=dict)


@dataclass
class SceneImage:
    """The encoded bytes of an image as they stand in the file, and what was found in its header."""

    data: bytes
    mime: Literal["image/png", "image/jpeg", "image/webp"]
    width: int
    height: int
    name: str = ""


@dataclass
class SceneTexture:
    """A texture = image + sampler, in the words of crdt.schema.Texture."""

    image: int
    name: str = ""
    wrapS: str = "REPEAT"
    wrapT: str = "REPEAT"
    magFilter: str | None = None
    minFilter: str | None = None
    extras: Any = None
    extensions: JsonObject = field(default_factory=dict)


ReportKind = Literal["kept", "dropped", "changed", "note"]


@dataclass
class ReportEntry:
    """One line of an import or export report, a sentence for people and a key for programs."""

    kind: ReportKind
    what: str
    text: str
    count: int = 1


@dataclass
class Scene:
    """materials, cameras and lights are objects in the words of crdt.schema (Material, Camera, Light), except that a
    texture reference is `{"texture": index into textures, …}`."""

    nodes: list[SceneNode] = field(default_factory=list)
    meshes: list[SceneMesh] = field(default_factory=list)
    materials: list[JsonObject] = field(default_factory=list)
    textures: list[SceneTexture] = field(default_factory=list)
    images: list[SceneImage] = field(default_factory=list)
    cameras: list[JsonObject] = field(default_factory=list)
    lights: list[JsonObject] = field(default_factory=list)
    report: list[ReportEntry] = field(default_factory=list)
    name: str = ""
    generator: str = ""
    unit: str = "metre"
    """What the file (or the guess) said; positions are already in metres."""
    has_unedited_source: bool = False
    """Skins, animations or morph targets stand in the file: keep it as `source`."""


def map_textures(value: Any, key: str, follow: Callable[[JsonObject], JsonObject | None]) -> Any:
    """A copy of extension data in which `follow` replaced every `…Texture` object that has `key` (None: left out).

    key: "index" in glTF files, "texture" in a Scene (a number) and in the document (an id).
    """
    if isinstance(value, list):
        return [map_textures(v, key, follow) for v in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for name, inner in value.items():
        if name.endswith("Texture") and isinstance(inner, dict) and isinstance(inner.get(key), int | str):
            inner = follow(inner)
            if inner is None:
                continue
        result[name] = map_textures(inner, key, follow)
    return result
