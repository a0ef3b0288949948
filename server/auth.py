"""Who is asking: a peer's token, the access key, a signed cookie, or a local visitor. Used by HTTP and sockets alike.

Secrets live in the data folder with mode 0600 and are compared in constant time. A cookie is
`v1.{user}.{expires}.{signature}`, HMAC-SHA-256 under a key of its own, so that no session table is needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from server.errors import NotAuthorised
from server.permissions import Role

COOKIE = "maquette_session"
PEER_TOKEN_FILE = "peer.token"
ACCESS_KEY_FILE = "access.key"
_COOKIE_KEY_FILE = "cookie.key"

Kind = Literal["person", "peer", "assistant"]

_ID = re.compile(r"^[A-Za-z0-9_-]{16}$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_NAME = 64
_COLOURS = (
    "#e5484d", "#f76b15", "#ffc53d", "#46a758", "#12a594", "#00a2c7", "#3e63dd", "#8e4ec6", "#d6409f", "#ad7f58",
)  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """One participant. user_id: 16 url-safe characters, stable over reconnects; color: #rrggbb."""

    user_id: str
    name: str
    color: str
    kind: Kind
    role: Role

    def as_user(self) -> dict[str, str]:
        """In the words of crdt.schema.User."""
        return {"id": self.user_id, "name": self.name, "color": self.color, "kind": self.kind}


@dataclass(frozen=True)
class Secrets:
    """peer_token, access_key: url-safe text; the access key only where the server is reachable from outside."""

    peer_token: str
    cookie_key: bytes
    access_key: str | None = None


def load_secrets(data: Path, with_access_key: bool) -> Secrets:
    """Read the secrets of a data folder, making those that are missing."""
    data.mkdir(parents=True, exist_ok=True)
    return Secrets(
        peer_token=_secret(data / PEER_TOKEN_FILE),
        cookie_key=_secret(data / _COOKIE_KEY_FILE).encode(),
        access_key=_secret(data / ACCESS_KEY_FILE) if with_access_key else None,
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


class Authenticator:
    """Turns headers, cookies and query of a request or socket into an Identity.

    local: every visitor without credentials is an editor under a name of their choice. Otherwise a key, a cookie or the
    peer token is needed.
    """

    def __init__(self, secrets: Secrets, *, local: bool, session_seconds: float, clock: Callable[[], float]) -> None:
        self._secrets = secrets
        self._local = local
        self._session_seconds = session_seconds
        self._clock = clock

    def identify(self, headers: Mapping[str, str], cookies: Mapping[str, str], query: Mapping[str, str]) -> Identity:
        """The participant behind a request; NotAuthorised where there is none."""
        token = _bearer(headers)
        if token is not None:
            return self._of_token(token, query)
        user_id = self.read_cookie(cookies.get(COOKIE, ""))
        if self._local:
            return _person(_chosen_id(query) or user_id or stable_id("visitor", query.get("name", "")), query)
        if user_id is None:
            raise NotAuthorised(
                "not_authorised", "this server needs a key", "open the invitation link, or send Authorization: Bearer"
            )
        return _person(user_id, query)

    def _of_token(self, token: str, query: Mapping[str, str]) -> Identity:
        if _same(token, self._secrets.peer_token):
            return _peer(query)
        if self._secrets.access_key is not None and _same(token, self._secrets.access_key):
            # A holder of the key chooses an id, but never that of somebody with a cookie.
            return _person(stable_id("bearer", query.get("user", "") or query.get("name", "")), query)
        raise NotAuthorised("bad_token", "the token of the Authorization header is not known here")

    def visitor(self, user_id: str, query: Mapping[str, str]) -> Identity:
        """The person behind a user id that was just given or read from a cookie."""
        return _person(user_id, query)

    def accept_key(self, key: str) -> None:
        """Check a key that a visitor sent; NotAuthorised when it is wrong."""
        if self._secrets.access_key is None or not _same(key, self._secrets.access_key):
            raise NotAuthorised("bad_key", "the key is not that of this server", "ask for a new invitation link")

    def make_cookie(self, user_id: str) -> str:
        expires = int(self._clock() + self._session_seconds)
        text = f"v1.{user_id}.{expires}"
        return f"{text}.{self._sign(text)}"

    def read_cookie(self, cookie: str) -> str | None:
        """The user id of a cookie of ours that has not expired."""
        text, _, signature = cookie.rpartition(".")
        if not text or not _same(signature, self._sign(text)):
            return None
        _, user_id, expires = text.split(".")
        return user_id if int(expires) > self._clock() else None

    def _sign(self, text: str) -> str:
        return _base64url(hmac.digest(self._secrets.cookie_key, text.encode(), "sha256"))

    @property
    def session_seconds(self) -> int:
        return int(self._session_seconds)


def stable_id(*parts: str) -> str:
    """A 16-character id that is the same for the same parts."""
    return _base64url(hashlib.sha256("/".join(parts).encode()).digest())[:16]


def new_user_id() -> str:
    return secrets.token_urlsafe(12)


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _peer(query: Mapping[str, str]) -> Identity:
    name = _name(query, "compute")
    user_id = stable_id("peer", name)
    return Identity(user_id, name, colour_of(user_id), "peer", "peer")


def _person(user_id: str, query: Mapping[str, str]) -> Identity:
    kind: Kind = "assistant" if query.get("kind") == "assistant" else "person"
    return Identity(user_id, _name(query, "Visitor"), colour_of(user_id), kind, "editor")


def _chosen_id(query: Mapping[str, str]) -> str | None:
    user_id = query.get("user", "")
    return user_id if _ID.fullmatch(user_id) else None


def _name(query: Mapping[str, str], default: str) -> str:
    return _CONTROL.sub("", query.get("name", ""))[:_MAX_NAME].strip() or default


def colour_of(user_id: str) -> str:
    return _COLOURS[hashlib.sha256(user_id.encode()).digest()[0] % len(_COLOURS)]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
