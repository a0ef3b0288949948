"""Somebody's name and id taken out of session documents: what they said stays, under an id that is nobody's.

A forward edit like any other: earlier moments of the log keep what they held, until a project is founded anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pycrdt import Map
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from crdt.document import SessionDocument
from server.jobs.mirror import SERVER
from server.storage.api_tables import jobs
from server.storage.sql import READ_ONLY
from server.storage.tables import updates
from server.sync.rooms import Rooms

NAME = "Deleted"
_ROOTS = ("chat", "comments", "proposals", "jobs")


class Forgetting:
    def __init__(self, engine: AsyncEngine, rooms: Rooms) -> None:
        self._reader = engine.execution_options(**READ_ONLY)
        self._rooms = rooms

    async def forget(self, user: str, author: str, without: set[str]) -> None:
        """In every session that they wrote to or asked for jobs in. without: projects that go anyway.

        Unavailable where a document cannot be written now: nothing else has been deleted then.
        """
        for project in sorted(await self._projects(user) - without):
            room = await self._rooms.room(f"{project}/session")
            await room.edit(SERVER, SERVER, _change(user, author))

    async def _projects(self, user: str) -> set[str]:
        wrote = select(updates.c.branch).where(updates.c.author == user, updates.c.branch.like("%/session")).distinct()
        asked = select(jobs.c.project).where(jobs.c.by == user).distinct()
        async with self._reader.connect() as connection:
            branches = (await connection.execute(wrote)).scalars()
            projects = {branch.partition("/")[0] for branch in branches}
            return projects | set((await connection.execute(asked)).scalars())


def _change(user: str, author: str) -> Callable[[SessionDocument], None]:
    def change(session: SessionDocument) -> None:
        for root in _ROOTS:
            _rewrite(session.map(root), user, author)

    return change


def _rewrite(entries: Map[Any], user: str, author: str) -> None:
    """Every place in a map, however deep, that names them."""
    is_theirs = entries.get("by") == user
    for key in list(entries.keys()):
        value = entries[key]
        if isinstance(value, Map):
            _rewrite(value, user, author)
        elif (told := _told(key, value, is_theirs, user, author)) != value:
            entries[key] = told


def _told(key: str, value: Any, is_theirs: bool, user: str, author: str) -> Any:
    """A value as it is told from now on. is_theirs: whether the object that it stands in is by them."""
    if isinstance(value, Mapping):
        inside = value.get("by") == user
        return {name: _told(name, one, inside, user, author) for name, one in value.items()}
    if isinstance(value, list):
        return [_told("", one, False, user, author) for one in value]
    if value == user:
        return author
    return NAME if is_theirs and key == "name" else value
