"""A room in memory with a durable log: what the real server promises (PROTOCOL.md), small enough to be obviously right.

Messages wait in queues until somebody delivers them, so that every order of events can be tried.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from crdt.document import SceneDocument


@dataclass(eq=False)
class Link:
    """One connection: two ordered queues. A link that dropped is never used again."""

    up: deque[tuple[str, bytes]] = field(default_factory=deque)
    down: deque[tuple[str, bytes | int]] = field(default_factory=deque)
    received: int = 0
    """Update-carrying messages that the server has taken from it."""
    live: bool = False
    """Whether it has been brought up to date and so gets what others commit."""


class ModelServer:
    """apply → log → saved → broadcast; a crash loses whatever is not in the log, and every connection."""

    def __init__(self) -> None:
        self.log: list[bytes] = []
        self.room = SceneDocument()
        self.links: list[Link] = []
        self._pending: list[tuple[Link, bytes]] = []

    def connect(self) -> Link:
        link = Link()
        link.down.append(("sync", self.room.state_vector()))
        self.links.append(link)
        return link

    def drop(self, link: Link) -> None:
        if link in self.links:
            self.links.remove(link)

    def receive(self, link: Link) -> None:
        """Takes the next message of a link."""
        kind, payload = link.up.popleft()
        if kind == "sync":
            link.down.append(("update", self.room.update(payload)))
            link.live = True
            return
        link.received += 1
        self.judge(link, payload)

    def judge(self, link: Link, update: bytes) -> None:
        self.room.apply(update)
        self._pending.append((link, update))

    @property
    def has_uncommitted(self) -> bool:
        return bool(self._pending)

    def commit(self) -> None:
        """Makes everything applied so far durable, then says so and passes it on."""
        committed, self._pending = self._pending, []
        self.log += [update for _, update in committed]
        for sender, update in committed:
            for link in self.links:
                if link.live and link is not sender:
                    link.down.append(("update", update))
        self.acknowledge()

    def acknowledge(self) -> None:
        for link in self.links:
            link.down.append(("saved", link.received))

    def crash(self) -> None:
        """kill -9 and a restart: the room is what the log says."""
        self._pending.clear()
        self.links.clear()
        self.room = self.reload()

    def reload(self) -> SceneDocument:
        room = SceneDocument()
        for update in self.log:
            room.apply(update)
        return room
