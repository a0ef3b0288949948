"""Ordered messages from node to node over a bus that may lose, repeat or reorder them.

Each message to a node is numbered. What comes twice is dropped; where one is missing, `on_gap` tells it, and whoever
built on that node's messages begins anew. Frames that are sent within one turn of the event loop, and under load within
`WINDOW`, travel as one message. A beat, sent to who was written to before, brings a loss to light when nothing else
follows.

    message  16 bytes sender, varUint number, then frames: varUint flag and varBytes
    flag     0 a whole frame · 1 a part of a large one · 2 its last part · 3 asks for an acknowledgement · 4 gives it
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from crdt.errors import ProtocolError
from crdt.lib0 import Decoder, encode_bytes, encode_uint
from server.bus.base import Bus

BEAT = 1.0
SILENT_BEATS = 3
"""So many beats unheard of count as a gap."""
WINDOW = 0.004
"""Seconds from one message to the next one: a frame after a pause goes out at once."""
PART = 256 * 1024
PARTS_AHEAD = 8
"""Parts of a large frame that may be under way: what is much more makes Redis cut slow subscribers off."""
_NAME = 16
_WHOLE, _PART, _LAST_PART, _ASKS, _ACKNOWLEDGES = range(5)

_log = structlog.get_logger()

OnFrame = Callable[[str, Decoder], None]
"""(from which node, the frame); must not wait."""
OnGap = Callable[[str], None]
"""What this node sent from here on may be incomplete."""


@dataclass(slots=True)
class _Peer:
    """sent, heard: numbers of the last messages. silent: beats since the last one came."""

    name: str
    sent: int = 0
    heard: int = 0
    silent: int = 0
    is_idle: bool = True
    waiting: list[bytes] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    unacknowledged: int = 0
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    sending_large: asyncio.Lock = field(default_factory=asyncio.Lock)


class Links:
    """node: this one's name, 16 ASCII characters."""

    def __init__(self, bus: Bus, node: str) -> None:
        self.node = node
        self._bus = bus
        self._sender = node.encode()
        self._peers: dict[str, _Peer] = {}
        self._gone: dict[str, int] = {}
        self._on_frame: list[OnFrame] = []
        self._on_gap: list[OnGap] = []
        self._flushing = False
        self._flushed = 0.0

    async def open(self) -> None:
        await self._bus.subscribe(_channel(self.node), self._hear)
        self._bus.on_gap(self.beat)

    async def close(self) -> None:
        self._flush()
        await self._bus.unsubscribe(_channel(self.node))

    def on_frame(self, listener: OnFrame) -> None:
        self._on_frame.append(listener)

    def on_gap(self, listener: OnGap) -> None:
        self._on_gap.append(listener)

    # -- sending

    def send(self, node: str, frame: bytes) -> None:
        """Send a small frame; never waits."""
        self._send(self._peer(node), _WHOLE, frame)

    async def send_large(self, node: str, frame: bytes) -> None:
        """Send a frame of any size, in parts that the other side acknowledges as it takes them."""
        if len(frame) <= PART:
            self.send(node, frame)
            return
        peer = self._peer(node)
        async with peer.sending_large:
            for start in range(0, len(frame), PART):
                await self._make_room(peer)
                is_last = start + PART >= len(frame)
                self._send(peer, _LAST_PART if is_last else _PART, frame[start : start + PART])
                self._send(peer, _ASKS, b"")
                peer.unacknowledged += 1

    async def _make_room(self, peer: _Peer) -> None:
        while peer.unacknowledged >= PARTS_AHEAD:
            peer.acknowledged.clear()
            await peer.acknowledged.wait()

    def _send(self, peer: _Peer, flag: int, frame: bytes) -> None:
        peer.waiting.append(encode_uint(flag) + encode_bytes(frame))
        peer.is_idle = False
        if not self._flushing:
            self._flushing = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(self._flushed + WINDOW, loop.time()), self._flush)

    def _flush(self) -> None:
        self._flushing, self._flushed = False, asyncio.get_running_loop().time()
        for peer in self._peers.values():
            if peer.waiting:
                self._publish(peer)

    def _publish(self, peer: _Peer) -> None:
        frames, peer.waiting = peer.waiting, []
        peer.sent += 1
        self._bus.publish(_channel(peer.name), b"".join((self._sender, encode_uint(peer.sent), *frames)))

    # -- keeping in touch

    async def run(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            self.beat()

    def beat(self) -> None:
        """Make losses visible: write to whom nothing was written since the last beat, notice who is silent."""
        for peer in list(self._peers.values()):
            if peer.is_idle and peer.sent:
                self._publish(peer)
            peer.is_idle = True
            peer.silent += 1
            if peer.silent == SILENT_BEATS and peer.heard:
                self._gap(peer, "silent")

    def forget(self, node: str) -> None:
        """That node is gone. If it was only asleep, it has not forgotten our numbers."""
        peer = self._peers.pop(node, None)
        if peer is not None:
            self._gone[node] = peer.sent
            self._gap(peer, "gone")

    # -- receiving

    def _hear(self, message: bytes) -> None:
        peer = self._peer(message[:_NAME].decode("ascii", "replace"))
        decoder = Decoder(message)
        decoder.position = _NAME
        try:
            if self._is_next(peer, decoder.uint()):
                while decoder.remaining:
                    self._take(peer, decoder.uint(), decoder.var_bytes())
        except ProtocolError as error:
            _log.error("link_message_unreadable", node=peer.name, error=error.message)
            self._gap(peer, "unreadable")

    def _is_next(self, peer: _Peer, number: int) -> bool:
        if number <= peer.heard:
            return False
        missing, peer.heard, peer.silent = number - peer.heard - 1, number, 0
        if missing:
            self._gap(peer, f"{missing} messages missing")
        return True

    def _take(self, peer: _Peer, flag: int, frame: bytes) -> None:
        match flag:
            case 0:
                self._deliver(peer, frame)
            case 1:
                peer.parts.append(frame)
            case 2:
                whole, peer.parts = b"".join([*peer.parts, frame]), []
                self._deliver(peer, whole)
            case 3:
                self._send(peer, _ACKNOWLEDGES, b"")
            case _:
                peer.unacknowledged -= 1
                peer.acknowledged.set()

    def _deliver(self, peer: _Peer, frame: bytes) -> None:
        for listener in self._on_frame:
            listener(peer.name, Decoder(frame))

    def _gap(self, peer: _Peer, why: str) -> None:
        _log.info("link_gap", node=peer.name, why=why)
        peer.parts.clear()
        peer.unacknowledged = 0
        peer.acknowledged.set()
        for listener in self._on_gap:
            listener(peer.name)

    def _peer(self, node: str) -> _Peer:
        peer = self._peers.get(node)
        if peer is None:
            peer = self._peers[node] = _Peer(node, self._gone.pop(node, 0))
        return peer


def _channel(node: str) -> str:
    return f"node:{node}"
