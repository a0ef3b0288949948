"""For admins: everybody on this server, and the tokens of compute peers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from server.accounts.credentials import SIGN_INS
from server.accounts.directory import CredentialRow, User
from server.errors import Conflict, Unprocessable
from server.routes.accounts import CredentialName, PersonAnswer, Seconds, person_as_api, person_of
from server.routes.api import Body, Cursor, Limit, RightsRoute, Use, allow, read_cursor, refusals, write_cursor
from server.routes.session import need_accounts


def has_accounts(services: Use) -> None:
    need_accounts(services)


_PEOPLE = [Depends(has_accounts), allow("people.manage")]
_PEERS = [Depends(has_accounts), allow("peer.manage")]
router = APIRouter(prefix="/api/v1", tags=["people"], route_class=RightsRoute)
Person = Annotated[User, Depends(person_of)]
PersonStanding = Literal["admin", "team", "member", "guest"]


class PersonChange(Body):
    standing: PersonStanding | None = None
    disabled: bool | None = None


class PersonPage(BaseModel):
    items: list[PersonAnswer]
    next: str | None


class ResetAnswer(BaseModel):
    token: str
    path: str
    expires: int


class NewPeerToken(Body):
    name: CredentialName
    operations: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=200)] | None = None
    seconds: Seconds | None = None


class PeerTokenAnswer(BaseModel):
    id: str
    name: str
    operations: list[str] | None
    created: int
    used: int
    expires: int | None


class NewPeerTokenAnswer(PeerTokenAnswer):
    token: str


class PeerTokenPage(BaseModel):
    items: list[PeerTokenAnswer]
    next: str | None


@router.get("/people", response_model=PersonPage, dependencies=_PEOPLE, responses=refusals(400))
async def list_people(
    services: Use, limit: Limit = 50, cursor: Cursor = "",
    find: Annotated[str, Query(max_length=100, description="Part of a name or an address.")] = "",
) -> dict[str, Any]:  # fmt: skip
    """Everybody who has come in here, the newest first."""
    after = read_cursor(cursor, int, str)
    found = await services.accounts.people.page(find, (after[0], after[1]) if after else None, limit + 1)
    page = found[:limit]
    more = write_cursor(page[-1].created, page[-1].id) if len(found) > limit else None
    return {"items": [person_as_api(user) for user in page], "next": more}


@router.patch("/people/{user}", response_model=PersonAnswer, dependencies=_PEOPLE, responses=refusals(404, 409))
async def change_person(services: Use, person: Person, body: PersonChange) -> dict[str, Any]:
    """Give somebody another standing, or disable an account; their open connections learn it at once."""
    values = body.model_dump(exclude_none=True)
    if not values:
        raise Unprocessable("nothing_to_change", "the body names nothing to change", "standing, disabled")
    if body.standing == "admin" and not person.is_account:
        raise Conflict("no_account", "who has no password cannot be an admin", "let them make an account first")
    return person_as_api(await services.accounts.people.change(person.id, **values))


@router.post("/people/{user}/reset", response_model=ResetAnswer, dependencies=_PEOPLE, responses=refusals(404, 409))
async def make_reset(services: Use, person: Person) -> dict[str, Any]:
    """A link that sets a new password once, within a day, to be handed over by hand."""
    if not person.is_account:
        raise Conflict("no_account", "who has no account has no password to set", "send them a share link")
    row, token = await services.accounts.sign_in.make_reset(person)
    return {"token": token, "path": f"/reset#{token}", "expires": row.expires}


@router.delete("/people/{user}/sessions", status_code=204, dependencies=_PEOPLE, responses=refusals(404))
async def sign_out(services: Use, person: Person) -> Response:
    """Sign somebody out everywhere, and close their connections."""
    await services.accounts.credentials.revoke_all(person.id, SIGN_INS)
    return Response(status_code=204)


@router.get("/peers/tokens", response_model=PeerTokenPage, dependencies=_PEERS, responses=refusals())
async def list_peer_tokens(services: Use) -> dict[str, Any]:
    """The tokens of compute peers, without their secrets."""
    return {"items": [_peer_as_api(row) for row in await services.accounts.credentials.of_peers()], "next": None}


@router.post(
    "/peers/tokens", status_code=201, response_model=NewPeerTokenAnswer, dependencies=_PEERS, responses=refusals()
)
async def make_peer_token(services: Use, body: NewPeerToken) -> dict[str, Any]:
    """Make a token for a compute peer; it is shown this once. operations: what it may work on, null for all."""
    row, token = await services.accounts.credentials.issue(
        "peer", None, body.seconds, name=body.name, operations=body.operations
    )
    return {**_peer_as_api(row), "token": token}


@router.delete("/peers/tokens/{token}", status_code=204, dependencies=_PEERS, responses=refusals(404))
async def end_peer_token(services: Use, token: str) -> Response:
    """Revoke a peer's token, at once."""
    await services.accounts.credentials.revoke(token, ["peer"])
    return Response(status_code=204)


def _peer_as_api(row: CredentialRow) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "operations": None if row.operations is None else list(row.operations),
        "created": row.created, "used": row.used, "expires": row.expires,
    }  # fmt: skip
