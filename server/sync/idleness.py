"""Which branches nobody has asked for in a while."""

import asyncio
from collections.abc import Callable
from itertools import takewhile


class Idleness:
    """on_idle(key) is called once nobody has said `used` for `seconds`.

    One timer, for the key that was used longest ago: one for each weighs 0.6 KB and is set anew by every request.
    """

    def __init__(self, seconds: float, on_idle: Callable[[str], None]) -> None:
        self._seconds = seconds
        self._on_idle = on_idle
        self._used: dict[str, float] = {}
        """When each was used last, the longest ago first."""
        self._timer: asyncio.TimerHandle | None = None

    def used(self, key: str) -> None:
        self._used.pop(key, None)
        self._used[key] = asyncio.get_running_loop().time()
        if self._timer is None:
            self._wait(self._seconds)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._used.clear()

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        due = asyncio.get_running_loop().time() - self._seconds
        idle = list(takewhile(lambda key: self._used[key] <= due, self._used))
        for key in idle:
            del self._used[key]
        self._timer = None
        if self._used:
            self._wait(next(iter(self._used.values())) - due)
        for key in idle:
            self._on_idle(key)
