"""Measuring clients: raw WebSocket frames over picows, nothing integrated while the clock runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from tests.benchmarks.sync.servers.base import Door
from tests.benchmarks.sync.wire import (
    EMPTY_STEP_1,
    EMPTY_STEP_2,
    STEP_1,
    STEP_2,
    numbers_in,
    presence_numbers_in,
    sync_body,
)

MAX_FRAME = 256 * 1024 * 1024
CONNECT_SECONDS = 60.0


class Client(WSListener):
    """One connection. frames: every message that it was sent, for the check at the end.

    seen: the last number of each writer of its room. delivered: updates of others that were in its frames, those
    included that a later one of the same frame overwrote. delays: of each frame, how long the oldest update that it
    carried had been under way (seconds).
    """

    def __init__(self, door: Door, index: int = -1) -> None:
        self.prefix = door.prefix
        self.index = index
        self.frames: list[bytes] = []
        self.sent: list[bytes] = []
        self.synced = asyncio.Event()
        self.closed: str | None = None
        self.delivered = 0
        self.delays: list[float] = []
        self.seen: dict[int, int] = {}
        self._sent_at: Sequence[Sequence[float]] = ()
        self._door = door
        self._parts: list[bytes] = []
        self._read = numbers_in
        self._transport: WSTransport

    async def connect(self) -> Client:
        """Until the server's state has arrived."""
        await ws_connect(
            lambda: self, self._door.url, extra_headers=dict(self._door.headers), max_frame_size=MAX_FRAME,
            websocket_handshake_timeout=CONNECT_SECONDS,
        )  # fmt: skip
        async with asyncio.timeout(CONNECT_SECONDS):
            await self.synced.wait()
        return self

    def watch(self, sent_at: Sequence[Sequence[float]], *, presence: bool = False) -> None:
        """From now on count what the writers of these clocks send (by index)."""
        self._sent_at = sent_at
        self._read = presence_numbers_in if presence else numbers_in
        self.seen = dict.fromkeys(range(len(sent_at)), 0)

    def send(self, frame: bytes) -> None:
        """A whole message, prefix included."""
        self._transport.send(WSMsgType.BINARY, frame)

    def close(self) -> None:
        self._transport.disconnect()

    # -- what picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        for frame in (*self._door.opening, self.prefix + EMPTY_STEP_1):
            self.send(frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002  picows' signature
        self.closed = self.closed or "the socket ended"
        self.synced.set()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(payload)
            return
        if frame.msg_type == WSMsgType.CLOSE:
            self.closed = f"closed by the server: {frame.get_close_code()} {frame.get_close_message()}"
            transport.disconnect()
            return
        if not frame.fin or self._parts:
            self._parts.append(payload)
            if not frame.fin:
                return
            payload, self._parts = b"".join(self._parts), []
        self.frames.append(payload)
        if self._sent_at:
            self._count(payload)
        elif not self.synced.is_set():
            self._synchronise(payload)

    # -- reading

    def _synchronise(self, payload: bytes) -> None:
        found = sync_body(payload, len(self.prefix))
        if found is None:
            return
        if found[0] == STEP_1:
            self.send(self.prefix + EMPTY_STEP_2)
        elif found[0] == STEP_2:
            self.synced.set()

    def _count(self, payload: bytes) -> None:
        now, seen = time.perf_counter(), self.seen
        oldest = 0.0
        for writer, number in self._read(payload):
            new = number - seen.get(writer, number)
            if new <= 0 or writer == self.index:
                continue
            since = self._sent_at[writer][seen[writer] + 1]
            if not oldest or since < oldest:
                oldest = since
            seen[writer] = number
            self.delivered += new
        if oldest:
            self.delays.append(now - oldest)
