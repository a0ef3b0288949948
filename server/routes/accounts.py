"""One's own account: made, renamed, given another password; where one is signed in; API keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from server.accounts.credentials import SIGN_INS
from server.accounts.directory import CredentialRow, User
from server.errors import Conflict, Forbidden, NotFound, Unprocessable
from server.permissions import Scope
from server.routes.api import Body, RightsRoute, Use, Who, allow, refusals
from server.routes.session import (
    Calling,
    Email,
    Password,
    PersonName,
    Secret,
    SessionAnswer,
    need_accounts,
    welcome,
)

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"], route_class=RightsRoute)

_MANY_KEYS = 100
CredentialName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Seconds = Annotated[float, Field(gt=0, le=10 * 366 * 86400)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]


class NewAccount(Body):
    email: Email
    password: Password
    name: PersonName = ""
    key: Secret | None = None
    link: Secret | None = None


class AccountChange(Body):
    name: Annotated[PersonName, Field(min_length=1)] | None = None
    color: Colour | None = None


class PasswordChange(Body):
    current: Password
    new: Password


class Reset(Body):
    token: Secret
    password: Password


class NewKey(Body):
    name: CredentialName
    scope: Scope = "read"
    seconds: Seconds | None = None


class PersonAnswer(BaseModel):
    id: str
    name: str
    color: str
    kind: str
    email: str | None
    standing: str
    disabled: bool
    created: int
    seen: int


class SignInAnswer(BaseModel):
    id: str
    kind: Literal["session", "token"]
    agent: str
    created: int
    used: int
    expires: int | None
    current: bool


class SignInPage(BaseModel):
    items: list[SignInAnswer]
    next: str | None


class KeyAnswer(BaseModel):
    id: str
    name: str
    scope: str
    created: int
    used: int
    expires: int | None


class NewKeyAnswer(KeyAnswer):
    key: str


class KeyPage(BaseModel):
    items: list[KeyAnswer]
    next: str | None


async def me_of(services: Use, who: Who) -> User:
    """The asker as a row: an account or a guest."""
    need_accounts(services)
    user = await services.accounts.directory.user(who.user_id)
    if user is None:
        raise Forbidden("no_account", "who sends the access key or a peer's token has no account", "sign in")
    return user


Me = Annotated[User, Depends(me_of)]
_READS, _CHANGES = [allow("account.read")], [allow("account.change")]


@router.post("", status_code=201, response_model=SessionAnswer, responses=refusals(409, 429, 503))
async def sign_up(request: Request, services: Use, caller: Calling, body: NewAccount) -> Response:
    """Make an account. Who is here as a guest keeps their id and all that is theirs."""
    sign_in = services.accounts.sign_in
    entered = await sign_in.sign_up(body.email, body.password, body.name, body.key, body.link, caller)
    return await welcome(request, services, entered, 201)


@router.get("/me", response_model=PersonAnswer, dependencies=_READS, responses=refusals())
async def read_me(me: Me) -> dict[str, Any]:
    """The asker's account."""
    return person_as_api(me)


@router.patch("/me", response_model=PersonAnswer, dependencies=_CHANGES, responses=refusals())
async def change_me(services: Use, me: Me, body: AccountChange) -> dict[str, Any]:
    """Change one's name or colour; live connections show it from their next hello on."""
    values = body.model_dump(exclude_none=True)
    if not values:
        raise Unprocessable("nothing_to_change", "the body names nothing to change", "name, color")
    return person_as_api(await services.accounts.people.change(me.id, **values))


@router.post("/me/password", status_code=204, dependencies=_CHANGES, responses=refusals(429, 503))
async def change_password(services: Use, who: Who, me: Me, caller: Calling, body: PasswordChange) -> Response:
    """Change one's password; all other sessions and tokens of sign-ins end. API keys stay."""
    await services.accounts.sign_in.change_password(me, body.current, body.new, who.credential.id, caller)
    return Response(status_code=204)


@router.get("/me/sessions", response_model=SignInPage, dependencies=_READS, responses=refusals())
async def list_sessions(services: Use, who: Who, me: Me) -> dict[str, Any]:
    """Where one is signed in: browsers (session) and programs (token)."""
    rows = await services.accounts.credentials.of(me.id, SIGN_INS)
    return {"items": [_sign_in_as_api(row, who.credential.id) for row in rows], "next": None}


@router.delete("/me/sessions", status_code=204, dependencies=_CHANGES, responses=refusals())
async def sign_out_everywhere(services: Use, me: Me) -> Response:
    """End all one's sessions and tokens of sign-ins, this one too, and the sockets that they opened."""
    await services.accounts.credentials.revoke_all(me.id, SIGN_INS)
    return Response(status_code=204)


@router.delete("/me/sessions/{session}", status_code=204, dependencies=_CHANGES, responses=refusals(404))
async def end_session(services: Use, me: Me, session: str) -> Response:
    """Sign out in one place."""
    await services.accounts.credentials.revoke(session, SIGN_INS, me.id)
    return Response(status_code=204)


@router.get("/me/keys", response_model=KeyPage, dependencies=_READS, responses=refusals())
async def list_keys(services: Use, me: Me) -> dict[str, Any]:
    """One's API keys, without their secrets."""
    rows = await services.accounts.credentials.of(me.id, ["key"])
    return {"items": [_key_as_api(row) for row in rows], "next": None}


@router.post("/me/keys", status_code=201, response_model=NewKeyAnswer, dependencies=_CHANGES, responses=refusals(409))
async def make_key(services: Use, me: Me, body: NewKey) -> dict[str, Any]:
    """Make an API key; it is shown this once. Its scope caps what one may everywhere."""
    credentials = services.accounts.credentials
    if len(await credentials.of(me.id, ["key"])) >= _MANY_KEYS:
        raise Conflict("too_many_keys", f"there are {_MANY_KEYS} keys already", "delete one that is not used")
    row, key = await credentials.issue("key", me.id, body.seconds, name=body.name, scope=body.scope)
    return {**_key_as_api(row), "key": key}


@router.delete("/me/keys/{key}", status_code=204, dependencies=_CHANGES, responses=refusals(404))
async def end_key(services: Use, me: Me, key: str) -> Response:
    """Revoke an API key, at once."""
    await services.accounts.credentials.revoke(key, ["key"], me.id)
    return Response(status_code=204)


@router.post("/reset", status_code=204, responses=refusals(503))
async def reset_password(services: Use, body: Reset) -> Response:
    """Set a new password with the token of a reset link, once. All sessions end."""
    need_accounts(services)
    await services.accounts.sign_in.reset(body.token, body.password)
    return Response(status_code=204)


def person_as_api(user: User) -> dict[str, Any]:
    return {
        **user.as_user(), "email": user.email, "standing": user.standing, "disabled": user.disabled,
        "created": user.created, "seen": user.seen,
    }  # fmt: skip


def _sign_in_as_api(row: CredentialRow, current: str) -> dict[str, Any]:
    return {
        "id": row.id, "kind": "session" if row.kind == "session" else "token", "agent": row.agent,
        "created": row.created, "used": row.used, "expires": row.expires, "current": row.id == current,
    }  # fmt: skip


def _key_as_api(row: CredentialRow) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "scope": row.scope, "created": row.created, "used": row.used,
        "expires": row.expires,
    }  # fmt: skip


async def person_of(services: Use, user: str) -> User:
    """The person of the path."""
    found = await services.accounts.directory.user(user)
    if found is None:
        raise NotFound("no_such_person", f"there is nobody with the id {user[:80]!r}")
    return found
