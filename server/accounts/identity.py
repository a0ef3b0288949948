"""One participant, however they came in."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from server.permissions import Scope, Standing

Kind = Literal["person", "peer", "assistant"]
CredentialKind = Literal["visitor", "access_key", "peer_file", "session", "family", "key", "peer"]

KEY_HOLDER = "key-"
"""How the ids of scripts begin that send the access key itself; no account has such an id."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_NAME = 64
_COLOURS = (
    "#e5484d", "#f76b15", "#ffc53d", "#46a758", "#12a594", "#00a2c7", "#3e63dd", "#8e4ec6", "#d6409f", "#ad7f58",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody came in with. id: of its row, "" where it has none. operations: of a peer, None for all."""

    kind: CredentialKind
    id: str = ""
    scope: Scope = "admin"
    operations: frozenset[str] | None = None

    def allows(self, op: str) -> bool:
        """Whether a peer with it may work on this operation."""
        return self.operations is None or op in self.operations


VISITOR = Credential("visitor")


@dataclass(frozen=True, slots=True)
class Identity:
    """One participant. user_id: 16 url-safe characters, stable over reconnects; color: #rrggbb.

    What they may do is asked per project: `services.access.role(identity, project)`.
    """

    user_id: str
    name: str
    color: str
    kind: Kind
    standing: Standing
    credential: Credential = VISITOR

    def as_user(self) -> dict[str, str]:
        """In the words of crdt.schema.User."""
        return {"id": self.user_id, "name": self.name, "color": self.color, "kind": self.kind}


def stable_id(*parts: str) -> str:
    """A 16-character id that is the same for the same parts."""
    return base64url(hashlib.sha256("/".join(parts).encode()).digest())[:16]


def new_user_id() -> str:
    id = secrets.token_urlsafe(12)
    return new_user_id() if id.startswith(KEY_HOLDER) else id


def colour_of(user_id: str) -> str:
    return _COLOURS[hashlib.sha256(user_id.encode()).digest()[0] % len(_COLOURS)]


def clean_name(name: str, default: str) -> str:
    """A name to show: without control characters, at most 64 characters."""
    return _CONTROL.sub("", name)[:_MAX_NAME].strip() or default


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
