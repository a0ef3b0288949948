"""Who has which role in a project: rows of their own, and those by a share link. Every change is told (`Changes`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.accounts.changes import Changed, Changes
from server.accounts.directory import User
from server.errors import Conflict, NotFound
from server.permissions import Role
from server.storage.account_tables import members, users
from server.storage.sql import READ_ONLY

OWN = ""
"""In place of a link's id: the role is theirs, not by a link."""


@dataclass(frozen=True, slots=True)
class Member:
    """link: by which they came, None for a role of their own. expires, at: milliseconds since 1970."""

    user: User
    role: Role
    link: str | None
    expires: int | None
    at: int


class Members:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], changes: Changes) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock
        self._changes = changes

    async def of(self, project: str) -> list[Member]:
        """Those whose role holds now, in the order of coming."""
        return await self._select(members.c.project == project)

    async def one(self, project: str, user: str) -> Member:
        found = await self._select(members.c.project == project, members.c.user == user, members.c.link == OWN)
        if not found:
            raise _no_member(user)
        return found[0]

    async def _select(self, *where: ColumnElement[bool]) -> list[Member]:
        query = (
            select(members.c.role, members.c.link, members.c.expires, members.c.at, users)
            .join(users, users.c.id == members.c.user)
            .where(*where, or_(members.c.expires.is_(None), members.c.expires > self._now()))
            .order_by(members.c.at, members.c.user, members.c.link)
        )
        async with self._reader.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [Member(User(*row[4:]), row.role, row.link or None, row.expires, row.at) for row in rows]

    async def put(self, project: str, user: str, role: Role) -> None:
        """Give somebody a role of their own. Conflict `last_owner` when nobody would own the project then."""
        mine = [members.c.project == project, members.c.user == user, members.c.link == OWN]
        row = {"project": project, "user": user, "link": OWN, "role": role, "expires": None, "at": self._now()}
        async with self._engine.begin() as connection:
            if role != "owner":
                await _keep_an_owner(connection, project, user)
            changed = await connection.execute(update(members).where(*mine).values(role=role))
            if not changed.rowcount:
                await connection.execute(insert(members).values(row))
        self._changes.tell(Changed(user=user, project=project))

    async def remove(self, project: str, user: str) -> None:
        """Take all roles of somebody in a project away, those by links too. NotFound, Conflict `last_owner`."""
        async with self._engine.begin() as connection:
            await _keep_an_owner(connection, project, user)
            query = delete(members).where(members.c.project == project, members.c.user == user)
            gone = (await connection.execute(query)).rowcount
        if not gone:
            raise _no_member(user)
        self._changes.tell(Changed(user=user, project=project))

    def _now(self) -> int:
        return int(self._clock() * 1000)


async def add_owner(connection: AsyncConnection, project: str, user: str, at: int) -> None:
    """Make the maker of a project its owner, in the transaction that makes it."""
    row = {"project": project, "user": user, "link": OWN, "role": "owner", "expires": None, "at": at}
    await connection.execute(insert(members).values(row))


async def add_by_link(connection: AsyncConnection, row: dict[str, object]) -> bool:
    """Let somebody in by a link; False when they are in by it already."""
    try:
        async with connection.begin_nested():
            await connection.execute(insert(members).values(row))
    except IntegrityError:
        return False
    return True


async def _keep_an_owner(connection: AsyncConnection, project: str, user: str) -> None:
    # Locked in one order: of two owners who leave at the same moment one finds the other gone.
    owners = (
        select(members.c.user)
        .where(members.c.project == project, members.c.link == OWN, members.c.role == "owner")
        .order_by(members.c.user)
        .with_for_update()
    )
    if [row.user for row in (await connection.execute(owners)).all()] == [user]:
        raise Conflict("last_owner", "this is the last owner of the project", "make somebody else an owner first")


def _no_member(user: str) -> NotFound:
    return NotFound("no_such_member", f"nobody with the id {user[:80]!r} is a member of this project")
