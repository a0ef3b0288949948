"""Everything about identity that routes and sockets work with, made together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from server.accounts.access import Access
from server.accounts.access_tokens import AccessTokens
from server.accounts.changes import Changes
from server.accounts.credentials import Credentials
from server.accounts.directory import Directory
from server.accounts.links import Links
from server.accounts.members import Members
from server.accounts.passwords import Passwords
from server.accounts.people import People
from server.accounts.refresh import Families
from server.accounts.sign_in import SignIn
from server.accounts.signed_urls import SignedUrls
from server.accounts.throttle import Throttle
from server.accounts.tokens import Vault
from server.auth import AccountAuth, Authenticator, Secrets
from server.permissions import Standing
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Accounts:
    auth: Authenticator
    access: Access
    directory: Directory
    people: People
    credentials: Credentials
    members: Members
    links: Links
    families: Families
    passwords: Passwords
    sign_in: SignIn
    urls: SignedUrls

    def close(self) -> None:
        self.passwords.close()


def make_accounts(
    settings: Settings, secrets: Secrets, engine: AsyncEngine, clock: Callable[[], float], throttle: Throttle
) -> Accounts:
    vault, changes, passwords = Vault(secrets.token_key), Changes(), Passwords()
    directory = Directory(engine, changes)
    people, members = People(engine, clock, changes), Members(engine, clock, changes)
    credentials, links = Credentials(engine, clock, vault, changes), Links(engine, clock, vault, changes)
    tokens = AccessTokens(vault.derive("access tokens"), clock)
    families = Families(credentials, directory, vault, tokens)
    lasts, local = settings.session_days * 86400, settings.mode == "local"
    sign_in = SignIn(
        people, credentials, links, families, passwords, throttle, access_key=secrets.access_key,
        policy=settings.sign_up, session_seconds=lasts,
    )  # fmt: skip
    auth = Authenticator(
        secrets, local=local, session_seconds=lasts, clock=clock,
        accounts=AccountAuth(directory, people, credentials, vault, tokens),
    )  # fmt: skip

    async def standing_of(user: str) -> Standing | None:
        found = await directory.user(user)
        if found is None:
            return "visitor" if local else None
        return None if found.disabled else found.standing

    access = Access(directory.place, standing_of, clock, changes)
    urls = SignedUrls(vault, clock)
    return Accounts(auth, access, directory, people, credentials, members, links, families, passwords, sign_in, urls)
