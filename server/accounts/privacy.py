"""What is known about somebody, to be taken along, and to be deleted (REQUIREMENTS 18.13).

Deleting removes the account, its credentials and memberships, and the projects that nobody else owns with their blobs.
What was edited in others' projects stays, under an id that belongs to nobody; so do lines of chat and comments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.ids import new_id
from crdt.messages import NO_SUCH_PROJECT
from server.accounts.changes import Changed, Changes
from server.accounts.directory import User
from server.accounts.forgetting import Forgetting
from server.cleaning.cleaner import Cleaner
from server.errors import Conflict
from server.storage.account_tables import credentials, links, members, users
from server.storage.api_tables import answers, jobs, plain_blobs, project_blobs
from server.storage.history_tables import versions
from server.storage.limit_tables import compute_usage
from server.storage.sql import READ_ONLY
from server.storage.tables import client_ids, metadata, projects, updates
from server.sync.branch import Branch
from server.sync.outbox import Closing
from server.sync.rooms import Rooms

AUTHORED: tuple[Column[Any], ...] = (
    updates.c.author, client_ids.c.user, versions.c.author, jobs.c.by, compute_usage.c.by, project_blobs.c.by,
    links.c.by,
)  # fmt: skip
"""Where an id says who did something: it becomes one that belongs to nobody."""
OWNED: tuple[Column[Any], ...] = (users.c.id, credentials.c.user, members.c.user, answers.c.user)
"""Where a row is about somebody: it goes."""
_DELETED = "deleted-"


@dataclass(frozen=True, slots=True)
class Deleted:
    """author: the id that stands for the person from now on."""

    author: str
    projects: list[str]
    blobs: int


class Privacy:
    def __init__(self, engine: AsyncEngine, rooms: Rooms, cleaner: Cleaner, changes: Changes) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._rooms = rooms
        self._forgetting = Forgetting(engine, rooms)
        self._cleaner = cleaner
        self._changes = changes

    async def export(self, user: User) -> dict[str, Any]:
        """Everything that is kept about somebody, without secrets, and which projects and blobs are theirs."""
        id = user.id
        branches = select(updates.c.branch, func.count().label("edits"), func.min(updates.c.at).label("first"),
                          func.max(updates.c.at).label("last")).group_by(updates.c.branch)  # fmt: skip
        member_of = select(members.c.project, projects.c.name, members.c.role, members.c.at, members.c.expires).join(
            projects, projects.c.id == members.c.project
        )
        return {
            "account": {"id": id, "name": user.name, "email": user.email, "color": user.color, "kind": user.kind,
                        "standing": user.standing, "created": user.created, "seen": user.seen},
            "credentials": await self._all(_without(credentials, "secret", "user"), credentials.c.user == id),
            "projects": await self._all(member_of, members.c.user == id),
            "links": await self._all(_without(links, "secret", "by"), links.c.by == id),
            "jobs": await self._all(_without(jobs, "lease", "sequence", "by", "trace"), jobs.c.by == id),
            "blobs": await self._all(_without(project_blobs, "by"), project_blobs.c.by == id),
            "compute": await self._all(_without(compute_usage, "by"), compute_usage.c.by == id),
            "versions": await self._all(_without(versions, "author"), versions.c.author == id),
            "edits": await self._all(branches, updates.c.author == id),
        }  # fmt: skip

    async def delete(self, user: User, with_projects: bool) -> Deleted:
        """Conflict `last_admin`; `owns_projects` where projects would be left without an owner (with_projects: they go
        too). Jobs of theirs are to be cancelled before."""
        owned = await self.owned_alone(user.id)
        if owned and not with_projects:
            names = ", ".join(repr(name) for name in list(owned.values())[:5])
            raise Conflict(
                "owns_projects", f"{len(owned)} projects have no other owner: {names}",
                "make somebody else an owner of them, or say that they are to be deleted too (projects: delete)",
            )  # fmt: skip
        await self._keep_an_admin(user)
        for project in owned:
            await self._close(project)
        author = f"{_DELETED}{new_id()[:8]}"
        await self._forgetting.forget(user.id, author, set(owned))
        async with self._engine.begin() as connection:
            unused = await self._delete_projects(connection, list(owned))
            for column in AUTHORED:
                await connection.execute(update(column.table).where(column == user.id).values({column.name: author}))
            for column in OWNED:
                await connection.execute(delete(column.table).where(column == user.id))
        for changed in (Changed(user=user.id), *(Changed(project=project) for project in owned)):
            self._changes.tell(changed)
        return Deleted(author, list(owned), await self._cleaner.remove(unused))

    async def owned_alone(self, user: str) -> dict[str, str]:
        """Projects (id: name) of which nobody else is an owner."""
        others = members.alias()
        shared = select(others.c.project).where(others.c.role == "owner", others.c.link == "", others.c.user != user)
        query = (
            select(projects.c.id, projects.c.name).join(members, members.c.project == projects.c.id)
            .where(members.c.user == user, members.c.role == "owner", members.c.link == "")
            .where(projects.c.id.not_in(shared))
        )  # fmt: skip
        async with self._reader.connect() as connection:
            return {row.id: row.name for row in (await connection.execute(query)).all()}

    async def _keep_an_admin(self, user: User) -> None:
        others = select(users.c.id).where(users.c.standing == "admin", users.c.disabled.is_(False))
        async with self._reader.connect() as connection:
            admins = set((await connection.execute(others)).scalars())
        if admins == {user.id}:
            raise Conflict("last_admin", "this is the last admin", "make somebody else one first")

    async def _close(self, project: str) -> None:
        """End the project's rooms; who comes back finds no project."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(members).where(members.c.project == project))
            await connection.execute(update(projects).where(projects.c.id == project).values(trashed=True))
        self._changes.tell(Changed(project=project))
        for room in self._rooms.loaded():
            if room.branch.project == project:
                await self._end(room.branch)

    async def _end(self, branch: Branch) -> None:
        async with self._rooms.closed(str(branch), Closing(NO_SUCH_PROJECT, "no_such_project")):
            pass

    async def _delete_projects(self, connection: AsyncConnection, gone: Sequence[str]) -> dict[str, float]:
        """Remove every row of these projects; the blobs that nothing names any more, and when they were stored."""
        if not gone:
            return {}
        stored = select(project_blobs.c.sha256, func.max(project_blobs.c.at)).where(project_blobs.c.project.in_(gone))
        rows = (await connection.execute(stored.group_by(project_blobs.c.sha256))).all()
        for table in metadata.sorted_tables:
            for where in _of_projects(table, gone):
                await connection.execute(delete(table).where(where))
        await connection.execute(delete(projects).where(projects.c.id.in_(gone)))
        kept = select(project_blobs.c.sha256).where(project_blobs.c.sha256.in_([row.sha256 for row in rows]))
        named = set((await connection.execute(kept)).scalars())
        unused = {sha256: (at + 1) / 1000 for sha256, at in rows if sha256 not in named}
        return unused | await self._delete_copies(connection, unused)

    async def _delete_copies(self, connection: AsyncConnection, unused: Iterable[str]) -> dict[str, float]:
        """The decoded copies of these blobs go along, whenever they were made."""
        of_them = plain_blobs.c.sha256.in_(list(unused))
        copies = list((await connection.execute(select(plain_blobs.c.plain).where(of_them))).scalars())
        await connection.execute(delete(plain_blobs).where(of_them))
        return dict.fromkeys(copies, math.inf)

    async def _all(self, query: Select[Any], where: ColumnElement[bool]) -> list[dict[str, Any]]:
        async with self._reader.connect() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query.where(where))).all()]


def _without(table: Table, *names: str) -> Select[Any]:
    return select(*(column for column in table.c if column.name not in names))


def _of_projects(table: Table, gone: Sequence[str]) -> list[ColumnElement[bool]]:
    """Which rows of a table belong to these projects: by their project, or by the project of their branch."""
    if "project" in table.c:
        return [table.c.project.in_(gone)]
    if "branch" in table.c:
        return [and_(table.c.branch.startswith(f"{project}/", autoescape=True)) for project in gone]
    return []
