"""Levels of detail: a mesh's settings (its own container) and results (atomic values under `{revision}/{level}`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycrdt import Map

from crdt.canonical import plain
from crdt.document import SceneDocument
from crdt.errors import InvalidEdit
from crdt.schema import DEFAULT_LEVELS, MAX_LEVELS, LodLevel, LodResult, LodSettings
from crdt.values import read_model, read_value


def settings(scene: SceneDocument, mesh: str) -> LodSettings:
    """The mesh's settings; what is missing or ill-typed reads as its default. Raises UnknownRecord."""
    content = _content(scene, mesh)
    return read_model(LodSettings, {key: value for key, value in content.items() if key in LodSettings.model_fields})


def levels(scene: SceneDocument, mesh: str) -> dict[int, LodLevel]:
    """What each level should be: the document's entries over DEFAULT_LEVELS; null takes a level away."""
    content = _content(scene, mesh)
    found = {level: _level(content, str(level)) for level in range(1, MAX_LEVELS + 1)}
    return {level: value for level, value in found.items() if value is not None}


def _level(content: Mapping[str, Any], key: str) -> LodLevel | None:
    default = DEFAULT_LEVELS.get(key)
    if key not in content:
        return default
    value = plain(content[key])
    return None if value is None else read_value(LodLevel, value) or default


def _content(scene: SceneDocument, mesh: str) -> dict[str, Any]:
    container = scene.need("meshes", mesh).get("lod")
    return container.to_py() or {} if isinstance(container, Map) else {}


def set_setting(scene: SceneDocument, mesh: str, key: str, value: Any) -> None:
    """One setting: a key of LodSettings, or a level "1" … "8" (a LodLevel, or None for no such level)."""
    scene.set_entry("meshes", mesh, "lod", key, value)


def put_result(scene: SceneDocument, revision: str, level: int, result: LodResult | Mapping[str, Any]) -> None:
    """Writes what was built for a level of a revision; a later build replaces it."""
    if not 1 <= level <= MAX_LEVELS:
        raise InvalidEdit("bad_value", f"There is no level {level}.", f"Levels are 1 to {MAX_LEVELS}.")
    scene.put("lod", f"{revision}/{level}", result, replace=True)


def results(scene: SceneDocument, revision: str) -> dict[int, LodResult]:
    """The levels that were built for a revision."""
    found = {level: scene.read("lod", f"{revision}/{level}") for level in range(1, MAX_LEVELS + 1)}
    return {level: result for level, result in found.items() if result is not None}
