"""Who am I: the visitor's identity, and the exchange of an invitation key for a cookie."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from server.auth import COOKIE, Identity, new_user_id
from server.routes.api import ApiRoute, Body, Use, Who, refusals
from server.services import Services

router = APIRouter(prefix="/api/v1/session", tags=["session"], route_class=ApiRoute)


class Key(Body):
    key: str


class UserAnswer(BaseModel):
    id: str
    name: str
    color: str
    kind: str


class SessionAnswer(BaseModel):
    user: UserAnswer
    mode: str


@router.get("", response_model=SessionAnswer, responses=refusals())
async def read_session(request: Request, services: Use, who: Who) -> Response:
    """The asker's identity. A local visitor gets a cookie here, so that the id stays the same from then on."""
    if services.settings.mode == "key" or _is_known(request, services):
        return JSONResponse(_as_api(who, services))
    chosen = who.user_id if "user" in request.query_params else new_user_id()
    return _with_cookie(request, services, services.auth.visitor(chosen, request.query_params))


@router.post("", response_model=SessionAnswer, responses=refusals())
async def open_session(request: Request, services: Use, body: Key) -> Response:
    """Exchange the key of an invitation link for a cookie."""
    services.auth.accept_key(body.key)
    known = services.auth.read_cookie(request.cookies.get(COOKIE, ""))
    return _with_cookie(request, services, services.auth.visitor(known or new_user_id(), request.query_params))


@router.delete("", status_code=204, responses=refusals())
async def close_session() -> Response:
    """Forget the cookie."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return answer


def _is_known(request: Request, services: Services) -> bool:
    has_token = "authorization" in request.headers
    return has_token or services.auth.read_cookie(request.cookies.get(COOKIE, "")) is not None


def _with_cookie(request: Request, services: Services, who: Identity) -> Response:
    answer = JSONResponse(_as_api(who, services))
    answer.set_cookie(
        COOKIE, services.auth.make_cookie(who.user_id), max_age=services.auth.session_seconds, path="/", httponly=True,
        samesite="lax", secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


def _as_api(who: Identity, services: Services) -> dict[str, Any]:
    return {"user": who.as_user(), "mode": services.settings.mode}
