"""Projects as rows: made, listed, renamed, trashed and restored. What is in them lives in their documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.ids import new_id
from server.accounts.access import no_such_project
from server.accounts.members import add_owner
from server.storage.account_tables import members
from server.storage.sql import READ_ONLY
from server.storage.tables import projects


@dataclass(frozen=True)
class Project:
    """created, changed: milliseconds since 1970."""

    id: str
    name: str
    created: int
    changed: int
    generation: int
    trashed: bool

    @property
    def scene(self) -> str:
        """The branch of the scene document."""
        return scene_branch(self.id)


def scene_branch(project: str) -> str:
    return f"{project}/scene"


def session_branch(project: str) -> str:
    return f"{project}/session"


# Made once: with every room that is opened it is asked for.
_READ = select(projects).where(projects.c.id == bindparam("id"))


class Projects:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock

    async def create(self, name: str, id: str | None = None, generation: int = 0, owner: str | None = None) -> Project:
        """Make a project. One that has this id already is returned as it is: a repeated request makes one project.

        owner: the account that makes it, and owns it then.
        """
        now = self._now()
        project = Project(id or new_id(), name, now, now, generation, trashed=False)
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(projects).values(asdict(project)))
                if owner is not None:
                    await add_owner(connection, project.id, owner, now)
        except IntegrityError:
            return await self.read(project.id)
        return project

    async def read(self, id: str) -> Project:
        """A project, also a trashed one; NotFound when there is none."""
        async with self._reader.connect() as connection:
            row = (await connection.execute(_READ, {"id": id})).one_or_none()
        if row is None:
            raise no_such_project(id)
        return Project(**row._mapping)

    async def page(
        self, *, trashed: bool, after: tuple[int, str] | None, limit: int, member: str | None = None
    ) -> list[Project]:
        """Up to `limit` projects, newest change first, behind the one with (changed, id) = after.

        member: only those in which this user has a role of their own or by a link.
        """
        query = select(projects).where(projects.c.trashed == trashed)
        if member is not None:
            holds = or_(members.c.expires.is_(None), members.c.expires > self._now())
            query = query.where(projects.c.id.in_(select(members.c.project).where(members.c.user == member, holds)))
        if after is not None:
            changed, id = after
            query = query.where(
                or_(projects.c.changed < changed, and_(projects.c.changed == changed, projects.c.id < id))
            )
        query = query.order_by(projects.c.changed.desc(), projects.c.id.desc()).limit(limit)
        async with self._reader.connect() as connection:
            return [Project(**row._mapping) for row in (await connection.execute(query)).all()]

    async def change(self, id: str, **values: Any) -> Project:
        """Set name or trashed; NotFound when there is no such project."""
        async with self._engine.begin() as connection:
            statement = update(projects).where(projects.c.id == id).values(changed=self._now(), **values)
            changed = (await connection.execute(statement)).rowcount
        if not changed:
            raise no_such_project(id)
        return await self.read(id)

    async def touch(self, changed: Mapping[str, int]) -> None:
        """Note when projects were last edited: {id: milliseconds}."""
        if not changed:
            return
        statement = update(projects).where(projects.c.id == bindparam("project")).values(changed=bindparam("at"))
        async with self._engine.connect() as connection:
            await connection.execute(statement, [{"project": id, "at": at} for id, at in changed.items()])
            await connection.commit()

    def _now(self) -> int:
        return int(self._clock() * 1000)
