"""What a project uses of its quotas."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from server.routes.api import ApiRoute, ProjectOf, Use, allow, refusals

router = APIRouter(prefix="/api/v1/projects/{project}", tags=["projects"], route_class=ApiRoute)


class Share(BaseModel):
    """limit: 0 where there is none."""

    used: float
    limit: float


class UsageAnswer(BaseModel):
    jobs: Share
    compute: Share
    """Seconds in the last 24 hours."""
    storage: Share
    """Bytes of blobs."""
    connections: Share


@router.get(
    "/usage", response_model=UsageAnswer, dependencies=[allow("project.read")], responses=refusals(404)
)  # fmt: skip
async def read_usage(services: Use, project: ProjectOf) -> dict[str, Any]:
    """Jobs under way, compute of a day, bytes stored and open sockets, each with its limit."""
    open_sockets = services.sockets.of_project(project.id)
    limit = services.sockets.values.project_connections
    return await services.quotas.of_project(project.id) | {"connections": {"used": open_sockets, "limit": limit}}
