"""One's own data: taken along, or deleted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.routes.accounts import Me
from server.routes.api import ApiRoute, Body, JsonObject, Use, allow, refusals
from server.routes.session import Calling

router = APIRouter(prefix="/api/v1/accounts/me", tags=["accounts"], route_class=ApiRoute)

Password = Annotated[str, Field(max_length=1024)]


class Goodbye(Body):
    password: Password = ""
    projects: Literal["keep", "delete"] = "keep"


class ExportAnswer(BaseModel):
    account: JsonObject
    credentials: list[JsonObject]
    projects: list[JsonObject]
    links: list[JsonObject]
    jobs: list[JsonObject]
    blobs: list[JsonObject]
    compute: list[JsonObject]
    versions: list[JsonObject]
    edits: list[JsonObject]


class DeletedAnswer(BaseModel):
    author: str
    """The id under which what was edited elsewhere stays."""
    projects: list[str]
    blobs: int


@router.get("/export", response_model=ExportAnswer, dependencies=[allow("account.read")], responses=refusals())
async def export_me(services: Use, me: Me, response: Response) -> dict[str, Any]:
    """All that is kept about the asker, without secrets; documents and blobs are fetched from the projects it names."""
    response.headers["Content-Disposition"] = 'attachment; filename="maquette-my-data.json"'
    return await services.privacy.export(me)


@router.delete("", response_model=DeletedAnswer, dependencies=[allow("account.change")], responses=refusals(409, 429))
async def delete_me(services: Use, me: Me, caller: Calling, body: Goodbye) -> dict[str, Any]:
    """Delete the asker's account with its sessions, keys and memberships; with `projects: delete` also the projects
    that nobody else owns. Edits in others' projects stay under an id that belongs to nobody."""
    if me.is_account:  # a browser that was left open deletes nobody
        await services.accounts.sign_in.confirm(me, body.password, caller)
    if body.projects == "delete":
        for project in await services.privacy.owned_alone(me.id):
            await services.dispatcher.cancel_project(project)
    deleted = await services.privacy.delete(me, body.projects == "delete")
    return {"author": deleted.author, "projects": deleted.projects, "blobs": deleted.blobs}
