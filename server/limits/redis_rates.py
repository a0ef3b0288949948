"""Rates of requests that all servers of a Redis count together (by the `limits` library)."""

from __future__ import annotations

import time
from typing import Any

import structlog
from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from server.limits.rates import MemoryWindow

_SPACE = "maquette"

log = structlog.get_logger()


class RedisWindow:
    """Shared by all servers of a Redis. While it is away each server counts for itself: editing goes on, and passwords
    cannot be tried without end."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(url)
        own: dict[str, Any] = {"connection_pool": self._pool}
        self._redis: Redis = Redis(connection_pool=self._pool)
        self._storage = RedisStorage(f"async+{url}", implementation="redispy", **own)
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._meanwhile = MemoryWindow()

    async def take(self, rate: RateLimitItem, key: str) -> float:
        try:
            if await self._limiter.hit(rate, _SPACE, key):
                return 0.0
            reset, _ = await self._limiter.get_window_stats(rate, _SPACE, key)
        except (RedisError, OSError) as error:
            _warn(error)
            return await self._meanwhile.take(rate, key)
        return max(reset - time.time(), 0.001)

    async def give_back(self, rate: RateLimitItem, key: str) -> None:
        await self._meanwhile.give_back(rate, key)
        try:
            # The library keeps a window as a list of times, the latest first.
            await self._redis.lpop(self._storage.bridge.prefixed_key(rate.key_for(_SPACE, key)))
        except (RedisError, OSError) as error:
            _warn(error)

    async def forget(self, rate: RateLimitItem, key: str) -> None:
        await self._meanwhile.forget(rate, key)
        try:
            await self._limiter.clear(rate, _SPACE, key)
        except (RedisError, OSError) as error:
            _warn(error)

    async def close(self) -> None:
        await self._pool.aclose()


def _warn(error: Exception) -> None:
    log.warning("rates_not_shared", error=f"{type(error).__name__}: {error}")
