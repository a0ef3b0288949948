"""What people and peers come in with, as rows. A credential ends by being removed; every end is told (`Changes`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from server.accounts.changes import Changed, Changes
from server.accounts.directory import CredentialRow, credential_of
from server.accounts.tokens import Token, TokenKind, Vault, parse
from server.errors import NotFound
from server.permissions import Scope
from server.storage.account_tables import credentials
from server.storage.sql import READ_ONLY

SIGN_INS = ("session", "family")
"""Kinds that come from a password; API keys stay when it changes."""


class Credentials:
    def __init__(self, engine: AsyncEngine, clock: Callable[[], float], vault: Vault, changes: Changes) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**READ_ONLY)
        self._clock = clock
        self._vault = vault
        self._changes = changes

    async def issue(
        self, kind: TokenKind, user: str | None, seconds: float | None, *, name: str = "", scope: Scope = "admin",
        operations: Sequence[str] | None = None, agent: str = "",
    ) -> tuple[CredentialRow, str]:  # fmt: skip
        """A new credential, and the token that is shown once. seconds: how long it lasts; None: until it is revoked."""
        id, token, secret = self._vault.mint(kind)
        row = await self._add(id, kind, user, secret, seconds, name, scope, operations, agent)
        return row, token

    async def begin_family(self, user: str, seconds: float, agent: str) -> CredentialRow:
        """A family of refresh tokens. Its tokens are signed, not kept: see `server.accounts.refresh`."""
        id, _, _ = self._vault.mint("session")
        return await self._add(id, "family", user, "", seconds, "", "admin", None, agent)

    async def _add(
        self, id: str, kind: str, user: str | None, secret: str, seconds: float | None, name: str, scope: Scope,
        operations: Sequence[str] | None, agent: str,
    ) -> CredentialRow:  # fmt: skip
        now = self._now()
        row = {
            "id": id, "kind": kind, "user": user, "secret": secret, "name": name, "scope": scope,
            "operations": None if operations is None else list(operations), "rotation": 0, "agent": agent[:200],
            "created": now, "used": now, "expires": None if seconds is None else now + int(seconds * 1000),
        }  # fmt: skip
        async with self._engine.begin() as connection:
            await connection.execute(delete(credentials).where(credentials.c.expires <= now))
            await connection.execute(insert(credentials).values(row))
        return credential_of(row)

    async def of(self, user: str, kinds: Collection[str]) -> list[CredentialRow]:
        """Those of a user that still hold, newest first."""
        return await self._select(credentials.c.user == user, credentials.c.kind.in_(kinds))

    async def of_peers(self) -> list[CredentialRow]:
        return await self._select(credentials.c.kind == "peer")

    async def _select(self, *where: ColumnElement[bool]) -> list[CredentialRow]:
        query = (
            select(credentials)
            .where(*where, or_(credentials.c.expires.is_(None), credentials.c.expires > self._now()))
            .order_by(credentials.c.created.desc(), credentials.c.id)
        )
        async with self._reader.connect() as connection:
            return [credential_of(row._mapping) for row in (await connection.execute(query)).all()]

    async def spend(self, kind: TokenKind, text: str) -> CredentialRow | None:
        """Use up a token that is good for one time; None when it is none, spent or late."""
        token = parse(kind, text)
        if token is None:
            return None
        query = delete(credentials).where(credentials.c.id == token.id, credentials.c.kind == kind)
        kept = await self._find(token, kind)
        if kept is None or not self._vault.matches(kind, token, kept.secret):
            return None
        async with self._engine.begin() as connection:
            spent = (await connection.execute(query)).rowcount > 0
        return kept if spent and (kept.expires is None or kept.expires > self._now()) else None

    async def _find(self, token: Token, kind: str) -> CredentialRow | None:
        query = select(credentials).where(credentials.c.id == token.id, credentials.c.kind == kind)
        async with self._reader.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return credential_of(row._mapping) if row else None

    async def rotate(self, family: str, rotation: int, seconds: float) -> bool:
        """Count a refresh; False when it is not the turn of this one."""
        now = self._now()
        turn = [credentials.c.id == family, credentials.c.kind == "family", credentials.c.rotation == rotation]
        values = {"rotation": rotation + 1, "used": now, "expires": now + int(seconds * 1000)}
        changed = await self._update([*turn, credentials.c.expires > now], values)
        self._changes.tell(Changed(credential=family))
        return changed

    async def prolong(self, row: CredentialRow, seconds: float | None) -> None:
        """Note a use, and let it last from now (None: as long as before)."""
        now = self._now()
        values: dict[str, Any] = {"used": now}
        if seconds is not None:
            values["expires"] = now + int(seconds * 1000)
        await self._update([credentials.c.id == row.id], values)
        self._changes.tell(Changed(user=row.user, credential=row.id))

    async def _update(self, where: Sequence[ColumnElement[bool]], values: dict[str, Any]) -> bool:
        async with self._engine.begin() as connection:
            return (await connection.execute(update(credentials).where(*where).values(values))).rowcount > 0

    async def revoke(self, id: str, kinds: Collection[str], user: str | None = None) -> None:
        """End one of these kinds, of this user; NotFound `no_such_credential`."""
        where = [credentials.c.id == id, credentials.c.kind.in_(kinds)]
        if not await self._remove([*where, credentials.c.user == user] if user is not None else where):
            raise NotFound("no_such_credential", f"there is no {' or '.join(kinds)} {id[:80]!r}")

    async def end(self, id: str) -> None:
        """End one, whatever it is; one that has ended is no error."""
        await self._remove([credentials.c.id == id])

    async def revoke_all(self, user: str, kinds: Collection[str], keep: str = "") -> None:
        """End all of these kinds of a user, but for the one that is kept."""
        await self._remove([credentials.c.user == user, credentials.c.kind.in_(kinds), credentials.c.id != keep])

    async def _remove(self, where: Sequence[ColumnElement[bool]]) -> bool:
        async with self._engine.begin() as connection:
            query = delete(credentials).where(*where).returning(credentials.c.id, credentials.c.user)
            ended = (await connection.execute(query)).all()
        for row in ended:
            self._changes.tell(Changed(user=row.user, credential=row.id))
        return bool(ended)

    def _now(self) -> int:
        return int(self._clock() * 1000)
