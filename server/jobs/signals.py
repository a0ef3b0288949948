"""Wake those who wait for something to happen: long polls wait on events, never on a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Signals:
    """Named events of this process. Closing wakes everybody, so that a stopping server keeps nobody waiting.

    With other nodes, a bus listens with `forward` and calls `notify_here` for what those told it.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._forwards: list[Callable[[str], None]] = []
        self.closed = False

    @contextmanager
    def listen(self, name: str) -> Iterator[asyncio.Event]:
        """An event that is set by the next notify(name). Listen first, then look, then wait: nothing is missed."""
        event = asyncio.Event()
        if self.closed:
            event.set()
        self._waiting.setdefault(name, set()).add(event)
        try:
            yield event
        finally:
            waiting = self._waiting[name]
            waiting.discard(event)
            if not waiting:
                del self._waiting[name]

    def forward(self, listener: Callable[[str], None]) -> None:
        """Have it called for every name that is notified at this node."""
        self._forwards.append(listener)

    def notify(self, name: str) -> None:
        self.notify_here(name)
        for listener in self._forwards:
            listener(name)

    def notify_here(self, name: str) -> None:
        for event in self._waiting.get(name, ()):
            event.set()

    def close(self) -> None:
        self.closed = True
        self.notify_all_here()

    def notify_all_here(self) -> None:
        """Have everybody look again."""
        for name in list(self._waiting):
            self.notify_here(name)


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event was set in time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
