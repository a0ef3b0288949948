"""People as rows: made, found, changed, listed. Every change is told (`Changes`) after its commit."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.accounts.changes import Changed, Changes
from server.accounts.directory import User
from server.accounts.identity import clean_name, colour_of, new_user_id
from server.errors import Conflict, NotFound, Unprocessable
from server.permissions import Standing
from server.storage.account_tables import users
from server.storage.sql import READ_ONLY

_MAX_EMAIL = 320
SEEN_EVERY = 3600 * 1000
"""Milliseconds: how exactly it is known when somebody was here."""


class People:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], changes: Changes) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock
        self._changes = changes

    async def create(
        self, name: str, standing: Standing, email: str | None = None, password: str | None = None
    ) -> User:
        """email: normalised; password: hashed. Conflict `email_taken`."""
        id, now = new_user_id(), self._now()
        user = User(id, clean_name(name, "Guest"), email, password, colour_of(id), "person", standing, False, now, now)
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(users).values(asdict(user)))
        except IntegrityError as error:
            raise _taken() from error
        return user

    async def read(self, id: str) -> User:
        async with self._reader.connect() as connection:
            row = (await connection.execute(select(users).where(users.c.id == id))).one_or_none()
        if row is None:
            raise NotFound("no_such_person", f"there is nobody with the id {id[:80]!r}")
        return User(**row._mapping)

    async def by_email(self, email: str) -> User | None:
        async with self._reader.connect() as connection:
            row = (await connection.execute(select(users).where(users.c.email == email))).one_or_none()
        return User(**row._mapping) if row else None

    async def change(self, id: str, **values: Any) -> User:
        """Set columns; NotFound, Conflict `email_taken`; `last_admin` where nobody could administer then."""
        try:
            async with self._engine.begin() as connection:
                if values.get("standing", "admin") != "admin" or values.get("disabled"):
                    await _keep_an_admin(connection, id)
                await connection.execute(update(users).where(users.c.id == id).values(values))
        except IntegrityError as error:
            raise _taken() from error
        self._changes.tell(Changed(user=id))
        return await self.read(id)

    async def see(self, user: User) -> None:
        """Note that somebody was here, to the hour."""
        now = self._now()
        if now - user.seen > SEEN_EVERY:
            async with self._engine.begin() as connection:
                await connection.execute(update(users).where(users.c.id == user.id).values(seen=now))
            self._changes.tell(Changed(user=user.id))

    async def has_admin(self) -> bool:
        """Whether somebody can administer: an account that is not disabled."""
        query = select(users.c.id).where(users.c.standing == "admin", users.c.disabled.is_(False)).limit(1)
        async with self._reader.connect() as connection:
            return (await connection.execute(query)).first() is not None

    async def page(self, find: str, after: tuple[int, str] | None, limit: int) -> list[User]:
        """Up to `limit` people, newest first, behind the one with (created, id) = after."""
        query = select(users).order_by(users.c.created.desc(), users.c.id.desc()).limit(limit)
        if find:
            part = f"%{find.lower().replace('%', '').replace('_', '')}%"
            query = query.where(or_(func.lower(users.c.name).like(part), users.c.email.like(part)))
        if after is not None:
            created, id = after
            query = query.where(
                or_(users.c.created < created, (users.c.created == created) & (users.c.id < id)),
            )
        async with self._reader.connect() as connection:
            return [User(**row._mapping) for row in (await connection.execute(query)).all()]

    def _now(self) -> int:
        return int(self._clock() * 1000)


def normalise_email(email: str) -> str:
    """One spelling for one mailbox: NFC, lowercase, without space around it. Unprocessable `bad_email`."""
    clean = unicodedata.normalize("NFC", email).strip().lower()
    name, at, host = clean.rpartition("@")
    if not (name and at and host) or len(clean) > _MAX_EMAIL or any(c.isspace() or not c.isprintable() for c in clean):
        raise Unprocessable("bad_email", f"{email[:80]!r} is no e-mail address", "name@host")
    return clean


async def _keep_an_admin(connection: AsyncConnection, id: str) -> None:
    # Locked in one order: of two admins who demote each other at the same moment one finds the other gone.
    query = select(users.c.id).where(users.c.standing == "admin", users.c.disabled.is_(False)).order_by(users.c.id)
    admins = [row.id for row in (await connection.execute(query.with_for_update())).all()]
    if admins == [id]:
        raise Conflict("last_admin", "this is the last admin", "make somebody else one first")


def _taken() -> Conflict:
    return Conflict("email_taken", "there is an account with this address", "sign in, or ask an admin for a reset link")
