"""Rates of requests: exact moving windows, in memory, or in Redis for several servers (`server.limits.redis_rates`).

The library's own memory storage walks all its keys at every request, so that a crowd of addresses slows everybody
down; ours touches one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from limits import RateLimitItem, parse

from server.errors import TooMany

_MOST_KEYS = 20_000


class Window(Protocol):
    """Takes one of a rate for a key; 0 when it was there, otherwise the seconds until there is one."""

    async def take(self, rate: RateLimitItem, key: str) -> float: ...

    async def give_back(self, rate: RateLimitItem, key: str) -> None:
        """As if the latest one had not been taken."""

    async def forget(self, rate: RateLimitItem, key: str) -> None:
        """As if none had been taken."""

    async def close(self) -> None: ...


class MemoryWindow:
    """The times of the latest requests of each key, at most as many as the rate allows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: dict[tuple[str, str], deque[float]] = {}

    async def take(self, rate: RateLimitItem, key: str) -> float:
        now, span = self._clock(), rate.get_expiry()
        times = self._of((str(rate), key))
        while times and times[0] <= now - span:
            times.popleft()
        if len(times) >= rate.amount:
            return times[0] + span - now
        times.append(now)
        return 0.0

    async def give_back(self, rate: RateLimitItem, key: str) -> None:
        if times := self._times.get((str(rate), key)):
            times.pop()

    async def forget(self, rate: RateLimitItem, key: str) -> None:
        self._times.pop((str(rate), key), None)

    def _of(self, key: tuple[str, str]) -> deque[float]:
        """Those who came back last are last; when there are too many, the first are forgotten."""
        times = self._times.pop(key, None)
        if times is None:
            times = deque()
            if len(self._times) >= _MOST_KEYS:
                del self._times[next(iter(self._times))]
        self._times[key] = times
        return times

    async def close(self) -> None:
        self._times.clear()


class Rates:
    """`await rates.take("user", "1200/minute", user_id)`; TooMany (`too_many_requests`) when it is used up."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._parsed: dict[str, RateLimitItem] = {}

    async def take(self, whose: str, rate: str, key: str) -> None:
        """whose: what is counted, for the message; rate: empty for none."""
        if not rate:
            return
        wait = await self.window.take(self._item(rate), f"{whose}/{key}")
        if wait > 0:
            raise TooMany(
                "too_many_requests", f"more than {rate} for this {whose}", f"try again in {wait:.0f} seconds",
                retry_after=wait,
            )  # fmt: skip

    async def close(self) -> None:
        await self.window.close()

    def _item(self, rate: str) -> RateLimitItem:
        if rate not in self._parsed:
            self._parsed[rate] = parse(rate)
        return self._parsed[rate]
