"""The log of a project's scene: who did what and when; the scene at any moment; founding it anew."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from server.errors import NotFound
from server.history.replay import State
from server.routes.api import (
    ApiRoute,
    Cursor,
    Limit,
    LiveProject,
    ProjectOf,
    RoleIn,
    Use,
    Who,
    allow,
    read_cursor,
    refusals,
    write_cursor,
)  # fmt: skip
from server.routes.projects import ProjectAnswer, as_api
from server.sync.branch import Branch

router = APIRouter(prefix="/api/v1/projects/{project}", tags=["history"], route_class=ApiRoute)

STATE_HASH = "Maquette-Hash"
"""The header with the SHA-256 of a state's canonical JSON (SPEC D8)."""
STATE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            STATE_HASH: {"schema": {"type": "string"}, "description": "SHA-256 of the canonical JSON (SPEC D8)."},
            "Maquette-Seq": {"schema": {"type": "integer"}, "description": "The log's number of that moment."},
        },
        "description": "The whole document as one Yjs V1 update.",
    }
}
Seq = Annotated[int, Path(ge=1, le=2**53, description="The log's number of a moment: `last` of an entry.")]


class TouchedAnswer(BaseModel):
    kind: str
    """nodes, meshes, materials, …"""
    id: str
    name: str
    actions: list[str]
    """added, moved, changed, trashed, restored, removed"""
    keys: list[str]
    """Which of its values were changed."""


class EntryAnswer(BaseModel):
    first: int
    last: int
    began: int
    at: int
    author: str
    via: str
    job: str | None
    things: int
    """How many things it touched; `what` names the first of them."""
    what: list[TouchedAnswer]


class EntryPage(BaseModel):
    items: list[EntryAnswer]
    next: str | None


@router.get("/log", response_model=EntryPage, dependencies=[allow("history.read")], responses=refusals(404, 503))
async def read_log(services: Use, project: ProjectOf, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:
    """What was done to the scene, newest first: one entry for what one person did to the same things in one go."""
    before = read_cursor(cursor, int)
    entries, more = await services.histories.timeline.page(
        Branch.parse(project.scene), before[0] if before else None, limit
    )
    return {"items": entries, "next": None if more is None else write_cursor(more)}


@router.get(
    "/log/{seq}/state", dependencies=[allow("history.read")], response_class=Response,
    responses={**STATE, **refusals(404, 503)},
)  # fmt: skip
async def read_moment(services: Use, project: ProjectOf, seq: Seq) -> Response:
    """The scene as it was after this row of the log, or at the last moment before it that is kept."""
    if seq > await services.histories.rows.head(project.scene):
        raise NotFound("no_such_moment", f"the log does not reach {seq}")
    return answer_state(await services.histories.replay.state(Branch.parse(project.scene), seq))


def answer_state(state: State) -> Response:
    headers = {STATE_HASH: state.hash, "Maquette-Seq": str(state.seq), "Cache-Control": "private, no-cache"}
    return Response(state.update, media_type="application/octet-stream", headers=headers)


@router.post(
    "/refound", response_model=ProjectAnswer, dependencies=[allow("project.manage")], responses=refusals(404, 409, 503),
)  # fmt: skip
async def refound(services: Use, who: Who, role: RoleIn, project: LiveProject) -> dict[str, Any]:
    """Found the scene anew: the trash is emptied, replicas of before join anew. The log and all versions stay."""
    return as_api(await services.histories.refounding.refound(project, who.user_id), role)
