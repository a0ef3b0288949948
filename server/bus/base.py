"""The bus between nodes: best effort, at most once. Whoever needs more numbers its messages (server.nodes.links).

bus.subscribe("news", hear)              # hear(payload), in the order of publishing
bus.publish("news", b"...")              # never waits
answer = await requests.ask(node, "verb", b"...", seconds=5)
"""

from collections.abc import Callable
from typing import Protocol

from crdt.errors import MaquetteError

Handler = Callable[[bytes], None]
"""Must not raise or wait."""
Gap = Callable[[], None]
"""Called when messages may have been lost: after a lost connection is back."""


class BusTimeout(MaquetteError):
    """Nobody answered in time; whether the question arrived is not known."""

    def __init__(self, verb: str, seconds: float) -> None:
        super().__init__("bus_timeout", f"no answer to {verb} within {seconds:g} s", "try again in a moment")


class Bus(Protocol):
    """Messages of one publisher on one channel arrive in order, or not at all. Channels are names of a few bytes."""

    @property
    def is_up(self) -> bool:
        """Whether messages flow at the moment."""

    def publish(self, channel: str, payload: bytes) -> None:
        """Send to every subscriber, this process included. Lost while the bus is down."""

    async def subscribe(self, channel: str, handler: Handler) -> None:
        """Have `handler` called for each message from now on; once this returns, none is missed while the bus is up."""

    async def unsubscribe(self, channel: str) -> None: ...

    def on_gap(self, listener: Gap) -> None: ...

    async def close(self) -> None: ...
