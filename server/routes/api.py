"""What all routes share: strict JSON, who is asking, which project, cursors, and the one error shape."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import structlog
from fastapi import Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json

from server.auth import Identity
from server.errors import Conflict, Forbidden, Malformed
from server.permissions import SERVER_ACTIONS, Action, Role, may, may_here
from server.projects import Project
from server.services import Services

JsonObject = dict[str, Any]


class Error(BaseModel):
    code: str
    message: str
    hint: str


class ErrorAnswer(BaseModel):
    error: Error


class Body(BaseModel):
    """A request body: unknown keys are refused, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class StrictRequest(Request):
    """JSON without NaN and of bounded depth: what comes in can be written back by every other replica."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            code = "json_too_deep" if "recursion" in str(error) else "bad_json"
            raise Malformed(code, f"the body is not acceptable JSON: {error}") from error


class ApiRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


class RightsRoute(ApiRoute):
    """Of routes that change who may do what: they answer when the change has reached the sockets of this server."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def settled(request: Request) -> Response:
            answer = await handle(request)
            if request.method != "GET":
                await services_of(request).rights.settled()
            return answer

        return settled


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Use = Annotated[Services, Depends(services_of)]


async def identity_of(request: Request, services: Use) -> Identity:
    """The asker; 401 where there is none, 429 where they ask too often (peers work as fast as they can)."""
    who = await services.auth.identify(request.headers, request.cookies, request.query_params)
    request.state.user = who.user_id
    structlog.contextvars.bind_contextvars(user=who.user_id)
    if who.kind != "peer":
        await services.rates.take("user", services.rate_values.user, who.user_id)
    return who


Who = Annotated[Identity, Depends(identity_of)]


ProjectId = Annotated[str, Path(description="The project's id.")]


async def role_of(services: Use, who: Who, project: ProjectId) -> Role:
    """The asker's role in the project of the path; 404 where they have none."""
    return await services.access.role(who, project)


RoleIn = Annotated[Role, Depends(role_of)]


def allow(action: Action) -> Any:
    """A dependency that refuses askers who may not do this: in the project of the path, or on this server."""

    def check_in_project(role: RoleIn) -> None:
        require(role, action)

    def check_here(who: Who) -> None:
        if not may_here(who.standing, who.credential.scope, action):
            raise Forbidden("forbidden", f"a {who.standing} may not {action} with this credential")

    return Depends(check_here if action in SERVER_ACTIONS else check_in_project)


def require(role: Role, action: Action) -> None:
    if not may(role, action):
        raise Forbidden("forbidden", f"the role {role} does not allow {action}")


async def project_of(services: Use, _role: RoleIn, project: ProjectId) -> Project:
    """The project of the path, for those who have a role in it."""
    return await services.projects.read(project)


ProjectOf = Annotated[Project, Depends(project_of)]


async def live_project_of(project: ProjectOf) -> Project:
    """A project that is not in the trash."""
    if project.trashed:
        raise Conflict(
            "project_trashed", f"the project {project.name!r} is in the trash", "PATCH it with trashed: false"
        )
    return project


LiveProject = Annotated[Project, Depends(live_project_of)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
Cursor = Annotated[str, Query(max_length=200, description="`next` of the page before.")]
IDEMPOTENCY_KEY = "idempotency-key"


def write_cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: type) -> list[Any] | None:
    """The values of a cursor of ours; None for the first page; 400 `bad_cursor` for anything else."""
    if not cursor:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        raise _bad_cursor()
    return values


def _bad_cursor() -> Malformed:
    return Malformed("bad_cursor", "the cursor is none of this list", "use `next` of an earlier page, or none")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its description. 400, 401, 403 and 422 go without saying."""
    return {status: {"model": ErrorAnswer} for status in (400, 401, 403, 422, *statuses)}
