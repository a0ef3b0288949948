"""Who am I, coming in and going out: by password, by the access key, by a share link; tickets for sockets."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints

from server.accounts.sign_in import TICKET_SECONDS, Caller, SignedIn
from server.auth import COOKIE, Identity, new_user_id
from server.errors import Conflict, Forbidden, NotAuthorised
from server.http.proxies import address_of
from server.routes.api import Body, RightsRoute, Use, Who, refusals
from server.services import Services

router = APIRouter(prefix="/api/v1/session", tags=["session"], route_class=RightsRoute)

PersonName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Email = Annotated[str, Field(min_length=3, max_length=320)]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
Secret = Annotated[str, Field(max_length=200)]


class Login(Body):
    email: Email
    password: Password


class KeyHolder(Body):
    key: Secret
    name: PersonName = ""


class LinkHolder(Body):
    link: Secret
    name: PersonName = ""


class UserAnswer(BaseModel):
    id: str
    name: str
    color: str
    kind: str


class SessionAnswer(BaseModel):
    user: UserAnswer
    mode: str
    standing: str
    account: bool
    """Whether they can come back with an address and a password."""
    email: str | None
    project: str | None = None
    """Where a share link leads."""


class OptionsAnswer(BaseModel):
    mode: str
    signUp: str
    first: bool
    """There is no admin yet: an account made with the access key becomes one."""


class TicketAnswer(BaseModel):
    ticket: str
    expires: int


async def caller_of(request: Request, services: Use) -> Caller:
    """Where a request comes from, and who is signed in already (nobody is no error here)."""
    need_accounts(services)
    try:
        who = await services.auth.identify(request.headers, request.cookies, request.query_params)
        user = await services.accounts.directory.user(who.user_id)
    except NotAuthorised:
        user = None
    return Caller(user, address_of(request.scope), request.headers.get("user-agent", ""))


Calling = Annotated[Caller, Depends(caller_of)]


@router.get("", response_model=SessionAnswer, responses=refusals())
async def read_session(request: Request, services: Use, who: Who) -> Response:
    """The asker's identity. A cookie is prolonged; a local visitor gets one here, so that the id stays the same."""
    cookie = request.cookies.get(COOKIE, "")
    if services.settings.mode == "accounts":
        answer = JSONResponse(await _as_api(who, services))
        return _with_cookie(answer, request, services, cookie) if who.credential.kind == "session" else answer
    if "authorization" in request.headers or services.auth.read_cookie(cookie) is not None:
        return JSONResponse(await _as_api(who, services))
    chosen = who.user_id if "user" in request.query_params else new_user_id()
    visitor = services.auth.visitor(chosen, request.query_params)
    answer = JSONResponse(await _as_api(visitor, services))
    return _with_cookie(answer, request, services, services.auth.make_cookie(chosen))


@router.get("/options", response_model=OptionsAnswer, responses=refusals())
async def read_options(services: Use) -> dict[str, Any]:
    """How one may come in here; for anybody."""
    settings = services.settings
    first = settings.mode == "accounts" and not await services.accounts.people.has_admin()
    return {"mode": settings.mode, "signUp": settings.sign_up, "first": first}


@router.post("", response_model=SessionAnswer, responses=refusals(429, 503))
async def open_session(
    request: Request, services: Use, caller: Calling, body: Login | KeyHolder | LinkHolder
) -> Response:
    """Come in with address and password, the access key, or a share link, for a cookie."""
    sign_in = services.accounts.sign_in
    match body:
        case Login():
            entered = await sign_in.sign_in(body.email, body.password, caller)
        case KeyHolder():
            entered = await sign_in.by_key(body.key, _name(request, body.name), caller)
        case LinkHolder():
            entered = await sign_in.by_link(body.link, _name(request, body.name), caller)
    return await welcome(request, services, entered, 200)


@router.delete("", status_code=204, responses=refusals())
async def close_session(request: Request, services: Use) -> Response:
    """Sign out: the session ends, with its sockets, and the cookie is forgotten."""
    if services.settings.mode == "accounts":
        try:
            who = await services.auth.identify({}, request.cookies, {})
            await services.accounts.credentials.end(who.credential.id)
        except NotAuthorised:
            pass  # it has ended already: what was asked for is so
    # Blobs of projects lie in the browser's cache, for a year.
    answer = Response(status_code=204, headers={"Clear-Site-Data": '"cache"'})
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return answer


@router.post("/ticket", response_model=TicketAnswer, responses=refusals(409))
async def make_ticket(services: Use, who: Who) -> dict[str, Any]:
    """A ticket that opens one socket within half a minute, for clients that can send neither cookie nor header."""
    if not who.credential.id:
        raise Conflict("no_ticket", "who came in without a session or token of their own gets no ticket")
    credentials = services.accounts.credentials
    row, ticket = await credentials.issue("ticket", None, TICKET_SECONDS, name=who.credential.id)
    return {"ticket": ticket, "expires": row.expires}


def need_accounts(services: Services) -> None:
    if services.settings.mode == "local":
        raise Forbidden("no_accounts", "this server has no accounts: everybody on this machine may do everything")


async def welcome(request: Request, services: Services, entered: SignedIn, status: int) -> Response:
    """The answer to somebody who came in, with the cookie of the new session."""
    who = await services.auth.identify({}, {COOKIE: entered.cookie}, {})
    answer = JSONResponse({**await _as_api(who, services), "project": entered.project}, status)
    return _with_cookie(answer, request, services, entered.cookie)


def _with_cookie(answer: Response, request: Request, services: Services, cookie: str) -> Response:
    answer.set_cookie(
        COOKIE, cookie, max_age=services.auth.session_seconds, path="/", httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


def _name(request: Request, name: str) -> str:
    return name or request.query_params.get("name", "")


async def _as_api(who: Identity, services: Services) -> dict[str, Any]:
    user = await services.accounts.directory.user(who.user_id)
    return {
        "user": who.as_user(), "mode": services.settings.mode, "standing": who.standing,
        "account": user is not None and user.is_account, "email": user.email if user else None,
    }  # fmt: skip
