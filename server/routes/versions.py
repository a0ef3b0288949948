"""Named versions: moments of the scene that somebody gave a name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints

from server.routes.api import (
    IDEMPOTENCY_KEY,
    ApiRoute,
    Body,
    Cursor,
    Limit,
    LiveProject,
    ProjectOf,
    Use,
    Who,
    allow,
    read_cursor,
    refusals,
    write_cursor,
)  # fmt: skip
from server.routes.log import STATE, answer_state
from server.storage.history import Version
from server.sync.branch import Branch

router = APIRouter(prefix="/api/v1/projects/{project}/versions", tags=["history"], route_class=ApiRoute)

VersionName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
VersionId = Annotated[str, Path(max_length=64, description="The version's id.")]


class NewVersion(Body):
    name: VersionName
    seq: Annotated[int | None, Field(ge=1, le=2**53)] = None
    """A moment of the log, `last` of an entry; none: now."""


class VersionAnswer(BaseModel):
    id: str
    name: str
    seq: int
    author: str
    at: int


class VersionPage(BaseModel):
    items: list[VersionAnswer]
    next: str | None


def _as_api(version: Version) -> dict[str, Any]:
    return {
        "id": version.id, "name": version.name, "seq": version.seq, "author": version.author, "at": version.at,
    }  # fmt: skip


@router.post(
    "", status_code=201, response_model=VersionAnswer, dependencies=[allow("version.create")],
    responses=refusals(404, 409),
)  # fmt: skip
async def create_version(request: Request, services: Use, who: Who, project: LiveProject, body: NewVersion) -> Response:
    """Give the scene as it is now, or as it was at a moment of the log, a name."""
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    async with services.answers.slot(who.user_id, key, "POST", request.url.path, body.model_dump()) as slot:
        answer = slot.answer
        if answer is None:
            seq = body.seq or await services.scenes.seq(project)
            made = await services.histories.name(slot.make_id(), project.scene, seq, body.name, who.user_id)
            answer = await services.answers.keep(slot, 201, _as_api(made))
    return JSONResponse(answer.body, answer.status)


@router.get("", response_model=VersionPage, dependencies=[allow("history.read")], responses=refusals(404))
async def list_versions(services: Use, project: ProjectOf, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:
    """Versions, newest first."""
    after = read_cursor(cursor, int, str)
    found = await services.histories.rows.versions(project.scene, (after[0], after[1]) if after else None, limit + 1)
    page = found[:limit]
    more = write_cursor(page[-1].at, page[-1].id) if len(found) > limit else None
    return {"items": [_as_api(version) for version in page], "next": more}


@router.get("/{version}", response_model=VersionAnswer, dependencies=[allow("history.read")], responses=refusals(404))
async def read_version(services: Use, project: ProjectOf, version: VersionId) -> dict[str, Any]:
    """One version."""
    return _as_api(await services.histories.rows.version(project.scene, version))


@router.get(
    "/{version}/state", dependencies=[allow("history.read")], response_class=Response,
    responses={**STATE, **refusals(404, 503)},
)  # fmt: skip
async def read_version_state(services: Use, project: ProjectOf, version: VersionId) -> Response:
    """The scene of a version."""
    found = await services.histories.rows.version(project.scene, version)
    return answer_state(await services.histories.replay.state(Branch.parse(project.scene), found.seq))
