"""Blobs of a project: uploaded once, verified while they stream, cached for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from server.accounts.signed_urls import MOST_SECONDS
from server.blobs import check_sha256
from server.errors import NotFound
from server.http.ranges import parse_range
from server.routes.api import (
    ApiRoute,
    Body,
    LiveProject,
    ProjectId,
    ProjectOf,
    Use,
    Who,
    allow,
    identity_of,
    refusals,
    require,
    role_of,
)
from server.services import Services

router = APIRouter(prefix="/api/v1/projects/{project}/blobs", tags=["blobs"], route_class=ApiRoute)

Hash = Annotated[str, Path(description="Lowercase hex SHA-256 of the bytes.")]
_SHARED = "shared"
"""In whose name a blob is decoded for somebody with a shared address."""
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
    if await services.ledger.size(project.id, sha256) is None:
        await services.quotas.check_storage(project.id, who.user_id, int(declared) if declared.isdigit() else 0)
    async for chunk in request.stream():
        await writer.write(chunk)
    stored = await writer.finish(sha256)
    admit = services.quotas.storage_of_one(project.id, who.user_id)
    new = await services.ledger.record_all(project.id, [stored], who.user_id, admit)
    return JSONResponse({"blob": stored.sha256, "bytes": stored.size}, 201 if new else 200)


class LinkRequest(Body):
    seconds: Annotated[float, Field(gt=0, le=MOST_SECONDS)]
    name: Annotated[str, Field(max_length=256)] = ""
    plain: bool = False


class UrlAnswer(BaseModel):
    url: str
    expires: int


@router.post(
    "/{sha256}/link", response_model=UrlAnswer, dependencies=[allow("blob.share")], responses=refusals(404),
)  # fmt: skip
async def share_blob(services: Use, project: ProjectOf, sha256: Hash, body: LinkRequest) -> dict[str, Any]:
    """An address of a blob that anybody may fetch for a while, without signing in."""
    await _need(services, project.id, sha256)
    url, expires = services.accounts.urls.make(project.id, sha256, body.name, body.plain, body.seconds)
    return {"url": url, "expires": expires}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who may read the blob of the path. by: in whose name work for it is done."""

    project: str
    by: str


async def reader_of(
    request: Request, services: Use, project: ProjectId, sha256: Hash,
    plain: Annotated[bool, Query(description="Decoded: an ordinary GLB that any tool opens.")] = False,
    name: Annotated[str, Query(max_length=256, description="Answer as an attachment of this name.")] = "",
    expires: Annotated[int, Query(ge=0, le=2**53, description="Of a shared address: when it ends.")] = 0,
    signature: Annotated[str | None, Query(max_length=200, description="Of a shared address.")] = None,
) -> Reader:  # fmt: skip
    """Somebody with a role in the project, or anybody with an address that was signed for this very blob."""
    if signature is not None:
        services.accounts.urls.check(project, sha256, name, plain, expires, signature)
        return Reader(project, _SHARED)
    who = await identity_of(request, services)
    require(await role_of(services, who, project), "blob.read")
    return Reader((await services.projects.read(project)).id, who.user_id)


MayRead = Annotated[Reader, Depends(reader_of)]


@router.api_route(
    "/{sha256}", methods=["GET"],
    responses={200: _BYTES, 206: _BYTES, 304: {"description": "unchanged"}, **refusals(404, 416, 503)},
)  # fmt: skip
async def get_blob(
    request: Request, services: Use, reader: MayRead, sha256: Hash, plain: bool = False, name: str = "",
) -> Response:  # fmt: skip
    """The bytes of a blob, or a range of them."""
    await _need(services, reader.project, sha256)
    served = await services.plain.find(reader.project, reader.by, sha256) if plain else sha256
    return await _serve(request, services, served, name)


@router.head("/{sha256}", responses=refusals(404), include_in_schema=False)
async def head_blob(request: Request, services: Use, reader: MayRead, sha256: Hash) -> Response:
    """Whether the project has a blob, and how large it is. Who asks is about to refer to it, so it stays for now."""
    await _need(services, reader.project, sha256)
    await services.ledger.touch(reader.project, sha256)
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
