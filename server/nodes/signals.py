"""Signals of the server's parts, carried to every node by name: `access.changed`, `jobs.queued`, `session.revoked`, …

    bulletin.on("jobs.changed", hear)            # hear(told), on every node but the sender's
    bulletin.tell("jobs.changed", {"project": "…"})

A hint, not a promise: one that is lost while the bus is away costs time, never truth (the database holds that).
"""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import structlog

from crdt.ids import new_id
from server.bus.base import Bus

Told = dict[str, Any]
Listener = Callable[[Told], None]
_CHANNEL = "signals"
_log = structlog.get_logger()


class Bulletin:
    """Listeners must not wait or raise."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)
        self._sender = new_id()

    async def open(self) -> None:
        await self._bus.subscribe(_CHANNEL, self._hear)

    def on(self, name: str, listener: Listener) -> None:
        self._listeners[name].append(listener)

    def on_gap(self, listener: Callable[[], None]) -> None:
        """Signals may have been missed: look at what they would have told."""
        self._bus.on_gap(listener)

    def tell(self, name: str, told: Told) -> None:
        self._bus.publish(_CHANNEL, json.dumps([self._sender, name, told]).encode())

    def _hear(self, message: bytes) -> None:
        sender, name, told = json.loads(message)
        if sender != self._sender:
            for listener in self._listeners.get(name, ()):
                listener(told)
