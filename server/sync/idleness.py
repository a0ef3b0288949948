"""Which branches nobody has asked for in a while."""

import asyncio
from collections.abc import Callable


class Idleness:
    """on_idle(key) is called once nobody has said `used` for `seconds`."""

    def __init__(self, seconds: float, on_idle: Callable[[str], None]) -> None:
        self._seconds = seconds
        self._on_idle = on_idle
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def used(self, key: str) -> None:
        if (timer := self._timers.get(key)) is not None:
            timer.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(self._seconds, self._ring, key)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _ring(self, key: str) -> None:
        del self._timers[key]
        self._on_idle(key)
