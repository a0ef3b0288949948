"""Who is in a project, and the links by which others come in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from server.accounts.links import Link
from server.accounts.members import Member
from server.accounts.people import normalise_email
from server.errors import Conflict, Forbidden, NotFound, Unprocessable
from server.permissions import may
from server.routes.accounts import CredentialName, Seconds, person_of
from server.routes.api import Body, ProjectOf, RightsRoute, RoleIn, Use, Who, allow, refusals
from server.routes.session import Email, UserAnswer, need_accounts

router = APIRouter(
    prefix="/api/v1/projects/{project}", tags=["members"], route_class=RightsRoute,
)  # fmt: skip

MemberRole = Literal["owner", "editor", "commenter", "viewer"]
LinkRole = Literal["editor", "commenter", "viewer"]
Uses = Annotated[int, Field(ge=1, le=1_000_000)]
_MANY_LINKS = 200


class NewMember(Body):
    email: Email
    role: MemberRole


class RoleChange(Body):
    role: MemberRole


class NewLink(Body):
    role: LinkRole
    name: CredentialName | None = None
    seconds: Seconds | None = None
    uses: Uses | None = None


class LinkChange(Body):
    role: LinkRole | None = None
    name: CredentialName | None = None
    seconds: Seconds | None = None
    uses: Uses | None = None


class MemberAnswer(BaseModel):
    user: UserAnswer
    role: str
    link: str | None
    expires: int | None
    at: int


class MemberPage(BaseModel):
    items: list[MemberAnswer]
    next: str | None


class LinkAnswer(BaseModel):
    id: str
    name: str
    role: str
    created: int
    expires: int | None
    uses: int | None
    used: int


class NewLinkAnswer(LinkAnswer):
    token: str
    path: str


class LinkPage(BaseModel):
    items: list[LinkAnswer]
    next: str | None


async def shared(services: Use, _role: RoleIn) -> None:
    need_accounts(services)


_READS, _MANAGES = [allow("member.read")], [allow("member.manage"), Depends(shared)]


@router.get("/members", response_model=MemberPage, dependencies=_READS, responses=refusals(404))
async def list_members(services: Use, project: ProjectOf) -> dict[str, Any]:
    """Who has a role in the project, of their own or by a link."""
    return {"items": [_member_as_api(one) for one in await services.accounts.members.of(project.id)], "next": None}


@router.post(
    "/members", status_code=201, response_model=MemberAnswer, dependencies=_MANAGES, responses=refusals(404, 409)
)
async def add_member(services: Use, project: ProjectOf, body: NewMember) -> dict[str, Any]:
    """Share the project with an account, by its address."""
    user = await services.accounts.people.by_email(normalise_email(body.email))
    if user is None:
        raise NotFound("no_such_account", "nobody here has this address", "make a share link and send it to them")
    await services.accounts.members.put(project.id, user.id, body.role)
    return _member_as_api(await services.accounts.members.one(project.id, user.id))


@router.put("/members/{user}", response_model=MemberAnswer, dependencies=_MANAGES, responses=refusals(404, 409))
async def put_member(services: Use, project: ProjectOf, user: str, body: RoleChange) -> dict[str, Any]:
    """Give somebody a role of their own in the project."""
    await person_of(services, user)
    await services.accounts.members.put(project.id, user, body.role)
    return _member_as_api(await services.accounts.members.one(project.id, user))


@router.delete("/members/{user}", status_code=204, responses=refusals(404, 409))
async def remove_member(services: Use, who: Who, role: RoleIn, project: ProjectOf, user: str) -> Response:
    """Take somebody out, or leave oneself. Their open connections close."""
    need_accounts(services)
    if user != who.user_id and not may(role, "member.manage"):
        raise Forbidden("forbidden", f"the role {role} does not allow member.manage")
    await services.accounts.members.remove(project.id, user)
    return Response(status_code=204)


@router.get("/links", response_model=LinkPage, dependencies=_MANAGES, responses=refusals(404))
async def list_links(services: Use, project: ProjectOf) -> dict[str, Any]:
    """The project's share links, also those that have ended."""
    return {"items": [_link_as_api(link) for link in await services.accounts.links.of(project.id)], "next": None}


@router.post(
    "/links", status_code=201, response_model=NewLinkAnswer, dependencies=_MANAGES, responses=refusals(404, 409)
)
async def make_link(services: Use, who: Who, project: ProjectOf, body: NewLink) -> dict[str, Any]:
    """Make a share link; its token is shown this once."""
    links = services.accounts.links
    if len(await links.of(project.id)) >= _MANY_LINKS:
        raise Conflict("too_many_links", f"the project has {_MANY_LINKS} links already", "delete one that is not used")
    link, token = await links.create(project.id, who.user_id, body.role, body.name or "", body.seconds, body.uses)
    return {**_link_as_api(link), "token": token, "path": f"/join#{token}"}


@router.patch("/links/{link}", response_model=LinkAnswer, dependencies=_MANAGES, responses=refusals(404))
async def change_link(services: Use, project: ProjectOf, link: str, body: LinkChange) -> dict[str, Any]:
    """Change a link, and the role of everybody who came by it. seconds, uses: null lifts the limit."""
    values = {name: value for name, value in body.model_dump(exclude_unset=True).items() if _can_be(name, value)}
    if not values:
        raise Unprocessable("nothing_to_change", "the body names nothing to change", "role, name, seconds, uses")
    return _link_as_api(await services.accounts.links.change(project.id, link, values))


@router.delete("/links/{link}", status_code=204, dependencies=_MANAGES, responses=refusals(404))
async def remove_link(services: Use, project: ProjectOf, link: str) -> Response:
    """Revoke a link: who is in by it alone is out, and their connections close."""
    await services.accounts.links.remove(project.id, link)
    return Response(status_code=204)


def _can_be(name: str, value: object) -> bool:
    return value is not None or name in ("seconds", "uses")


def _member_as_api(member: Member) -> dict[str, Any]:
    return {
        "user": member.user.as_user(), "role": member.role, "link": member.link, "expires": member.expires,
        "at": member.at,
    }  # fmt: skip


def _link_as_api(link: Link) -> dict[str, Any]:
    return {
        "id": link.id, "name": link.name, "role": link.role, "created": link.created, "expires": link.expires,
        "uses": link.uses, "used": link.used,
    }  # fmt: skip
