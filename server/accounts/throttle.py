"""How often somebody may try a password: exact windows per address and account, over all servers of a Redis.

An attempt counts before it is judged, so that many at once are not all let through; a success takes its own back.
"""

from __future__ import annotations

import math

from limits import RateLimitItem, RateLimitItemPerMinute

from server.errors import TooMany
from server.limits.rates import Window

MINUTES = 15
WINDOW = MINUTES * 60.0
"""Seconds."""
LIMITS = {"account": 100, "address": 100, "both": 10}
"""Failures within a window: for an account from anywhere, from an address for any account, from one for one."""
_RATES = {whose: RateLimitItemPerMinute(limit, MINUTES) for whose, limit in LIMITS.items()}


class Throttle:
    def __init__(self, window: Window) -> None:
        self._window = window

    async def attempt(self, account: str, address: str) -> None:
        """Count an attempt; TooMany with Retry-After when it is one too many (that one does not count)."""
        counted: list[tuple[RateLimitItem, str]] = []
        for rate, key in _keys(account, address):
            wait = await self._window.take(rate, key)
            if wait > 0:
                for taken in counted:
                    await self._window.give_back(*taken)
                hint = f"try again in {math.ceil(wait)} s"
                raise TooMany("too_many_attempts", "too many wrong passwords", hint, retry_after=wait)
            counted.append((rate, key))

    async def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of this account from here; give the others their attempt back."""
        both, *others = _keys(account, address)
        await self._window.forget(*both)
        for rate, key in others:
            await self._window.give_back(rate, key)


def _keys(account: str, address: str) -> list[tuple[RateLimitItem, str]]:
    return [
        (_RATES["both"], f"login/both/{address}/{account}"),
        (_RATES["account"], f"login/account/{account}"),
        (_RATES["address"], f"login/address/{address}"),
    ]
