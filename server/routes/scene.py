"""The scene as JSON: read what is there now, change it by typed edits."""

from __future__ import annotations

import asyncio
import gzip
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from crdt.edits import Edit
from server.errors import NotFound
from server.routes.api import ApiRoute, Body, LiveProject, ProjectOf, Use, Who, allow, refusals
from server.scenes import geometry_of

router = APIRouter(prefix="/api/v1/projects/{project}", tags=["scene"], route_class=ApiRoute)

MAX_EDITS = 10_000
Edits = Annotated[list[Edit], Field(min_length=1, max_length=MAX_EDITS)]


class EditList(Body):
    edits: Edits


class EditAnswer(BaseModel):
    ids: list[str | None]
    """The id that each edit made, in order; null where it made none."""
    seq: int


class SceneAnswer(BaseModel):
    """The effective scene (docs/api.md): objects keyed by id."""

    project: str
    seq: int
    nodes: dict[str, Any]
    roots: list[str]
    meshes: dict[str, Any]
    materials: dict[str, Any]
    textures: dict[str, Any]
    lights: dict[str, Any]
    cameras: dict[str, Any]
    lod: dict[str, Any]
    trash: list[str]
    stats: dict[str, int]


@router.get(
    "/scene", dependencies=[allow("scene.read")],
    responses={200: {"model": SceneAnswer}, 304: {"description": "unchanged"}, **refusals(404)},
)  # fmt: skip
async def read_scene(request: Request, services: Use, project: ProjectOf) -> Response:
    """The scene as it stands, with an ETag that changes with every update."""
    seq = await services.scenes.seq(project)
    headers = {"ETag": f'W/"{seq}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    seq, zipped = await services.scenes.json(project)
    headers |= {"ETag": f'W/"{seq}"'}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(zipped, media_type="application/json", headers=headers)
    body = await asyncio.to_thread(gzip.decompress, zipped)
    return Response(body, media_type="application/json", headers=headers)


@router.patch(
    "/scene", response_model=EditAnswer, dependencies=[allow("scene.edit")], responses=refusals(400, 404, 409)
)
async def edit_scene(services: Use, who: Who, project: LiveProject, body: EditList | Edits) -> dict[str, Any]:
    """Apply typed edits (crdt/SPEC.md E) as one transaction: all of them, or none."""
    edits = body.edits if isinstance(body, EditList) else body
    ids, seq = await services.scenes.edit(project, who, edits)
    return {"ids": ids, "seq": seq}


@router.get(
    "/meshes/{mesh}/geometry", status_code=302, dependencies=[allow("scene.read")],
    response_class=RedirectResponse, responses=refusals(404),
)  # fmt: skip
async def mesh_geometry(
    services: Use, project: ProjectOf, mesh: str, level: Annotated[int, Query(ge=0, le=8)] = 0,
) -> Response:  # fmt: skip
    """Redirect to the blob of a level of the mesh's shape: 0 is the base; for one that is not built the next finer."""
    sha256 = await services.scenes.read(project, lambda scene: geometry_of(scene, mesh, level))
    if sha256 is None:
        raise NotFound("no_geometry", f"the mesh {mesh[:80]!r} has no geometry in this project")
    headers = {"Cache-Control": "private, no-cache"}
    return RedirectResponse(f"/api/v1/projects/{project.id}/blobs/{sha256}", 302, headers)
