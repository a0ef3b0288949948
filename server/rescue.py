"""The commands for whoever runs the server when nobody can get in any more: people, reset-password.

They work on the database itself, so the server may run or not. A running one learns of it when the link is used.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from server.accounts.changes import Changes
from server.accounts.credentials import Credentials
from server.accounts.directory import User
from server.accounts.people import People, normalise_email
from server.accounts.sign_in import RESET_SECONDS
from server.accounts.tokens import Vault
from server.auth import load_secrets
from server.errors import NotFound
from server.maintenance import Data, Database, run_to_end, settings_of
from server.migrations import migrate
from server.serving import own_url
from server.settings import Settings
from server.storage.sql import open_engine

_PAGE = 500


@dataclass(frozen=True, slots=True)
class _Books:
    people: People
    credentials: Credentials


def reset_password(
    email: Annotated[str, typer.Argument(help="The address of the account.")],
    admin: Annotated[bool, typer.Option("--admin", help="Also make it an admin, and enable it.")] = False,
    data: Data = None, database: Database = None,
) -> None:  # fmt: skip
    """Print a link that sets a new password once, within a day; the one before it is void."""
    settings = settings_of(data, database)
    user, token = run_to_end(_reset(settings, email, admin))
    typer.echo(f"{_address(settings)}/reset#{token}")
    if user.disabled:
        typer.echo("the account is disabled; with --admin it is enabled as well", err=True)


def people(data: Data = None, database: Database = None) -> None:
    """List everybody who is known: address, standing, name, id."""
    for user in run_to_end(_list(settings_of(data, database))):
        state = f"{user.standing}, disabled" if user.disabled else user.standing
        typer.echo(f"{user.email or '-'}\t{state}\t{user.name}\t{user.id}")


async def _reset(settings: Settings, email: str, admin: bool) -> tuple[User, str]:
    async with _books(settings) as books:
        user = await books.people.by_email(normalise_email(email))
        if user is None:
            raise NotFound("no_such_account", f"there is no account with the address {email[:80]!r}", "maquette people")
        if admin:
            user = await books.people.change(user.id, standing="admin", disabled=False)
        await books.credentials.revoke_all(user.id, ["reset"])
        _, token = await books.credentials.issue("reset", user.id, RESET_SECONDS)
        return user, token


async def _list(settings: Settings) -> list[User]:
    found: list[User] = []
    async with _books(settings) as books:
        while page := await books.people.page("", (found[-1].created, found[-1].id) if found else None, _PAGE):
            found += page
    return found


@asynccontextmanager
async def _books(settings: Settings) -> AsyncIterator[_Books]:
    async with _database(settings) as engine:
        key = load_secrets(settings.data, with_access_key=False, shared=settings.secret).token_key
        changes = Changes()
        yield _Books(People(engine, time.time, changes), Credentials(engine, time.time, Vault(key), changes))


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """That of a server: one is not made by asking about it."""
    if not settings.database and not (settings.data / "maquette.db").exists():
        raise NotFound("no_such_server", f"no server keeps anything in {settings.data}", "name its folder with --data")
    engine = open_engine(settings.database_url)
    try:
        await migrate(engine)
        yield engine
    finally:
        await engine.dispose()


def _address(settings: Settings) -> str:
    secure = settings.tls_cert is not None
    return settings.public_url.rstrip("/") or own_url(settings.host, settings.port, secure=secure)
