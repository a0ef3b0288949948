"""What waits to be sent to one socket: bounded, in order, and presence and *saved* only in their newest form.

With a port (a socket that sends at once and says when it is full) nothing waits that can be sent: no task, no wake-up.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from crdt.messages import AwarenessUpdate, Refused, Saved, encode
from crdt.presence import join_entries
from server.sockets.connection import Wire


@dataclass(frozen=True, slots=True)
class Closing:
    """How the connection ends. refused: says why to clients that asked for reasons. by_peer: it is closed already."""

    code: int
    reason: str = ""
    refused: Refused | None = None
    by_peer: bool = False


class Port(Protocol):
    """A socket that is written without waiting."""

    @property
    def is_free(self) -> bool: ...

    @property
    def waiting(self) -> int:
        """Bytes that were sent and not yet taken by the network."""

    def send(self, message: bytes) -> None: ...

    @property
    def wire(self) -> Wire | None:
        """What takes whole frames while the socket is free; None where it frames messages itself."""


class Outbox:
    """One reader (the session), many writers (the room), none of whom ever waits.

    limit: bytes of updates that may wait, here and in the port. When they are more, all waiting updates are dropped and
    `behind` is set: the socket gets one difference of states instead, once it has taken what it was given.

    wire: takes the whole frame of a message that goes to many, while nothing waits and the socket takes more; else
    None, and the message has to be put.
    """

    __slots__ = (
        "_asked", "_droppable", "_fixed", "_frames", "_limit", "_on_empty", "_port", "_presence", "_saved", "_waiter",
        "behind", "closing", "wire",
    )  # fmt: skip

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[tuple[bytes, bool]] = deque()
        self._droppable = 0
        self._fixed = 0
        self._presence: dict[int, bytes] | None = None
        self._saved: Saved | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._port: Port | None = None
        self._on_empty: Callable[[], None] | None = None
        self._asked = False
        self.behind = False
        self.closing: Closing | None = None
        self.wire: Wire | None = None

    def attach(self, port: Port, on_empty: Callable[[], None]) -> None:
        """Send by this port from now on. on_empty: called when all is sent and the socket is `behind` or `closing`."""
        self._port = port
        self._on_empty = on_empty
        self.pump()

    @property
    def is_attached(self) -> bool:
        return self._port is not None

    def detach(self) -> None:
        """The port is gone: nothing that waits will be sent."""
        self._port = self._on_empty = self.wire = None
        self._frames.clear()
        self._presence = self._saved = None

    # -- what the room puts in

    def put(self, frame: bytes) -> None:
        """A frame that is never dropped: the opening, answers to what this client asked."""
        if (port := self._free_port()) is not None:
            port.send(frame)
            return
        self._frames.append((frame, False))
        self._fixed += len(frame)
        self._wake()

    @property
    def size(self) -> int:
        """What waits to be sent, without presence."""
        return self._droppable + self._fixed

    @property
    def is_flooded(self) -> bool:
        """Whether more answers wait than may: the client asks faster than it listens."""
        return self._fixed > self._limit

    def put_update(self, frame: bytes) -> bool:
        """An update for everybody; False when this socket is too far behind to be given more."""
        if self.behind:
            return False
        if (port := self._free_port()) is not None:
            port.send(frame)
            return True
        if self._droppable + (self._port.waiting if self._port else 0) + len(frame) > self._limit:
            self._fall_behind()
            return False
        self._frames.append((frame, True))
        self._droppable += len(frame)
        self._wake()
        return True

    def put_presence(self, entries: dict[int, bytes], message: bytes | None = None) -> None:
        """Encoded entries by client id; a newer one takes the place of one that still waits. message: with them."""
        if self._presence is None and (port := self._free_port()) is not None:
            port.send(message or presence_message(entries))
            return
        if self._presence is None:
            self._presence = {}
        self._presence.update(entries)
        self._wake()

    def put_saved(self, saved: Saved) -> None:
        if self._saved is None and (port := self._free_port()) is not None:
            port.send(encode(saved))
            return
        self._saved = saved
        self._wake()

    def close(self, closing: Closing) -> None:
        """End the connection after what waits was sent; the first reason counts."""
        if self.closing is None:
            self.closing = closing
            self.wire = None
            self._wake()

    def full(self) -> None:
        """The port takes no more for now; `pump` when it does again."""
        self.wire = None

    def caught_up(self) -> None:
        """What was dropped was answered: what comes from now on is sent again."""
        self.behind = False
        self.pump()

    # -- how it gets out

    def pump(self) -> None:
        """Send what waits for as long as the port takes it."""
        port = self._port
        while port is not None and port.is_free and (frame := self.next()) is not None:
            port.send(frame)
        if port is None or not port.is_free:
            return
        if self.closing is None and not self.behind:
            self.wire = port.wire
        elif self.closing or not self._asked:
            self._asked = self.behind
            if self._on_empty is not None:
                self._on_empty()

    async def take(self) -> bytes | None:
        """The next frame to send; None when the socket caught up with a drop (`behind`) or is to be closed."""
        while (frame := self.next()) is None and self.closing is None and not self.behind:
            await self.changed()
        return frame

    async def changed(self) -> None:
        """Wait, after a None of `take`, until there is something new."""
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def next(self) -> bytes | None:
        """The next frame if there is one: frames in order, then *saved*, then presence."""
        if self._frames:
            frame, droppable = self._frames.popleft()
            if droppable:
                self._droppable -= len(frame)
            else:
                self._fixed -= len(frame)
            return frame
        if self._saved is not None:
            saved, self._saved = self._saved, None
            return encode(saved)
        if self._presence:
            entries, self._presence = self._presence, None
            return presence_message(entries)
        return None

    def _free_port(self) -> Port | None:
        """The port, if what is put now may be sent now."""
        port = self._port
        return port if port is not None and not self._frames and port.is_free else None

    def _wake(self) -> None:
        if self._port is not None:
            self.pump()
        elif (waiter := self._waiter) is not None and not waiter.done():
            waiter.set_result(None)

    def _fall_behind(self) -> None:
        self._frames = deque(kept for kept in self._frames if not kept[1])
        self._droppable = 0
        self.behind = True
        self._asked = False
        self._wake()


def presence_message(entries: dict[int, bytes]) -> bytes:
    """The message with these encoded entries."""
    return encode(AwarenessUpdate(join_entries(list(entries.values()))))
