"""A bus within one process: for a node on its own, and for tests of several nodes in one event loop."""

import asyncio
from collections import deque

from server.bus.base import Gap, Handler


class Hub:
    """What the buses of one process share. Messages wait here until the event loop's next turn, in order."""

    def __init__(self) -> None:
        self.buses: list[LocalBus] = []
        self._waiting: deque[tuple[str, bytes]] = deque()

    def put(self, channel: str, payload: bytes) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._deliver)
        self._waiting.append((channel, payload))

    def _deliver(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for channel, payload in waiting:
            self.carry(channel, payload)

    def carry(self, channel: str, payload: bytes) -> None:
        """Hand one message to all who listen."""
        for bus in list(self.buses):
            bus.hear(channel, payload)


class LocalBus:
    """hub: shared with the other nodes of the process; None: alone."""

    def __init__(self, hub: Hub | None = None) -> None:
        self.is_up = True
        self._hub = hub or Hub()
        self._hub.buses.append(self)
        self._handlers: dict[str, Handler] = {}
        self._gaps: list[Gap] = []

    def publish(self, channel: str, payload: bytes) -> None:
        if self.is_up:
            self._hub.put(channel, payload)

    def hear(self, channel: str, payload: bytes) -> None:
        if self.is_up and (handler := self._handlers.get(channel)) is not None:
            handler(payload)

    async def subscribe(self, channel: str, handler: Handler) -> None:
        self._handlers[channel] = handler

    async def unsubscribe(self, channel: str) -> None:
        self._handlers.pop(channel, None)

    def on_gap(self, listener: Gap) -> None:
        self._gaps.append(listener)

    def set_up(self, is_up: bool) -> None:
        """Cut this node off, or let it back in."""
        was_up, self.is_up = self.is_up, is_up
        if is_up and not was_up:
            for listener in self._gaps:
                listener()

    async def close(self) -> None:
        self.is_up = False
        if self in self._hub.buses:
            self._hub.buses.remove(self)
