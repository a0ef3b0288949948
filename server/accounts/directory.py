"""People, credentials and roles as they are asked for at every request and socket: read once, kept until they change.

Exact: every change here drops what it concerns before its answer goes out, one of another node arrives over the bus,
and a read that a change has overtaken is repeated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from sqlalchemy import BindParameter, bindparam, outerjoin, select
from sqlalchemy.ext.asyncio import AsyncEngine

from server.accounts.changes import Changed, Changes
from server.accounts.identity import CredentialKind
from server.permissions import Role, Scope, Standing
from server.storage.account_tables import credentials, members, users
from server.storage.sql import READ_ONLY
from server.storage.tables import projects

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_KEPT = 20_000
_TRIES = 5
"""Under a storm of changes the last read is used, and not kept."""


@dataclass(frozen=True, slots=True)
class User:
    """One row of `users`; times in milliseconds since 1970."""

    id: str
    name: str
    email: str | None
    password: str | None
    color: str
    kind: str
    standing: Standing
    disabled: bool
    created: int
    seen: int

    @property
    def is_account(self) -> bool:
        """Whether they can come back with an address and a password."""
        return self.email is not None

    def as_user(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "color": self.color, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class CredentialRow:
    id: str
    kind: CredentialKind
    user: str | None
    secret: str
    name: str
    scope: Scope
    operations: tuple[str, ...] | None
    rotation: int
    agent: str
    created: int
    used: int
    expires: int | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a project. link: by which share link, "" for one's own. expires: milliseconds since 1970."""

    role: Role
    link: str
    expires: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody was granted in a project. exists: whether there is such a project at all."""

    exists: bool
    grants: tuple[Grant, ...]


_NOWHERE = Place(False, ())
_UNKNOWN_HERE = Place(True, ())


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who was granted anything in a project; of more than `_CROWD` it is not kept who (None)."""

    exists: bool
    users: frozenset[str] | None

    def may_hold(self, user: str) -> bool:
        return self.users is None or user in self.users


_CROWD = 64
_PROJECT: BindParameter[str] = bindparam("project")
_CROWD_QUERY = (
    select(members.c.user)
    .select_from(outerjoin(projects, members, members.c.project == projects.c.id))
    .where(projects.c.id == _PROJECT)
    .limit(_CROWD + 1)
)
_GRANTS_QUERY = select(members.c.role, members.c.link, members.c.expires).where(
    members.c.project == _PROJECT, members.c.user == bindparam("user")
)


class Remembered(Generic[K, V]):
    """What `load` found, the most recently asked first to stay. keeps: whether a value is to be remembered."""

    def __init__(self, load: Callable[[K], Awaitable[V]], keeps: Callable[[V], bool] = lambda _: True) -> None:
        self._load = load
        self._keeps = keeps
        self._found: OrderedDict[K, V] = OrderedDict()
        self._changes = 0

    async def get(self, key: K) -> V:
        if key in self._found:
            self._found.move_to_end(key)
            return self._found[key]
        for _ in range(_TRIES):
            seen = self._changes
            value = await self._load(key)
            if seen == self._changes:
                if not self._keeps(value):
                    break
                self._found[key] = value
                while len(self._found) > _KEPT:
                    self._found.popitem(last=False)
                break
        return value

    def forget(self, concerned: Callable[[K], bool] | None = None, key: K | None = None) -> None:
        self._changes += 1
        if key is not None:
            self._found.pop(key, None)
            return
        for known in [known for known in self._found if concerned is None or concerned(known)]:
            del self._found[known]


class Directory:
    def __init__(self, engine: AsyncEngine, changes: Changes) -> None:
        self._reader = engine.execution_options(**READ_ONLY)
        self._users = Remembered(self._load_user)
        self._credentials = Remembered(self._load_credential)
        self._places = Remembered(self._load_place)
        # That there is no such project is not remembered: one may be made under that id.
        self._crowds = Remembered(self._load_crowd, lambda crowd: crowd.exists)
        changes.listen(self._changed)

    async def user(self, id: str) -> User | None:
        return await self._users.get(id)

    async def credential(self, id: str) -> CredentialRow | None:
        """Also one that has expired."""
        return await self._credentials.get(id)

    async def place(self, user: str, project: str) -> Place:
        """What somebody was granted in a project, also what has expired. Of those who were granted nothing (visitors,
        holders of the access key) one query for each project answers for all.
        """
        crowd = await self._crowds.get(project)
        if not crowd.exists:
            return _NOWHERE
        return await self._places.get((user, project)) if crowd.may_hold(user) else _UNKNOWN_HERE

    def _changed(self, changed: Changed) -> None:
        if changed.credential is not None:
            self._credentials.forget(key=changed.credential)
        elif changed.project is not None:
            self._crowds.forget(key=changed.project)
            self._places.forget(lambda place: changed.concerns(place[0], place[1], ""))
        else:
            self._users.forget(key=changed.user)
            if changed.user is None:  # anything may have changed
                self._credentials.forget()
                self._crowds.forget()
            self._places.forget(lambda place: changed.concerns(place[0], place[1], ""))

    async def _load_user(self, id: str) -> User | None:
        async with self._reader.connect() as connection:
            row = (await connection.execute(select(users).where(users.c.id == id))).one_or_none()
        return User(**row._mapping) if row else None

    async def _load_credential(self, id: str) -> CredentialRow | None:
        async with self._reader.connect() as connection:
            row = (await connection.execute(select(credentials).where(credentials.c.id == id))).one_or_none()
        return credential_of(row._mapping) if row else None

    async def _load_place(self, place: tuple[str, str]) -> Place:
        async with self._reader.connect() as connection:
            rows = await connection.execute(_GRANTS_QUERY, {"user": place[0], "project": place[1]})
            return Place(True, tuple(Grant(*row) for row in rows))

    async def _load_crowd(self, project: str) -> Crowd:
        async with self._reader.connect() as connection:
            found = (await connection.execute(_CROWD_QUERY, {"project": project})).scalars().all()
        return Crowd(bool(found), None if len(found) > _CROWD else frozenset(user for user in found if user))


def credential_of(row: object) -> CredentialRow:
    values = dict(cast("dict[str, object]", row))
    operations = cast("list[str] | None", values.pop("operations"))
    return CredentialRow(operations=None if operations is None else tuple(operations), **values)  # type: ignore[arg-type]
