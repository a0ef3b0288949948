"""Sends in time: a steady rate for each of many, or as many as are under way at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

Send = Callable[[], bool]
"""Sends one message; False when there is none left."""


async def at_rate(senders: Sequence[Send], rate: float) -> None:
    """Each sends `rate` times a second, their beats spread evenly over the period. Until cancelled or all are done."""
    period = 1.0 / rate
    step = period / len(senders)
    began, turn = time.perf_counter(), 0
    while True:
        due = int((time.perf_counter() - began) / step)
        while turn <= due:
            if not senders[turn % len(senders)]():
                return
            turn += 1
        await asyncio.sleep(max(0.001, began + turn * step - time.perf_counter()))


async def as_fast_as_delivered(send: Send, under_way: Callable[[], float], window: int, burst: int = 32) -> None:
    """Send while fewer than `window` are under way. Until cancelled or done."""
    while True:
        free = min(int(window - under_way()), burst)
        for _ in range(free):
            if not send():
                return
        await asyncio.sleep(0 if free > 0 else 0.0005)
