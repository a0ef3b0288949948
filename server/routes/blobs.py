"""Blobs of a project: uploaded once, verified while they stream, cached for ever."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from server.blobs import check_sha256
from server.errors import NotFound
from server.http.ranges import parse_range
from server.routes.api import ApiRoute, LiveProject, ProjectOf, Use, Who, allow, refusals
from server.services import Services

router = APIRouter(prefix="/api/v1/projects/{project}/blobs", tags=["blobs"], route_class=ApiRoute)

Hash = Annotated[str, Path(description="Lowercase hex SHA-256 of the bytes.")]
_BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


class StoredAnswer(BaseModel):
    blob: str
    bytes: int


@router.put(
    "/{sha256}", status_code=201, response_model=StoredAnswer, dependencies=[allow("blob.write")],
    openapi_extra={"requestBody": {"required": True, **_BYTES}},
    responses={200: {"model": StoredAnswer, "description": "It was there already."}, **refusals(404, 409, 413)},
)  # fmt: skip
async def put_blob(request: Request, services: Use, who: Who, project: LiveProject, sha256: Hash) -> Response:
    """Store a blob under the hash of its bytes. Whoever can name a hash still has to send the bytes."""
    check_sha256(sha256)
    writer = services.blobs.writer(services.settings.max_blob)
    declared = request.headers.get("content-length", "")
    writer.expect_size(declared)
    is_new = await services.ledger.size(project.id, sha256) is None
    if is_new:
        await services.quotas.check_storage(project.id, who.user_id, int(declared) if declared.isdigit() else 0)
    async for chunk in request.stream():
        await writer.write(chunk)
    stored = await writer.finish(sha256)
    if is_new:
        await services.quotas.check_storage(project.id, who.user_id, stored.size)
    new = await services.ledger.record(project.id, stored.sha256, stored.size, who.user_id)
    return JSONResponse({"blob": stored.sha256, "bytes": stored.size}, 201 if new else 200)


@router.api_route(
    "/{sha256}", methods=["GET"], dependencies=[allow("blob.read")],
    responses={200: _BYTES, 206: _BYTES, 304: {"description": "unchanged"}, **refusals(404, 416, 503)},
)  # fmt: skip
async def get_blob(
    request: Request, services: Use, who: Who, project: ProjectOf, sha256: Hash,
    plain: Annotated[bool, Query(description="Decoded: an ordinary GLB that any tool opens.")] = False,
    name: Annotated[str, Query(max_length=256, description="Answer as an attachment of this name.")] = "",
) -> Response:  # fmt: skip
    """The bytes of a blob, or a range of them."""
    await _need(services, project.id, sha256)
    served = await services.plain.find(project.id, who, sha256) if plain else sha256
    return await _serve(request, services, served, name)


@router.head("/{sha256}", dependencies=[allow("blob.read")], responses=refusals(404), include_in_schema=False)
async def head_blob(request: Request, services: Use, project: ProjectOf, sha256: Hash) -> Response:
    """Whether the project has a blob, and how large it is."""
    await _need(services, project.id, sha256)
    return await _serve(request, services, sha256, "")


async def _need(services: Services, project: str, sha256: str) -> None:
    if await services.ledger.size(project, check_sha256(sha256)) is None:
        raise NotFound("no_such_blob", f"there is no blob {sha256} in this project")


async def _serve(request: Request, services: Services, sha256: str, name: str) -> Response:
    size = await services.blobs.size(sha256)
    headers = {
        "ETag": f'"{sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Disposition": _disposition(name),
    }
    if _matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    wanted = parse_range(_range_header(request, headers["ETag"]), size)
    start, end = wanted or (0, size)
    headers["Content-Length"] = str(end - start)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if wanted else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="application/octet-stream")
    return StreamingResponse(
        services.blobs.read(sha256, start, end), status, headers, media_type="application/octet-stream"
    )


def _range_header(request: Request, etag: str) -> str | None:
    """The range to serve: none when If-Range names another state."""
    condition = request.headers.get("if-range")
    return request.headers.get("range") if condition in (None, etag) else None


def _matches(header: str, etag: str) -> bool:
    return header == "*" or etag in [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _disposition(name: str) -> str:
    """Never shown as a page of ours: what people upload is data."""
    clean = "".join(c for c in name if c.isprintable() and c not in '/\\"')
    return f"attachment; filename*=UTF-8''{quote(clean)}" if clean else "attachment"
