"""Refresh tokens: `mqr_{family}_{rotation}_{signature}`, each good for one refresh, 30 days.

They are signed, not kept: so a spent one is still known as ours, and its second use ends the family, whoever made it,
the thief or the one who was robbed. A forged one ends nothing.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from server.accounts.access_tokens import ACCESS_SECONDS, REFRESH_SECONDS, AccessTokens
from server.accounts.credentials import Credentials
from server.accounts.directory import Directory
from server.accounts.tokens import Vault
from server.errors import NotAuthorised

_TOKEN = re.compile(r"mqr_([A-Za-z0-9_-]{16})_(\d{1,9})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """seconds: how long the access token lasts."""

    access: str
    refresh: str
    seconds: int = ACCESS_SECONDS


class Families:
    def __init__(self, credentials: Credentials, directory: Directory, vault: Vault, tokens: AccessTokens) -> None:
        self._credentials = credentials
        self._directory = directory
        self._vault = vault
        self._tokens = tokens

    async def begin(self, user: str, agent: str) -> TokenPair:
        family = await self._credentials.begin_family(user, REFRESH_SECONDS, agent)
        return self._pair(user, family.id, 0)

    async def refresh(self, text: str) -> TokenPair:
        """The next pair. NotAuthorised `bad_token`, or `token_reused`: the family is ended."""
        family, rotation = self._read(text)
        row = await self._directory.credential(family)
        if row is None or row.user is None:
            raise _bad_token()
        if not await self._credentials.rotate(family, rotation, REFRESH_SECONDS):
            await self._credentials.end(family)
            raise NotAuthorised(
                "token_reused", "the refresh token was spent before: its family is ended", "sign in anew"
            )
        return self._pair(row.user, family, rotation + 1)

    async def revoke(self, text: str) -> None:
        """End the family of a token of ours; one that has ended is none."""
        await self._credentials.end(self._read(text)[0])

    def _pair(self, user: str, family: str, rotation: int) -> TokenPair:
        signature = self._vault.sign("refresh", family, str(rotation))
        return TokenPair(self._tokens.make(user, family), f"mqr_{family}_{rotation}_{signature}")

    def _read(self, text: str) -> tuple[str, int]:
        found = _TOKEN.fullmatch(text)
        if found is None or not hmac.compare_digest(found[3], self._vault.sign("refresh", found[1], found[2])):
            raise _bad_token()
        return found[1], int(found[2])


def _bad_token() -> NotAuthorised:
    return NotAuthorised("bad_token", "the refresh token is not known here (any more)", "sign in anew")
