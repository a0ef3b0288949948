"""The operation `lod.chain` on documents and blobs; `import` builds levels through the same functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from compute.codec import GeometryInfo, encode_geometry
from compute.engine.base import Progress, Workspace
from compute.mesh import JsonObject, Mesh
from compute.operation import Operation, Params, Plan, Request, need_head, parse
from compute.operations.geometry import load, store
from compute.operations.lod_chain import ChainSettings, lod_chain
from compute.operations.simplify import Level, Target, Weights
from crdt import lod
from crdt.document import SceneDocument
from crdt.schema import Id, LodLevel, LodSettings
from crdt.steps import Change

SMALLEST = 4
"""Triangles that every level may keep."""


class MeshTarget(Params):
    mesh: Id


class LevelsParams(Params):
    levels: dict[Literal["1", "2", "3", "4", "5", "6", "7", "8"], LodLevel | None] | None = Field(default=None)


def plan(scene: SceneDocument, request: Request) -> Plan:
    mesh = parse(MeshTarget, request.target, "target").mesh
    asked = parse(LevelsParams, request.params, "params").levels
    revision_id, revision = need_head(scene, mesh)
    levels = lod.levels(scene, mesh) if asked is None else {int(n): level for n, level in asked.items() if level}
    arguments = {
        "mesh": mesh,
        "revision": revision_id,
        "geometry": revision.geometry,
        **chain_arguments(levels, lod.settings(scene, mesh)),
    }
    return Plan(arguments, [revision.geometry])


def chain_arguments(levels: Mapping[int, LodLevel], settings: LodSettings) -> JsonObject:
    """What `build` needs, as JSON."""
    return {
        "levels": {str(number): level.model_dump() for number, level in levels.items()},
        "settings": settings.model_dump(include={"lockBorders", "normalWeight", "uvWeight", "colorWeight"}),
    }


def run(workspace: Workspace) -> JsonObject:
    workspace.report(0.0, "reading the geometry")
    arguments = workspace.arguments
    mesh, info = load(workspace, arguments["geometry"])
    built = build(workspace, mesh, info, arguments, lambda done, text: workspace.report(0.05 + 0.9 * done, text))
    workspace.report(1.0, "levels made")
    return {"mesh": arguments["mesh"], "revision": arguments["revision"], **built}


def build(
    workspace: Workspace, mesh: Mesh, info: GeometryInfo, arguments: JsonObject, progress: Progress
) -> JsonObject:
    """Make and leave the levels: `levels` as LodResults by number, `quality` with what else was measured of each."""
    settings = arguments["settings"]
    weights = Weights(settings["normalWeight"], settings["uvWeight"], settings["colorWeight"])
    levels = lod_chain(
        mesh,
        {int(number): _target(level, mesh.triangle_count) for number, level in arguments["levels"].items()},
        ChainSettings(weights, settings["lockBorders"]),
        lambda done, text: progress(0.8 * done, text),
    )
    results, quality = {}, {}
    for index, (number, level) in enumerate(levels.items()):
        progress(0.8 + 0.2 * index / len(levels), f"storing level {number}")
        stored = store(workspace, encode_geometry(level.mesh, topology=info.topology, level_of=info))
        results[str(number)] = _result(level, stored)
        quality[str(number)] = measures(level)
    return {"levels": results, "quality": quality}


def _target(level: JsonObject, triangles: int) -> Target:
    wanted = level["triangles"] or round((level["ratio"] or 1.0) * triangles)
    return Target(max(min(wanted, triangles), min(SMALLEST, triangles)), level["error"])


def _result(level: Level, stored: JsonObject) -> JsonObject:
    """A LodResult. Its state is empty: there are no strokes yet that a level could have been made of."""
    kept = {name: stored[name] for name in ("geometry", "triangles", "vertices", "bytes")}
    return {**kept, "error": level.deviation.greatest, "state": ""}


def measures(level: Level) -> JsonObject:
    """Mean and RMS distance of the base's positions to the level (of `points` of them), edges that are not manifold."""
    found = level.deviation
    return {"mean": found.mean, "rms": found.rms, "points": found.points, "nonmanifold": level.nonmanifold}


def apply(scene: SceneDocument, request: Request, value: JsonObject) -> JsonObject:  # noqa: ARG001
    put_levels(scene, value["revision"], value["levels"])
    return value


def put_levels(scene: SceneDocument, revision: str, levels: JsonObject) -> None:
    for number, result in levels.items():
        lod.put_result(scene, revision, int(number), result)


def keep(change: Change, result: JsonObject) -> bool:  # noqa: ARG001
    """Levels are derived: building them is nothing that a person would want to undo."""
    return False


LOD_CHAIN = Operation("lod.chain", f"{__name__}:run", plan, apply, keep)
