"""Secrets that are shown once: `mqk_{id}_{secret}`. The id finds the row, the secret is compared with its keyed hash in
constant time; a database that leaks opens nothing.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["session", "key", "peer", "reset", "ticket", "link"]

_PREFIXES: dict[TokenKind, str] = {
    "session": "mqs", "key": "mqk", "peer": "mqp", "reset": "mqx", "ticket": "mqt", "link": "mql",
}  # fmt: skip
_TOKEN = re.compile(r"(mq[a-z])_([A-Za-z0-9_-]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    secret: str


class Vault:
    """key: kept outside of the database."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mint(self, kind: TokenKind) -> tuple[str, str, str]:
        """(id, the token to show, the hash to keep)."""
        id, secret = secrets.token_urlsafe(12), secrets.token_urlsafe(32)
        return id, f"{_PREFIXES[kind]}_{id}_{secret}", self._hash(kind, id, secret)

    def matches(self, kind: TokenKind, token: Token, kept: str) -> bool:
        return hmac.compare_digest(self._hash(kind, token.id, token.secret), kept)

    def _hash(self, kind: TokenKind, id: str, secret: str) -> str:
        return self.sign("token", kind, id, secret)

    def sign(self, purpose: str, *parts: str) -> str:
        """64 hex digits that only this server can make for these parts."""
        text = "\n".join((purpose, *(f"{len(part)}:{part}" for part in parts)))
        return hmac.digest(self._key, text.encode(), "sha256").hex()

    def derive(self, purpose: str) -> bytes:
        """A key of its own for each purpose."""
        return hmac.digest(self._key, f"key/{purpose}".encode(), "sha256")


def parse(kind: TokenKind, text: str) -> Token | None:
    """A token of this kind, as it was shown; None for anything else."""
    found = _TOKEN.fullmatch(text)
    return Token(found[2], found[3]) if found and found[1] == _PREFIXES[kind] else None


def kind_of(text: str) -> TokenKind | None:
    """What a text that looks like a token of ours claims to be."""
    return next((kind for kind, prefix in _PREFIXES.items() if text.startswith(f"{prefix}_")), None)
