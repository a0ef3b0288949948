"""Who is asking: a cookie, a token, a ticket, the access key, or a local visitor. Used by HTTP and sockets alike.

Secrets live in the data folder with mode 0600 and are compared in constant time. Whatever is a row (sessions, families
of tokens, API keys, peers' tokens) is read through the directory's memory, so that a request costs no query.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from server.accounts.access_tokens import AccessTokens
from server.accounts.credentials import Credentials
from server.accounts.directory import CredentialRow, Directory, User
from server.accounts.identity import (
    KEY_HOLDER,
    Credential,
    Identity,
    Kind,
    base64url,
    clean_name,
    colour_of,
    new_user_id,
    stable_id,
)
from server.accounts.people import SEEN_EVERY, People
from server.accounts.sign_in import disabled
from server.accounts.tokens import TokenKind, Vault, kind_of, parse
from server.errors import NotAuthorised

__all__ = [
    "ACCESS_KEY_FILE", "COOKIE", "PEER_TOKEN_FILE", "AccountAuth", "Authenticator", "Identity", "Secrets",
    "colour_of", "load_secrets", "new_user_id", "stable_id",
]  # fmt: skip

COOKIE = "maquette_session"
PEER_TOKEN_FILE = "peer.token"
ACCESS_KEY_FILE = "access.key"
_COOKIE_KEY_FILE = "cookie.key"
_TOKEN_KEY_FILE = "token.key"

_ID = re.compile(r"^[A-Za-z0-9_-]{16}$")
_BEARERS: tuple[TokenKind, ...] = ("key", "peer")


@dataclass(frozen=True)
class Secrets:
    """peer_token, access_key: url-safe text; the access key only where there are accounts."""

    peer_token: str
    cookie_key: bytes
    token_key: bytes
    access_key: str | None = None


def load_secrets(data: Path, with_access_key: bool, shared: str = "") -> Secrets:
    """Read the secrets of a data folder, making those that are missing. shared: make all of them from this instead."""
    data.mkdir(parents=True, exist_ok=True)

    def secret(name: str) -> str:
        return _derived(data / name, shared) if shared else _secret(data / name)

    return Secrets(
        peer_token=secret(PEER_TOKEN_FILE),
        cookie_key=secret(_COOKIE_KEY_FILE).encode(),
        token_key=secret(_TOKEN_KEY_FILE).encode(),
        access_key=secret(ACCESS_KEY_FILE) if with_access_key else None,
    )


def _secret(path: Path) -> str:
    """The secret in a file of mode 0600; made once, also when two processes start together."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    return secret


def _derived(path: Path, shared: str) -> str:
    """The same secret on every server that shares one; in its file too, where peers and operators look for it."""
    secret = base64url(hmac.digest(shared.encode(), path.name.encode(), "sha256"))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret + "\n")
    path.chmod(0o600)
    return secret


@dataclass(frozen=True, slots=True)
class AccountAuth:
    """What credentials that are rows are checked with."""

    directory: Directory
    people: People
    credentials: Credentials
    vault: Vault
    tokens: AccessTokens


class Authenticator:
    """Turns headers, cookies and query of a request or socket into an Identity.

    local: every visitor without credentials is welcome under a name of their choice; otherwise a credential is needed.
    accounts: None where there are none, as in a test of sockets alone.
    """

    def __init__(
        self, secrets: Secrets, *, local: bool, session_seconds: float, clock: Callable[[], float],
        accounts: AccountAuth | None = None,
    ) -> None:  # fmt: skip
        self._secrets = secrets
        self._local = local
        self._session_seconds = session_seconds
        self._clock = clock
        self._accounts = accounts

    async def identify(
        self, headers: Mapping[str, str], cookies: Mapping[str, str], query: Mapping[str, str], *, ticket: bool = False
    ) -> Identity:
        """The participant behind a request; NotAuthorised where there is none. ticket: one in the query counts."""
        if ticket and "ticket" in query:
            return await self._of_ticket(query["ticket"])
        token = _bearer(headers)
        if token is not None:
            return await self._of_token(token, query)
        cookie = cookies.get(COOKIE, "")
        if self._local:
            chosen = _chosen_id(query) or self.read_cookie(cookie)
            return self.visitor(chosen or stable_id("visitor", query.get("name", "")), query)
        if not cookie:
            raise NotAuthorised("not_authorised", "nobody is signed in", "sign in, or send Authorization: Bearer")
        return await self._of_secret("session", cookie)

    async def renew(self, who: Identity) -> Identity:
        """The same participant as they are now; NotAuthorised when what they came in with has ended."""
        if not who.credential.id:
            return who
        return replace(await self._of_row(await self._row(who.credential.id)), kind=who.kind)

    # -- tokens

    async def _of_token(self, token: str, query: Mapping[str, str]) -> Identity:
        if _same(token, self._secrets.peer_token):
            return _peer(_name(query, "compute"), Credential("peer_file"))
        if self._secrets.access_key is not None and _same(token, self._secrets.access_key):
            return _key_holder(query)
        kind = kind_of(token)
        if kind in _BEARERS:
            who = await self._of_secret(kind, token)
            return replace(who, kind="assistant") if kind == "key" and query.get("kind") == "assistant" else who
        return await self._of_access_token(token)

    async def _of_access_token(self, token: str) -> Identity:
        accounts = self._accounts
        if accounts is None or token.count(".") != 2:
            raise NotAuthorised("bad_token", "the token of the Authorization header is not known here")
        user, family = accounts.tokens.read(token)
        row = await self._row(family)
        if row.kind != "family" or row.user != user:
            raise _ended()
        return await self._of_row(row)

    async def _of_secret(self, kind: TokenKind, text: str) -> Identity:
        token, accounts = parse(kind, text), self._accounts
        if token is None or accounts is None:
            raise _ended()
        row = await self._row(token.id)
        if row.kind != kind or not accounts.vault.matches(kind, token, row.secret):
            raise _ended()
        return await self._of_row(row)

    async def _of_ticket(self, text: str) -> Identity:
        spent = await self._accounts.credentials.spend("ticket", text) if self._accounts else None
        if spent is None:
            raise NotAuthorised("bad_ticket", "the ticket was used, has expired, or is none", "POST /session/ticket")
        return await self._of_row(await self._row(spent.name))

    async def _row(self, id: str) -> CredentialRow:
        """A credential that holds."""
        row = await self._accounts.directory.credential(id) if self._accounts else None
        if row is None or (row.expires is not None and row.expires <= self._clock() * 1000):
            raise _ended()
        return row

    async def _of_row(self, row: CredentialRow) -> Identity:
        credential = Credential(
            row.kind, row.id, row.scope, None if row.operations is None else frozenset(row.operations)
        )
        await self._note_use(row)
        if row.kind == "peer":
            return _peer(row.name, credential)
        user = await self._accounts.directory.user(row.user) if self._accounts and row.user else None
        if user is None:
            raise _ended()
        if user.disabled:
            raise disabled()
        return _person(user, row, credential)

    async def _note_use(self, row: CredentialRow) -> None:
        """To the hour: a session lasts from its last use, and its owner sees when that was."""
        if self._accounts is None or self._clock() * 1000 - row.used <= SEEN_EVERY:
            return
        await self._accounts.credentials.prolong(row, self._session_seconds if row.kind == "session" else None)
        user = await self._accounts.directory.user(row.user) if row.user else None
        if user is not None:
            await self._accounts.people.see(user)

    # -- local visitors

    def visitor(self, user_id: str, query: Mapping[str, str]) -> Identity:
        """The person behind a user id that was just given or read from a visitor's cookie."""
        kind: Kind = "assistant" if query.get("kind") == "assistant" else "person"
        return Identity(user_id, _name(query, "Visitor"), colour_of(user_id), kind, "visitor")

    def make_cookie(self, user_id: str) -> str:
        """A visitor's cookie, `v1.{user}.{expires}.{signature}`: no row is needed where everybody is welcome."""
        expires = int(self._clock() + self._session_seconds)
        text = f"v1.{user_id}.{expires}"
        return f"{text}.{self._sign(text)}"

    def read_cookie(self, cookie: str) -> str | None:
        """The user id of a visitor's cookie of ours that has not expired."""
        text, _, signature = cookie.rpartition(".")
        if not text or not _same(signature, self._sign(text)):
            return None
        _, user_id, expires = text.split(".")
        return user_id if int(expires) > self._clock() else None

    def _sign(self, text: str) -> str:
        return base64url(hmac.digest(self._secrets.cookie_key, text.encode(), "sha256"))

    @property
    def session_seconds(self) -> int:
        return int(self._session_seconds)


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _peer(name: str, credential: Credential) -> Identity:
    user_id = stable_id("peer", name)
    return Identity(user_id, name, colour_of(user_id), "peer", "peer", credential)


def _key_holder(query: Mapping[str, str]) -> Identity:
    """A script that sends the key itself chooses an id, but never that of an account."""
    user_id = (KEY_HOLDER + stable_id("bearer", query.get("user", "") or query.get("name", "")))[:16]
    kind: Kind = "assistant" if query.get("kind") == "assistant" else "person"
    return Identity(user_id, _name(query, "Visitor"), colour_of(user_id), kind, "team", Credential("access_key"))


def _person(user: User, row: CredentialRow, credential: Credential) -> Identity:
    name = f"{user.name} ({row.name})" if row.kind == "key" and row.name else user.name
    return Identity(user.id, clean_name(name, "Guest"), user.color, "person", user.standing, credential)


def _chosen_id(query: Mapping[str, str]) -> str | None:
    user_id = query.get("user", "")
    return user_id if _ID.fullmatch(user_id) else None


def _name(query: Mapping[str, str], default: str) -> str:
    return clean_name(query.get("name", ""), default)


def _ended() -> NotAuthorised:
    return NotAuthorised("not_authorised", "the session or token has ended, or is none of this server", "sign in anew")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
