"""Access tokens: JWT, HS256, 15 minutes. They name a family of refresh tokens; when that is revoked, so are they."""

from __future__ import annotations

from collections.abc import Callable

import jwt

from server.errors import NotAuthorised

ACCESS_SECONDS = 15 * 60
REFRESH_SECONDS = 30 * 86400
_ISSUER = "maquette"
_REQUIRED = ["sub", "sid", "iat", "exp", "iss", "aud"]


class AccessTokens:
    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._key = key
        self._clock = clock

    def make(self, user: str, family: str) -> str:
        now = int(self._clock())
        claims = {
            "iss": _ISSUER, "aud": _ISSUER, "sub": user, "sid": family, "iat": now, "exp": now + ACCESS_SECONDS,
        }  # fmt: skip
        return jwt.encode(claims, self._key, "HS256")

    def read(self, token: str) -> tuple[str, str]:
        """(user, family) of a token of ours. NotAuthorised `bad_token`, `token_expired`."""
        try:
            # Expiry is ours to compare: by the server's clock, which tests turn.
            claims = jwt.decode(
                token, self._key, ["HS256"], audience=_ISSUER, issuer=_ISSUER,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )  # fmt: skip
            user, family, expires = claims["sub"], claims["sid"], claims["exp"]
        except jwt.InvalidTokenError as error:
            raise NotAuthorised("bad_token", f"the access token is none of this server: {error}") from error
        if not isinstance(expires, int | float) or expires <= self._clock():
            raise NotAuthorised("token_expired", "the access token has expired", "POST /auth/refresh")
        return str(user), str(family)
