"""Is the peer still there? Pings on a timer, without a task."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable


class Heartbeat:
    """interval: seconds between pings, None: none are sent. timeout: seconds until one must be answered, None: never.

    ping: sends one with this payload. lost: called once, when an answer stays away.
    """

    __slots__ = ("_interval", "_loop", "_lost", "_payload", "_ping", "_timeout", "_timer")

    def __init__(
        self, interval: float | None, timeout: float | None, ping: Callable[[bytes], None], lost: Callable[[], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:  # fmt: skip
        self._interval = interval
        self._timeout = timeout
        self._ping = ping
        self._lost = lost
        self._loop = loop
        self._payload = b""
        self._timer: asyncio.TimerHandle | None = None
        self._wait()

    def answered(self, payload: bytes) -> None:
        """A pong has come."""
        if payload == self._payload:
            self._payload = b""

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        if self._interval:
            self._timer = self._loop.call_later(self._interval, self._ask)

    def _ask(self) -> None:
        self._payload = struct.pack("!d", self._loop.time())
        self._ping(self._payload)
        if self._timeout:
            self._timer = self._loop.call_later(self._timeout, self._check)
        else:
            self._wait()

    def _check(self) -> None:
        if self._payload:
            self._lost()
        else:
            self._wait()
