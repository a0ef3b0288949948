"""What one socket may send: buckets of its user and of its address, shared with all their other sockets.

Nothing is dropped and nobody is disconnected: `take` says for how long the session should not read on, so that the
sender's own socket fills up. What ignores even that is closed by the session (4429).
"""

from __future__ import annotations

import time
from collections.abc import Callable

BURST_SECONDS = 10.0
"""A bucket holds so many seconds' worth: a paste of thousands of objects passes at once."""
_ANY = 1e15
"""A rate that nobody reaches; an infinite one would make 0 seconds × rate no number."""


class Bucket:
    """messages, bytes: refilled by so many a second, 0: no limit. Shared by all sockets of one user or address."""

    __slots__ = ("_at", "_bytes", "_bytes_rate", "_clock", "_messages", "_messages_rate")

    def __init__(self, messages: float, bytes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._messages_rate = messages or _ANY
        self._bytes_rate = bytes or _ANY
        self._messages = self._messages_rate * BURST_SECONDS
        self._bytes = self._bytes_rate * BURST_SECONDS
        self._clock = clock
        self._at = clock()

    def take(self, messages: int, bytes: int) -> float:
        """Seconds to wait before reading on; 0 while something is left. The clock is asked only when nothing is."""
        self._messages -= messages
        self._bytes -= bytes
        return 0.0 if self._messages > 0 and self._bytes > 0 else self._refilled()

    def _refilled(self) -> float:
        now = self._clock()
        passed, self._at = now - self._at, now
        self._messages = min(self._messages + passed * self._messages_rate, self._messages_rate * BURST_SECONDS)
        self._bytes = min(self._bytes + passed * self._bytes_rate, self._bytes_rate * BURST_SECONDS)
        owed = max(-self._messages / self._messages_rate, -self._bytes / self._bytes_rate)
        return max(owed, 0.0)


class Allowance:
    """`wait = allowance.take(messages, bytes)` after every read; 0.0 normally. Costs 0.3 µs."""

    __slots__ = ("_buckets",)

    def __init__(self, *buckets: Bucket) -> None:
        self._buckets = buckets

    def take(self, messages: int, bytes: int) -> float:
        wait = 0.0
        for bucket in self._buckets:
            owed = bucket.take(messages, bytes)
            if owed > wait:
                wait = owed
        return wait


UNLIMITED = Allowance()
