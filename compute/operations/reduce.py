"""The operation `simplify` on documents and blobs: a new revision with fewer triangles."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from compute.codec import encode_geometry
from compute.engine.base import Workspace
from compute.mesh import JsonObject
from compute.operation import Operation, Params, Plan, Request, need_head, parse, revision_value
from compute.operations.geometry import load, store
from compute.operations.levels import SMALLEST, MeshTarget, measures
from compute.operations.simplify import Target, Weights, compacted, simplify
from crdt import lod, revisions
from crdt.document import SceneDocument
from crdt.schema import Unit
from crdt.steps import Change


class SimplifyParams(Params):
    """One of ratio and triangles, or an error alone: then as few triangles as the error allows."""

    ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    triangles: Annotated[int, Field(ge=1)] | None = None
    error: Unit | None = None
    lockBorders: bool | None = None

    @model_validator(mode="after")
    def _says_how_far(self) -> SimplifyParams:
        if self.ratio is None and self.triangles is None and self.error is None:
            raise ValueError("one of ratio, triangles and error is needed")
        return self


def plan(scene: SceneDocument, request: Request) -> Plan:
    mesh = parse(MeshTarget, request.target, "target").mesh
    params = parse(SimplifyParams, request.params, "params")
    revision_id, revision = need_head(scene, mesh)
    settings = lod.settings(scene, mesh)
    arguments: dict[str, Any] = {
        "mesh": mesh,
        "revision": revision_id,
        "geometry": revision.geometry,
        "topology": request.ids("topology"),
        "triangles": params.triangles,
        "ratio": params.ratio,
        "error": 1.0 if params.error is None else params.error,
        "lockBorders": settings.lockBorders if params.lockBorders is None else params.lockBorders,
        "weights": [settings.normalWeight, settings.uvWeight, settings.colorWeight],
    }
    return Plan(arguments, [revision.geometry])


def run(workspace: Workspace) -> JsonObject:
    arguments = workspace.arguments
    workspace.report(0.0, "reading the geometry")
    mesh, info = load(workspace, arguments["geometry"])
    workspace.report(0.1, f"simplifying {mesh.triangle_count:,} triangles")
    wanted = arguments["triangles"] or round((arguments["ratio"] or 0.0) * mesh.triangle_count)
    target = Target(max(min(wanted, mesh.triangle_count), min(SMALLEST, mesh.triangle_count)), arguments["error"])
    level = simplify(mesh, target, Weights(*arguments["weights"]), arguments["lockBorders"])
    workspace.report(0.8, "storing the result")
    grid = {"grid": info.grid, "origin": info.origin}
    stored = store(workspace, encode_geometry(compacted(level.mesh), topology=arguments["topology"], **grid))
    workspace.report(1.0, "simplified")
    kept = {name: arguments[name] for name in ("mesh", "revision")}
    return {**kept, "encoded": stored, "error": level.deviation.greatest, "quality": measures(level)}


def apply(scene: SceneDocument, request: Request, value: JsonObject) -> JsonObject:
    """The newcomer becomes the head, unless the head moved while the job ran: then it stays a proposal."""
    mesh, parent = value["mesh"], value["revision"]
    fields = revision_value(value["encoded"], mesh=mesh, parent=parent, op="simplify", by=request.by)
    revision = revisions.add_revision(scene, fields, id=request.ids("revision"))
    moved = need_head(scene, mesh)[0] != parent
    if not moved:
        revisions.set_head(scene, mesh, revision)
    found = {"mesh": mesh, "revision": revision, "parent": parent, "triangles": fields["triangles"]}
    return {**found, "error": value["error"], "quality": value["quality"], "proposal": moved}


def keep(change: Change, result: JsonObject) -> bool:  # noqa: ARG001
    """Undo brings the former head back; a revision is never taken away (SPEC D4)."""
    return "path" in change and change["path"][0] == "meshes"


SIMPLIFY = Operation("simplify", f"{__name__}:run", plan, apply, keep)
