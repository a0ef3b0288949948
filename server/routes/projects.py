"""Projects: make, list, rename, trash, restore, duplicate."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints

from server.auth import Identity
from server.errors import Unprocessable
from server.permissions import Role, sees_all
from server.projects import Project
from server.routes.api import (
    IDEMPOTENCY_KEY,
    ApiRoute,
    Body,
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
    require,
    write_cursor,
)  # fmt: skip
from server.services import Services

router = APIRouter(prefix="/api/v1/projects", tags=["projects"], route_class=ApiRoute)

ProjectName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]


class NewProject(Body):
    name: ProjectName


class ProjectChange(Body):
    name: ProjectName | None = None
    trashed: bool | None = None


class CopyOfProject(Body):
    name: ProjectName | None = None


class ProjectAnswer(BaseModel):
    id: str
    name: str
    created: int
    changed: int
    generation: int
    trashed: bool
    role: str
    """The asker's own."""


class ProjectPage(BaseModel):
    items: list[ProjectAnswer]
    next: str | None


def as_api(project: Project, role: Role) -> dict[str, Any]:
    return {
        "id": project.id, "name": project.name, "created": project.created, "changed": project.changed,
        "generation": project.generation, "trashed": project.trashed, "role": role,
    }  # fmt: skip


async def owner_of(services: Services, who: Identity) -> str | None:
    """Who owns what is made now: an account; scripts with the access key and visitors own nothing."""
    return who.user_id if await services.accounts.directory.user(who.user_id) else None


@router.post(
    "", status_code=201, response_model=ProjectAnswer, dependencies=[allow("project.create")], responses=refusals(409)
)
async def create_project(request: Request, services: Use, who: Who, body: NewProject) -> Response:
    """Make an empty project."""
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    async with services.answers.slot(who.user_id, key, "POST", request.url.path, body.model_dump()) as slot:
        answer = slot.answer
        if answer is None:
            project = await services.projects.create(body.name, slot.make_id(), owner=await owner_of(services, who))
            role = await services.access.role(who, project.id)
            answer = await services.answers.keep(slot, 201, as_api(project, role))
    return JSONResponse(answer.body, answer.status)


@router.get("", response_model=ProjectPage, dependencies=[allow("project.list")], responses=refusals(400))
async def list_projects(
    services: Use, who: Who, limit: Limit = 50, cursor: Cursor = "",
    trashed: Annotated[bool, Query(description="The trash instead of the living.")] = False,
) -> dict[str, Any]:  # fmt: skip
    """Projects that the asker has a role in, newest change first."""
    after = read_cursor(cursor, int, str)
    found = await services.projects.page(
        trashed=trashed, after=(after[0], after[1]) if after else None, limit=limit + 1,
        member=None if sees_all(who.standing) else who.user_id,
    )  # fmt: skip
    page = found[:limit]
    more = write_cursor(page[-1].changed, page[-1].id) if len(found) > limit else None
    items = [as_api(project, await services.access.role(who, project.id)) for project in page]
    return {"items": items, "next": more}


@router.get("/{project}", response_model=ProjectAnswer, dependencies=[allow("project.read")], responses=refusals(404))
async def read_project(project: ProjectOf, role: RoleIn) -> dict[str, Any]:
    """One project, also one in the trash."""
    return as_api(project, role)


@router.patch(
    "/{project}", response_model=ProjectAnswer, dependencies=[allow("project.change")], responses=refusals(404)
)
async def change_project(services: Use, project: ProjectOf, role: RoleIn, body: ProjectChange) -> dict[str, Any]:
    """Rename a project; owners also move it to the trash, or restore it."""
    if body.trashed is not None:
        require(role, "project.manage")
    values = body.model_dump(exclude_none=True)
    if not values:
        raise Unprocessable("nothing_to_change", "the body names nothing to change", "name, trashed")
    changed = await services.projects.change(project.id, **values)
    if body.trashed:
        await services.dispatcher.cancel_project(project.id)
    return as_api(changed, role)


@router.delete("/{project}", status_code=204, dependencies=[allow("project.manage")], responses=refusals(404))
async def trash_project(services: Use, project: ProjectOf) -> Response:
    """Move a project to the trash and cancel its jobs. Nothing is lost: PATCH with trashed false restores it."""
    await services.projects.change(project.id, trashed=True)
    await services.dispatcher.cancel_project(project.id)
    return Response(status_code=204)


@router.post(
    "/{project}/duplicate", status_code=201, response_model=ProjectAnswer,
    dependencies=[allow("project.read"), allow("project.create")],
    responses=refusals(404, 409),
)  # fmt: skip
async def duplicate_project(
    request: Request, services: Use, who: Who, project: LiveProject, body: CopyOfProject | None = None
) -> Response:
    """Copy a project's scene as it stands: a new document without the history, of the next generation."""
    name = (body.name if body else None) or f"{project.name} copy"[:200]
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    async with services.answers.slot(who.user_id, key, "POST", request.url.path, name) as slot:
        answer = slot.answer
        if answer is None:
            owner = await owner_of(services, who)
            copy = await services.projects.create(name, slot.make_id(), project.generation + 1, owner)
            await services.ledger.copy(project.id, copy.id)
            await services.scenes.copy(project, copy, who)
            role = await services.access.role(who, copy.id)
            answer = await services.answers.keep(slot, 201, as_api(copy, role))
    return JSONResponse(answer.body, answer.status)
