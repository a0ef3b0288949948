"""Wavefront MTL, with the physically based statements (Pr, Pm, Ke, norm, map_Pr …), both ways.

Colours are taken and written as linear, and roughness = 1 − √(Ns / 1000), both as Blender does.
UVs of OBJ point up, ours down, so a texture's transform is turned over too.
Source: paulbourke.net/dataformats/mtl and the PBR extension of Clara.io.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from compute.formats import images
from compute.formats.files import FileSet, NamedFile, ReadOptions, escapes, refuse
from compute.formats.gltf.checked import clean_name
from compute.formats.report import Report
from compute.mesh import JsonObject
from compute.scene import Scene, SceneTexture

_OPTIONS = {
    "-blendu": 1, "-blendv": 1, "-cc": 1, "-clamp": 1, "-imfchan": 1, "-texres": 1, "-bm": 1, "-boost": 1, "-type": 1,
    "-mm": 2,
}  # fmt: skip
_VECTORS = ("-s", "-o", "-t")
"""Options with one to three numbers."""
_MAPS = {
    "map_kd": "color", "map_ke": "emissive", "norm": "normal", "map_kn": "normal", "map_bump": "bump", "bump": "bump",
    "map_pr": "roughness", "map_pm": "metallic", "map_d": "alpha", "map_ao": "occlusion",
}  # fmt: skip


@dataclass
class _Map:
    """One texture statement."""

    file: str
    offset: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    clamp: bool = False
    strength: float = 1.0


@dataclass
class _Material:
    name: str
    values: dict[str, list[float]] = field(default_factory=dict)
    maps: dict[str, _Map] = field(default_factory=dict)


@dataclass
class MtlReader:
    """Reads libraries into `scene.materials`. numbers: material name → its number in the scene."""

    files: FileSet
    scene: Scene
    report: Report
    options: ReadOptions
    numbers: dict[str, int] = field(default_factory=dict)
    _images: dict[str, int] = field(default_factory=dict)
    _textures: dict[tuple[int, bool], int] = field(default_factory=dict)

    def library(self, reference: str, base: str) -> None:
        """All materials of a library; one that did not come along is reported."""
        names = [reference] if self.files.find(reference, base) else reference.split() or [reference]
        for name in names:
            found = self._find(name, base, "material library")
            if found is not None:
                self._add(found)

    def _add(self, found: NamedFile) -> None:
        for material in _statements(found.read().decode("utf-8", "replace")):
            if material.name not in self.numbers:
                self.numbers[material.name] = len(self.scene.materials)
                self.scene.materials.append(self._material(material, found.name))

    def named(self, name: str) -> int | None:
        """The number of a material; one that no library defines becomes a plain one of that name, `none` is none."""
        if name not in self.numbers and name.lower() in ("", "none", "(null)"):
            return None
        if name not in self.numbers:
            self.report.add("note", "material", "Materials that no library defines got default values.")
            self.numbers[name] = len(self.scene.materials)
            self.scene.materials.append({"name": clean_name(name), "metallicFactor": 0.0})
        return self.numbers[name]

    def _find(self, reference: str, base: str, what: str) -> NamedFile | None:
        found = self.files.find(reference, base)
        if found is None:
            if escapes(reference) and not re.match(r"^([A-Za-z]:)?[\\/]", reference):
                shown = reference[:80]
                refuse("escaping_path", f"A {what} points to “{shown}”, outside of the model's folder.")
            bare = reference.replace("\\", "/").rsplit("/", 1)[-1][:80]
            self.report.add("dropped", "missing_file", f"The {what} “{bare}” did not come along.")
        return found

    def _material(self, material: _Material, base: str) -> JsonObject:
        value, color = _getter(material)
        emissive = [max(c, 0.0) for c in color("ke", 0.0)]
        strength = max(1.0, *emissive)
        alpha = value("d", 1 - value("tr", 0.0))
        result: JsonObject = {
            "name": clean_name(material.name),
            "baseColorFactor": (*(min(max(c, 0.0), 1.0) for c in color("kd", 1.0)), min(max(alpha, 0.0), 1.0)),
            "metallicFactor": min(max(value("pm", 0.0), 0.0), 1.0),
            "roughnessFactor": min(max(value("pr", _roughness(value("ns", 0.0))), 0.0), 1.0),
            "emissiveFactor": tuple(c / strength for c in emissive),
            "emissiveStrength": strength,
            "alphaMode": "BLEND" if alpha < 1 else "OPAQUE",
        }
        self._maps(material, result, base)
        return result

    def _maps(self, material: _Material, result: JsonObject, base: str) -> None:
        infos = {use: self._texture(found, base) for use, found in material.maps.items()}
        infos = {use: info for use, info in infos.items() if info is not None}
        for use, key in (
            ("color", "baseColorTexture"),
            ("emissive", "emissiveTexture"),
            ("occlusion", "occlusionTexture"),
        ):
            if use in infos:
                result[key] = infos[use]
        if "emissive" in infos and not any(result["emissiveFactor"]):
            result["emissiveFactor"] = (1.0, 1.0, 1.0)
        normal = infos.get("normal") or self._bump(infos.get("bump"))
        if normal is not None:
            found = material.maps.get("normal") or material.maps["bump"]
            result["normalTexture"] = {**normal, "scale": found.strength}
        self._packed(infos, result)
        if "alpha" in infos and infos["alpha"]["texture"] == infos.get("color", {}).get("texture"):
            result["alphaMode"] = "BLEND"
        elif "alpha" in infos:
            self.report.add("dropped", "texture", "Opacity maps in files of their own cannot be kept.")

    def _bump(self, info: JsonObject | None) -> JsonObject | None:
        """Many programs write normal maps as bump maps; a grey image is a height map, which we do not hold."""
        if info is None:
            return None
        if images.is_grey(self.scene.images[self.scene.textures[info["texture"]].image]):
            self.report.add("dropped", "texture", "Bump maps of heights cannot be kept.")
            return None
        self.report.add("changed", "texture", "Coloured bump maps were read as normal maps.")
        return info

    def _packed(self, infos: dict[str, JsonObject], result: JsonObject) -> None:
        rough, metal = infos.get("roughness"), infos.get("metallic")
        if rough is not None and metal is not None and rough["texture"] == metal["texture"]:
            result["metallicRoughnessTexture"] = rough
        elif rough is not None or metal is not None:
            self.report.add("dropped", "texture", "Roughness and metalness maps in two files cannot be kept.")

    def _texture(self, found: _Map, base: str) -> JsonObject | None:
        image = self._image(found.file, base)
        if image is None:
            return None
        key = (image, found.clamp)
        if key not in self._textures:
            self._textures[key] = len(self.scene.textures)
            wrap = "CLAMP_TO_EDGE" if found.clamp else "REPEAT"
            self.scene.textures.append(SceneTexture(image, self.scene.images[image].name, wrapS=wrap, wrapT=wrap))
        info: JsonObject = {"texture": self._textures[key], "texCoord": 0}
        if found.offset != (0.0, 0.0) or found.scale != (1.0, 1.0):
            info["transform"] = {
                "offset": turned_offset(found.offset, found.scale),
                "rotation": 0.0,
                "scale": found.scale,
            }
        return info

    def _image(self, reference: str, base: str) -> int | None:
        found = self._find(reference, base, "texture")
        if found is None:
            return None
        if found.name not in self._images:
            self._images[found.name] = len(self.scene.images)
            bare = found.name.rsplit("/", 1)[-1]
            self.scene.images.append(images.read_image(found.read(), clean_name(bare), self.options))
        return self._images[found.name]


def turned_offset(offset: tuple[float, float], scale: tuple[float, float]) -> tuple[float, float]:
    """The offset of a texture transform with v pointing the other way; its own inverse."""
    return offset[0], 1 - scale[1] - offset[1]


def _roughness(shininess: float) -> float:
    return 1 - math.sqrt(min(max(shininess, 0.0), 1000.0) / 1000)


def _getter(material: _Material) -> tuple[Callable[[str, float], float], Callable[[str, float], list[float]]]:
    def value(key: str, default: float) -> float:
        return (material.values.get(key) or [default])[0]

    def color(key: str, default: float) -> list[float]:
        found = material.values.get(key) or [default]
        return found[:3] if len(found) >= 3 else [found[0]] * 3

    return value, color


def _statements(text: str) -> list[_Material]:
    materials: list[_Material] = []
    for raw in text.splitlines():
        words = raw.split("#", 1)[0].split() if not re.match(r"\s*(map_|norm|bump|newmtl)", raw, re.I) else raw.split()
        if not words:
            continue
        key = words[0].lower()
        if key == "newmtl":
            materials.append(_Material(raw.split(None, 1)[1].strip() if len(words) > 1 else ""))
        elif materials and key in _MAPS and len(words) > 1:
            materials[-1].maps[_MAPS[key]] = _map(raw.strip().split(None, 1)[1])
        elif materials and not key.startswith(("map_", "refl", "disp", "decal")):
            materials[-1].values[key] = _numbers(words[1:])
    return materials


def _numbers(words: list[str]) -> list[float]:
    values = []
    for word in words:
        try:
            value = float(word)
        except ValueError:
            break
        if not math.isfinite(value):
            break
        values.append(value)
    return values


def _map(rest: str) -> _Map:
    """Options first, then a file name that may hold blanks."""
    result, words = _Map(""), rest.split()
    at = 0
    while at < len(words) and words[at].lower() in (*_OPTIONS, *_VECTORS):
        option = words[at].lower()
        if option in _VECTORS:
            values = _numbers(words[at + 1 : at + 4])
            result = _with_vector(result, option, values)
            at += 1 + len(values)
            continue
        if option == "-clamp":
            result.clamp = words[at + 1 : at + 2] == ["on"]
        if option == "-bm":
            result.strength = (_numbers(words[at + 1 : at + 2]) or [1.0])[0]
        at += 1 + _OPTIONS[option]
    result.file = re.split(r"\s+", rest, maxsplit=at)[-1].strip().strip('"') if at < len(words) else ""
    return result


def _with_vector(found: _Map, option: str, values: list[float]) -> _Map:
    default = 1.0 if option == "-s" else 0.0
    u, v = (
        (*values, default, default)[:2] if len(values) != 1 else (values[0], values[0] if option == "-s" else default)
    )
    if option == "-s":
        found.scale = (u, v)
    elif option == "-o":
        found.offset = (u, v)
    return found


# --- writing ---


def write_library(
    materials: list[JsonObject], names: list[str], file_of: Callable[[int], str], textures: list[SceneTexture]
) -> str:
    """An MTL of the materials under the given names. file_of: texture number → image file name."""
    lines = ["# Maquette"]
    for name, material in zip(names, materials, strict=True):
        lines += [f"newmtl {name}", *_values(material), *_map_lines(material, file_of, textures), ""]
    return "\n".join(lines)


def _values(material: JsonObject) -> list[str]:
    color = material.get("baseColorFactor", (1, 1, 1, 1))
    strength = material.get("emissiveStrength", 1)
    emissive = [c * strength for c in material.get("emissiveFactor", (0, 0, 0))]
    roughness = material.get("roughnessFactor", 1)
    alpha = color[3] if material.get("alphaMode", "OPAQUE") == "BLEND" else 1
    return [
        "Kd {:.9g} {:.9g} {:.9g}".format(*color[:3]),
        "Ks 0.5 0.5 0.5",
        f"Ns {(1 - roughness) ** 2 * 1000:.9g}",
        "Ke {:.9g} {:.9g} {:.9g}".format(*emissive),
        f"d {alpha:.9g}",
        f"Pr {roughness:.9g}",
        f"Pm {material.get('metallicFactor', 1):.9g}",
        "illum 2",
    ]


def _map_lines(material: JsonObject, file_of: Callable[[int], str], textures: list[SceneTexture]) -> list[str]:
    lines = []
    for key, statements in (
        ("baseColorTexture", ("map_Kd",)), ("emissiveTexture", ("map_Ke",)), ("normalTexture", ("norm",)),
        ("metallicRoughnessTexture", ("map_Pr", "map_Pm")), ("occlusionTexture", ("map_ao",)),
    ):  # fmt: skip
        info = material.get(key)
        if info:
            options = _map_options(info, textures[info["texture"]])
            lines += [f"{s} {options}{file_of(info['texture'])}" for s in statements]
    if material.get("alphaMode", "OPAQUE") != "OPAQUE" and material.get("baseColorTexture"):
        lines.append(f"map_d {file_of(material['baseColorTexture']['texture'])}")
    return lines


def _map_options(info: JsonObject, texture: SceneTexture) -> str:
    options = "-clamp on " if texture.wrapS == "CLAMP_TO_EDGE" else ""
    if info.get("scale", 1) != 1:
        options += f"-bm {info['scale']:.9g} "
    transform = info.get("transform")
    if transform:
        scale = transform.get("scale", (1, 1))
        offset = turned_offset(transform.get("offset", (0, 0)), scale)
        options += f"-s {scale[0]:.9g} {scale[1]:.9g} 1 -o {offset[0]:.9g} {offset[1]:.9g} 0 "
    return options
