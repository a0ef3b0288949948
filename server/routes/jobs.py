"""Jobs: ask for heavy work, watch it, cancel it. Imports and exports are jobs too."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from server.auth import Identity
from server.errors import Malformed, Unprocessable
from server.http.multipart import Upload, read_upload
from server.http.uploads import check_files
from server.permissions import Role
from server.projects import Project
from server.routes.api import (
    IDEMPOTENCY_KEY,
    ApiRoute,
    Body,
    Cursor,
    JsonObject,
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
from server.services import Services

router = APIRouter(prefix="/api/v1/projects/{project}", tags=["jobs"], route_class=ApiRoute)

MAX_WAIT = 60.0


class JobRequest(Body):
    op: Annotated[str, Field(min_length=1, max_length=64)]
    target: Annotated[JsonObject, Field(default_factory=dict)]
    params: Annotated[JsonObject, Field(default_factory=dict)]


class ExportRequest(Body):
    format: Annotated[str, Field(min_length=1, max_length=16)]
    nodes: list[str] | None = None
    options: Annotated[JsonObject, Field(default_factory=dict)]


class JobAsked(BaseModel):
    job: str


class JobAnswer(BaseModel):
    id: str
    op: str
    target: JsonObject
    params: JsonObject
    by: str
    state: str
    cancelling: bool
    progress: float
    message: str
    position: int | None
    """Its place among those that wait: 1 is next."""
    eta: float | None
    """Seconds until it is likely done."""
    attempts: int
    causes: list[JsonObject]
    """Why earlier attempts ended."""
    worker: str
    result: JsonObject | None
    error: JsonObject | None
    at: int
    started: int | None
    finished: int | None


class JobPage(BaseModel):
    items: list[JobAnswer]
    next: str | None


_ASKED = [allow("job.export")]
"""At least this; whether the role allows the operation is asked where the job is checked."""


@router.post("/jobs", status_code=202, response_model=JobAsked, dependencies=_ASKED, responses=refusals(404, 409))
async def request_job(
    request: Request, services: Use, who: Who, role: RoleIn, project: LiveProject, body: JobRequest
) -> Response:
    """Ask a compute peer for an operation on the scene."""
    return await _ask(request, services, who, role, project, body.op, body.target, body.params)


@router.post(
    "/export",
    status_code=202,
    response_model=JobAsked,
    dependencies=[allow("job.export")],
    responses=refusals(404, 409),
)
async def export(
    request: Request, services: Use, who: Who, role: RoleIn, project: LiveProject, body: ExportRequest
) -> Response:
    """Ask for a file of the scene or of some nodes; the job's result names the blob and its URL."""
    target = {} if body.nodes is None else {"nodes": body.nodes}
    return await _ask(
        request, services, who, role, project, "export", target, {"format": body.format, "options": body.options}
    )


_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "parent": {"type": "string", "description": "The node to import below; absent: the top."},
                        "options": {"type": "string", "description": "JSON object: unit, up, levels."},
                    },
                }
            }
        },
    }
}


@router.post(
    "/import", status_code=202, response_model=JobAsked, dependencies=[allow("blob.write"), allow("job.request")],
    openapi_extra=_UPLOAD_BODY, responses=refusals(400, 404, 409, 413),
)  # fmt: skip
async def import_files(request: Request, services: Use, who: Who, role: RoleIn, project: LiveProject) -> Response:
    """Import a model: one file, one zip, or a file with those that it refers to (all as parts named `file`)."""
    upload = await read_upload(request, services.blobs, services.settings.max_upload)
    if not upload.files:
        raise Unprocessable("no_file", "the upload has no file", "send each file as a part named `file`")
    check_files(upload.files)
    admit = services.quotas.storage_of_one(project.id, who.user_id)
    await services.ledger.record_all(project.id, [file.blob for file in upload.files], who.user_id, admit)
    target, params = _import_target(upload), _import_params(upload)
    return await _ask(request, services, who, role, project, "import", target, params)


@router.get("/jobs", response_model=JobPage, dependencies=[allow("job.read")], responses=refusals(400, 404))
async def list_jobs(services: Use, project: ProjectOf, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:
    """Jobs of the project, newest first."""
    before = read_cursor(cursor, int)
    jobs, more = await services.dispatcher.queue.page(project.id, before[0] if before else None, limit)
    return {
        "items": [await services.dispatcher.describe(job) for job in jobs],
        "next": write_cursor(more) if more else None,
    }


@router.get("/jobs/{job}", response_model=JobAnswer, dependencies=[allow("job.read")], responses=refusals(404))
async def read_job(
    services: Use, project: ProjectOf, job: str,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for the job to end.")] = 0,
) -> dict[str, Any]:  # fmt: skip
    """One job; with `wait` the answer comes when the job ends, or after that many seconds."""
    return await services.dispatcher.describe(await services.dispatcher.wait(project.id, job, wait))


@router.delete("/jobs/{job}", response_model=JobAnswer, dependencies=[allow("job.cancel")], responses=refusals(404))
async def cancel_job(services: Use, project: ProjectOf, job: str) -> dict[str, Any]:
    """Cancel a job: at once while it waits; as soon as its peer hears of it while it runs."""
    return await services.dispatcher.describe(await services.dispatcher.cancel(project.id, job))


async def _ask(
    request: Request,
    services: Services,
    who: Identity,
    role: Role,
    project: Project,
    op: str,
    target: JsonObject,
    params: JsonObject,
) -> Response:
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    async with services.answers.slot(who.user_id, key, "POST", request.url.path, op, target, params) as slot:
        answer = slot.answer
        if answer is None:
            job = await services.dispatcher.request(project.id, who, role, op, target, params, slot.make_id())
            answer = await services.answers.keep(slot, 202, {"job": job.id})
    location = f"/api/v1/projects/{project.id}/jobs/{answer.body['job']}"
    return JSONResponse(answer.body, answer.status, headers={"Location": location})


def _import_target(upload: Upload) -> JsonObject:
    parent = upload.fields.get("parent")
    return {"parent": parent} if parent else {}


def _import_params(upload: Upload) -> JsonObject:
    try:
        options = json.loads(upload.fields.get("options") or "{}")
    except (ValueError, RecursionError) as error:
        raise Malformed("bad_json", f"the field `options` is no JSON: {error}") from error
    files = [{"name": file.name, "blob": file.blob.sha256} for file in upload.files]
    return {"files": files, "options": options}
