"""glTF materials and the words of crdt.schema.Material, both ways.

Two extensions are fields of ours (KHR_materials_emissive_strength, KHR_texture_transform); all others stay as data.
Texture references inside them become `{"texture": number}` like our own, so that whoever renumbers textures can follow
them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from compute.formats.gltf import checked
from compute.formats.report import Report
from compute.mesh import JsonObject
from compute.scene import map_textures

STRENGTH, TRANSFORM = "KHR_materials_emissive_strength", "KHR_texture_transform"
_PBR_TEXTURES = ("baseColorTexture", "metallicRoughnessTexture")
_TEXTURES = (*_PBR_TEXTURES, "normalTexture", "occlusionTexture", "emissiveTexture")


@dataclass
class MaterialReader:
    """textures: the file's texture number → ours, None where the texture could not be read."""

    textures: list[int | None]
    report: Report

    def read(self, material: JsonObject, where: str) -> JsonObject:
        """One material in our words; values at their default are left out."""
        pbr = checked.obj(material, "pbrMetallicRoughness", where)
        extensions = copy.deepcopy(checked.obj(material, "extensions", where))
        strength = checked.obj(extensions, STRENGTH, where)
        extensions.pop(STRENGTH, None)
        result: JsonObject = {
            "name": checked.name(material, where),
            "baseColorFactor": checked.numbers(pbr, "baseColorFactor", where, (1.0, 1.0, 1.0, 1.0), 0, 1),
            "metallicFactor": checked.number(pbr, "metallicFactor", where, 1.0, 0, 1),
            "roughnessFactor": checked.number(pbr, "roughnessFactor", where, 1.0, 0, 1),
            "emissiveFactor": checked.numbers(material, "emissiveFactor", where, (0.0, 0.0, 0.0), 0, 1),
            "emissiveStrength": checked.number(strength, "emissiveStrength", where, 1.0, 0),
            "alphaMode": checked.choice(material, "alphaMode", where, ("OPAQUE", "MASK", "BLEND"), "OPAQUE"),
            "alphaCutoff": checked.number(material, "alphaCutoff", where, 0.5, 0),
            "doubleSided": checked.boolean(material, "doubleSided", where),
        }
        for key in _TEXTURES:
            info = self._texture(
                checked.obj(pbr if key in _PBR_TEXTURES else material, key, where), f"{where}.{key}", key
            )
            if info:
                result[key] = info
        kept = self._extension_textures(extensions, where)
        return _with_data(result, material.get("extras"), kept)

    def _texture(self, info: JsonObject, where: str, key: str) -> JsonObject | None:
        if not info:
            return None
        number = self._number(info, where)
        if number is None:
            return None
        extensions = copy.deepcopy(checked.obj(info, "extensions", where))
        transform = extensions.pop(TRANSFORM, None)
        result: JsonObject = {"texture": number, "texCoord": min(checked.integer(info, "texCoord", where, 0), 7)}
        if isinstance(transform, dict):
            result["transform"] = _read_transform(transform, f"{where}.{TRANSFORM}")
        if key == "normalTexture":
            result["scale"] = checked.number(info, "scale", where, 1.0)
        if key == "occlusionTexture":
            result["strength"] = checked.number(info, "strength", where, 1.0, 0, 1)
        return _with_data(result, info.get("extras"), extensions)

    def _number(self, info: JsonObject, where: str) -> int | None:
        number = checked.index(info, "index", where, len(self.textures))
        if number is None or self.textures[number] is None:
            self.report.add("dropped", "texture", "References to textures that could not be read were dropped.")
            return None
        return self.textures[number]

    def _extension_textures(self, value: Any, where: str) -> Any:
        def follow(info: JsonObject) -> JsonObject | None:
            number = self._number(info, where)
            return None if number is None else {"texture": number, **{k: v for k, v in info.items() if k != "index"}}

        return map_textures(value, "index", follow)


def _with_data(result: JsonObject, extras: Any, extensions: JsonObject) -> JsonObject:
    if extras is not None:
        result["extras"] = extras
    if extensions:
        result["extensions"] = extensions
    return result


def _read_transform(transform: JsonObject, where: str) -> JsonObject:
    result: JsonObject = {
        "offset": checked.numbers(transform, "offset", where, (0.0, 0.0)),
        "rotation": checked.number(transform, "rotation", where, 0.0),
        "scale": checked.numbers(transform, "scale", where, (1.0, 1.0)),
    }
    if "texCoord" in transform:
        result["texCoord"] = min(checked.integer(transform, "texCoord", where), 7)
    return result


# --- writing ---


def write_material(material: JsonObject, used: set[str]) -> JsonObject:
    """One glTF material; names of the extensions that it needs are added to `used`."""
    result: JsonObject = {"name": material["name"]} if material.get("name") else {}
    pbr: JsonObject = {}
    _put(pbr, material, "baseColorFactor", [1, 1, 1, 1])
    _put(pbr, material, "metallicFactor", 1)
    _put(pbr, material, "roughnessFactor", 1)
    _put(result, material, "emissiveFactor", [0, 0, 0])
    _put(result, material, "alphaMode", "OPAQUE")
    if material.get("alphaMode") == "MASK":
        _put(result, material, "alphaCutoff", 0.5)
    _put(result, material, "doubleSided", False)
    for key in _TEXTURES:
        if material.get(key):
            (pbr if key in _PBR_TEXTURES else result)[key] = _write_texture(material[key], used)
    if pbr:
        result["pbrMetallicRoughness"] = pbr
    extensions = map_textures(material.get("extensions") or {}, "texture", lambda i: _write_texture(i, used))
    if material.get("emissiveStrength", 1) != 1:
        extensions[STRENGTH] = {"emissiveStrength": material["emissiveStrength"]}
    used.update(extensions)
    return _with_data(result, material.get("extras"), extensions)


def _put(target: JsonObject, source: JsonObject, key: str, default: Any) -> None:
    value = source.get(key, default)
    value = list(value) if isinstance(value, tuple) else value
    if value != default:
        target[key] = value


def _write_texture(info: JsonObject, used: set[str]) -> JsonObject:
    result: JsonObject = {"index": info["texture"]}
    for key, default in (("texCoord", 0), ("scale", 1), ("strength", 1)):
        _put(result, info, key, default)
    extensions = dict(info.get("extensions") or {})
    if info.get("transform"):
        extensions[TRANSFORM] = _write_transform(info["transform"])
    used.update(extensions)
    return _with_data(result, info.get("extras"), extensions)


def _write_transform(transform: JsonObject) -> JsonObject:
    result: JsonObject = {}
    _put(result, transform, "offset", [0, 0])
    _put(result, transform, "rotation", 0)
    _put(result, transform, "scale", [1, 1])
    if transform.get("texCoord") is not None:
        result["texCoord"] = transform["texCoord"]
    return result
