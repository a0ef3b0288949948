"""What waits to be sent to one socket: bounded, in order, and presence and *saved* only in their newest form."""

import asyncio
from collections import deque
from dataclasses import dataclass

from crdt.messages import AwarenessUpdate, Refused, Saved, encode
from crdt.presence import join_entries


@dataclass(frozen=True, slots=True)
class Closing:
    """How the connection ends. refused: says why to clients that asked for reasons. by_peer: it is closed already."""

    code: int
    reason: str = ""
    refused: Refused | None = None
    by_peer: bool = False


class Outbox:
    """One reader (the session's writer task), many writers (the room), none of whom ever waits.

    limit: bytes of updates that may wait. When they are more, all waiting updates are dropped and `behind` is set: the
    socket gets one difference of states instead, once it has taken what it was given.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[tuple[bytes, bool]] = deque()
        self._droppable = 0
        self._fixed = 0
        self._presence: dict[int, bytes] = {}
        self._saved: Saved | None = None
        self._wake = asyncio.Event()
        self.behind = False
        self.closing: Closing | None = None

    def put(self, frame: bytes) -> None:
        """A frame that is never dropped: the opening, answers to what this client asked."""
        self._frames.append((frame, False))
        self._fixed += len(frame)
        self._wake.set()

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
        if self._droppable + len(frame) > self._limit:
            self._fall_behind()
            return False
        self._frames.append((frame, True))
        self._droppable += len(frame)
        self._wake.set()
        return True

    def put_presence(self, entries: dict[int, bytes]) -> None:
        """Encoded entries by client id; a newer one takes the place of one that still waits."""
        self._presence.update(entries)
        self._wake.set()

    def put_saved(self, saved: Saved) -> None:
        self._saved = saved
        self._wake.set()

    def close(self, closing: Closing) -> None:
        """End the connection after what waits was sent; the first reason counts."""
        if self.closing is None:
            self.closing = closing
            self._wake.set()

    async def take(self) -> bytes | None:
        """The next frame to send; None when the socket caught up with a drop (`behind`) or is to be closed."""
        while (frame := self.next()) is None and self.closing is None and not self.behind:
            self._wake.clear()
            await self._wake.wait()
        return frame

    async def changed(self) -> None:
        """Wait, after a None of `take`, until there is something new."""
        self._wake.clear()
        await self._wake.wait()

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
            entries, self._presence = self._presence, {}
            return encode(AwarenessUpdate(join_entries(list(entries.values()))))
        return None

    def _fall_behind(self) -> None:
        self._frames = deque(kept for kept in self._frames if not kept[1])
        self._droppable = 0
        self.behind = True
        self._wake.set()
