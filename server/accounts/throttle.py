"""How often somebody may try a password: exact windows per address and account, in memory.

An attempt counts before it is judged, so that many at once are not all let through; a success takes its own back.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from server.errors import TooMany

WINDOW = 15 * 60.0
"""Seconds."""
LIMITS = {"account": 100, "address": 100, "both": 10}
"""Failures within a window: for an account from anywhere, from an address for any account, from one for one."""
_KEPT = 50_000


@dataclass(slots=True)
class Throttle:
    clock: Callable[[], float]
    _tries: OrderedDict[tuple[str, ...], deque[float]] = field(default_factory=OrderedDict)

    def attempt(self, account: str, address: str) -> None:
        """Count an attempt; TooMany with Retry-After when it is one too many."""
        now = self.clock()
        keys = _keys(account, address)
        wait = max(self._wait(key, now) for key in keys)
        if wait > 0:
            hint = f"try again in {math.ceil(wait)} s"
            raise TooMany("too_many_attempts", "too many wrong passwords", hint, retry_after=wait)
        for key in keys:
            self._tries.setdefault(key, deque()).append(now)
            self._tries.move_to_end(key)
        while len(self._tries) > _KEPT:
            self._tries.popitem(last=False)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of this account from here; give the others their attempt back."""
        for key in _keys(account, address):
            tries = self._tries.get(key)
            if tries is None:
                continue
            tries.pop()
            if key[0] == "both" or not tries:
                del self._tries[key]

    def _wait(self, key: tuple[str, ...], now: float) -> float:
        tries = self._tries.get(key)
        if tries is None:
            return 0.0
        while tries and tries[0] <= now - WINDOW:
            tries.popleft()
        limit = LIMITS[key[0]]
        return tries[-limit] + WINDOW - now if len(tries) >= limit else 0.0


def _keys(account: str, address: str) -> list[tuple[str, ...]]:
    return [("account", account), ("address", address), ("both", account, address)]
