"""What in a scene does not fit the schema: such values read as their defaults, and people should know of them."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from crdt.document import SceneDocument
from crdt.validation import Issue, validate
from server.routes.api import ApiRoute, ProjectOf, Use, allow, refusals

router = APIRouter(prefix="/api/v1/projects/{project}", tags=["scene"], route_class=ApiRoute)

MAX_LISTED = 1000


class Problem(BaseModel):
    path: list[str]
    """Root, id, key, …"""
    code: str
    message: str


class ProblemsAnswer(BaseModel):
    seq: int
    """The update up to which this was looked for."""
    count: int
    problems: list[Problem]
    """The first thousand, by path."""


@router.get(
    "/problems", response_model=ProblemsAnswer, dependencies=[allow("scene.read")], responses=refusals(404)
)  # fmt: skip
async def read_problems(services: Use, project: ProjectOf) -> dict[str, Any]:
    """Values that break the schema, dangling references and broken cycles (crdt/SPEC.md V1), ordered by path."""
    room = await services.rooms.room(project.scene)
    await room.settled()
    seq = room.seq
    issues = await asyncio.to_thread(_issues, room.whole())
    listed = [{"path": list(issue.path), "code": issue.code, "message": issue.message} for issue in issues[:MAX_LISTED]]
    return {"seq": seq, "count": len(issues), "problems": listed}


def _issues(state: bytes) -> list[Issue]:
    """On a copy of its own: a document belongs to one thread."""
    scene = SceneDocument()
    scene.apply(state)
    return validate(scene)
