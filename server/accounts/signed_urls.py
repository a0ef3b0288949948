"""Addresses of blobs that work without signing in, for a while: signed over project, blob, name, form and end."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from urllib.parse import urlencode

from server.accounts.tokens import Vault
from server.errors import Forbidden

MOST_SECONDS = 7 * 86400


class SignedUrls:
    def __init__(self, vault: Vault, clock: Callable[[], float]) -> None:
        self._vault = vault
        self._clock = clock

    def make(self, project: str, sha256: str, name: str, plain: bool, seconds: float) -> tuple[str, int]:
        """(path and query, when it ends in milliseconds since 1970)."""
        expires = int((self._clock() + seconds) * 1000)
        query = {"expires": expires, "signature": self._sign(project, sha256, name, plain, expires)}
        shown = ({"name": name} if name else {}) | ({"plain": 1} if plain else {})
        return f"/api/v1/projects/{project}/blobs/{sha256}?{urlencode(shown | query)}", expires

    def check(self, project: str, sha256: str, name: str, plain: bool, expires: int, signature: str) -> None:
        """Forbidden `bad_signature` for anything that we did not sign, `link_expired` afterwards."""
        if not hmac.compare_digest(signature.encode(), self._sign(project, sha256, name, plain, expires).encode()):
            raise Forbidden("bad_signature", "the address was altered", "ask for a new one")
        if expires <= self._clock() * 1000:
            raise Forbidden("link_expired", "the address has expired", "ask for a new one")

    def _sign(self, project: str, sha256: str, name: str, plain: bool, expires: int) -> str:
        return self._vault.sign("blob", project, sha256, name, str(int(plain)), str(expires))
