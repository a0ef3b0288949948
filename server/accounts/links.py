"""Share links: whoever opens one has its role in its project, for as long as the link holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.accounts.changes import Changed, Changes
from server.accounts.members import add_by_link
from server.accounts.tokens import Token, Vault, parse
from server.errors import NotAuthorised, NotFound
from server.permissions import Role
from server.storage.account_tables import links, members
from server.storage.sql import READ_ONLY
from server.storage.tables import projects


@dataclass(frozen=True, slots=True)
class Link:
    """uses: how many people may come by it, None for any number; used: how many have."""

    id: str
    project: str
    secret: str
    name: str
    role: Role
    by: str
    created: int
    expires: int | None
    uses: int | None
    used: int


class Links:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], vault: Vault, changes: Changes) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock
        self._vault = vault
        self._changes = changes

    async def create(
        self, project: str, by: str, role: Role, name: str, seconds: float | None, uses: int | None
    ) -> tuple[Link, str]:
        """A new link, and the token that is shown once."""
        id, token, secret = self._vault.mint("link")
        link = Link(id, project, secret, name, role, by, self._now(), self._end(seconds), uses, 0)
        row = {name: getattr(link, name) for name in Link.__dataclass_fields__}
        async with self._engine.begin() as connection:
            await connection.execute(insert(links).values(row))
        return link, token

    async def of(self, project: str) -> list[Link]:
        """Newest first, also those that have expired or are used up."""
        query = select(links).where(links.c.project == project).order_by(links.c.created.desc(), links.c.id)
        async with self._reader.connect() as connection:
            return [Link(**row._mapping) for row in (await connection.execute(query)).all()]

    async def change(self, project: str, id: str, values: Mapping[str, Any]) -> Link:
        """Set role, name, uses, seconds; the roles that people have by it change with it."""
        changed = dict(values)
        if "seconds" in changed:
            changed["expires"] = self._end(changed.pop("seconds"))
        theirs = {key: changed[key] for key in ("role", "expires") if key in changed}
        mine = [links.c.project == project, links.c.id == id]
        async with self._engine.begin() as connection:
            row = (await connection.execute(update(links).where(*mine).values(changed).returning(links))).one_or_none()
            if row is None:
                raise _no_link(id)
            if theirs:
                await connection.execute(update(members).where(members.c.link == id).values(theirs))
        self._changes.tell(Changed(project=project))
        return Link(**row._mapping)

    async def remove(self, project: str, id: str) -> None:
        """Whoever is in by it alone is out."""
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(links).where(links.c.project == project, links.c.id == id))
            if not gone.rowcount:
                raise _no_link(id)
            await connection.execute(delete(members).where(members.c.link == id))
        self._changes.tell(Changed(project=project))

    async def check(self, text: str) -> Link:
        """A link by which a newcomer may come now. NotAuthorised `bad_link`: for which reason not stays untold."""
        link = await self._open(text)
        if link.uses is not None and link.used >= link.uses:
            raise bad_link()
        return link

    async def take(self, text: str, user: str) -> Link:
        """Let somebody in by a link; opening it again is no second use. NotAuthorised `bad_link`."""
        link = await self._open(text)
        async with self._engine.begin() as connection:
            if not await _is_in(connection, link, user):
                await self._let_in(connection, link.id, user)
        self._changes.tell(Changed(user=user, project=link.project))
        return link

    async def _let_in(self, connection: AsyncConnection, id: str, user: str) -> None:
        """Count a use and give what the link gives at this moment."""
        free = or_(links.c.uses.is_(None), links.c.used < links.c.uses)
        count = update(links).where(links.c.id == id, free).values(used=links.c.used + 1).returning(links)
        now = (await connection.execute(count)).one_or_none()
        if now is None:
            raise bad_link()
        row = {
            "project": now.project, "user": user, "link": id, "role": now.role, "expires": now.expires,
            "at": self._now(),
        }  # fmt: skip
        if not await add_by_link(connection, row):
            await connection.execute(update(links).where(links.c.id == id).values(used=links.c.used - 1))

    async def _open(self, text: str) -> Link:
        token = parse("link", text)
        link = await self._find(token) if token else None
        if link is None or (link.expires is not None and link.expires <= self._now()):
            raise bad_link()
        return link

    async def _find(self, token: Token) -> Link | None:
        query = select(links).join(projects, projects.c.id == links.c.project).where(links.c.id == token.id)
        async with self._reader.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        link = Link(**row._mapping) if row else None
        return link if link and self._vault.matches("link", token, link.secret) else None

    def _end(self, seconds: float | None) -> int | None:
        return None if seconds is None else self._now() + int(seconds * 1000)

    def _now(self) -> int:
        return int(self._clock() * 1000)


async def _is_in(connection: AsyncConnection, link: Link, user: str) -> bool:
    mine = [members.c.project == link.project, members.c.user == user, members.c.link == link.id]
    return (await connection.execute(select(members.c.user).where(*mine))).first() is not None


def bad_link() -> NotAuthorised:
    return NotAuthorised("bad_link", "the link does not open anything (any more)", "ask for a new one")


def _no_link(id: str) -> NotFound:
    return NotFound("no_such_link", f"this project has no link {id[:80]!r}")
