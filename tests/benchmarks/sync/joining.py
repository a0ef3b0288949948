"""Joining clients that keep almost nothing: a large state streams through them, counted and summed up.

Fifty joins of 40 MB would otherwise cost the generator two gigabytes, and its speed would be what is measured.
"""

from __future__ import annotations

import asyncio
import base64
import os
import zlib
from urllib.parse import urlsplit

from tests.benchmarks.sync.servers.base import Door
from tests.benchmarks.sync.wire import EMPTY_STEP_1, EMPTY_STEP_2, STEP_1, STEP_2, UPDATE, sync_kind

BUFFER = 256 * 1024
JOIN_SECONDS = 60.0
_HEAD = 64
"""Bytes of a message that are kept to tell what it is."""
_buffer = bytearray(BUFFER)
"""Of all connections: what was read is dealt with before the next is."""
_FIN, _OPCODE, _CLOSE, _PING = 0x80, 0x0F, 8, 9


class Refused(ConnectionError):
    """The server did not let the client in, or let it go before its state had arrived."""


class Joiner(asyncio.BufferedProtocol):
    """One connection up to the server's step 2, then idle. size, checksum: of that message and of the updates that came
    before it, as a server may send a large state in parts. messages: these, if kept.
    """

    def __init__(self, door: Door, *, keeps_state: bool = False) -> None:
        self.size = 0
        self.checksum = 0
        self.messages: list[bytes] = []
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._door = door
        self._keeps_state = keeps_state
        self._transport: asyncio.Transport
        self._pending = bytearray()
        self._is_open = False
        self._left = 0
        self._is_last = False
        self._opcode = 0
        self._begin_message()

    async def join(self) -> Joiner:
        """Connect and wait for the whole state."""
        address = urlsplit(self._door.url)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, address.hostname, address.port)
        async with asyncio.timeout(JOIN_SECONDS):
            await self.joined
        return self

    def close(self) -> None:
        """As a client that leaves: a peer that does not stand a connection's sudden end would be measured by that."""
        if self._is_open:
            self._transport.write(frame_of(b"\x03\xe8", _CLOSE))
        self._transport.close()

    # -- asyncio

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of a TCP connection
        self._transport = transport
        transport.write(_upgrade(self._door))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.joined.done():
            self.joined.set_exception(Refused(f"the connection ended: {exc}"))

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002  asyncio's signature
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = memoryview(_buffer)[:nbytes]
        if self._pending or not self._is_open:
            self._pending += data
            data, self._pending = memoryview(self._pending), bytearray()
        at = 0 if self._is_open else self._read_answer(data)
        self._read_frames(data, at)

    # -- reading

    def _read_answer(self, data: memoryview) -> int:
        """Behind the HTTP answer; at the end where it is not there yet."""
        head, found, _ = bytes(data[:4096]).partition(b"\r\n\r\n")
        if not found:
            self._pending += data
            return len(data)
        if not head.startswith(b"HTTP/1.1 101"):
            self.joined.set_exception(Refused(head.split(b"\r\n")[0].decode()))
            self._transport.abort()
            return len(data)
        self._is_open = True
        for frame in (*self._door.opening, self._door.prefix + EMPTY_STEP_1):
            self._transport.write(frame_of(frame))
        return len(head) + 4

    def _read_frames(self, data: memoryview, at: int) -> None:
        end = len(data)
        while at < end:
            if not self._left:
                start = self._read_header(data, at)
                if start is None:
                    self._pending += data[at:]
                    return
                at = start
            part = data[at : at + self._left]
            self._left -= len(part)
            at += len(part)
            self._take(part)
            if not self._left and self._is_last:
                self._end_message()

    def _read_header(self, data: memoryview, at: int) -> int | None:
        """Where the payload begins; None when the header is not whole."""
        if at + 2 > len(data):
            return None
        length, start = data[at + 1] & 0x7F, at + 2
        wide = {126: 2, 127: 8}.get(length, 0)
        if start + wide > len(data):
            return None
        if wide:
            length = int.from_bytes(data[start : start + wide], "big")
        self._is_last = bool(data[at] & _FIN)
        self._opcode = data[at] & _OPCODE or self._opcode
        self._left = length
        return start + wide

    def _begin_message(self) -> None:
        self._head = bytearray()
        self._size = self._sum = 0
        self._kept = bytearray()

    def _take(self, part: memoryview) -> None:
        if len(self._head) < _HEAD:
            self._head += part[:_HEAD]
        self._size += len(part)
        self._sum = zlib.crc32(part, self._sum)
        if self._keeps_state and not self.joined.done():
            self._kept += part

    def _end_message(self) -> None:
        kind = sync_kind(bytes(self._head), len(self._door.prefix)) if self._opcode < _CLOSE else None
        if self._opcode == _PING:
            self._transport.write(frame_of(bytes(self._head), opcode=10))
        elif kind == STEP_1:
            self._transport.write(frame_of(self._door.prefix + EMPTY_STEP_2))
        elif kind in (STEP_2, UPDATE) and not self.joined.done():
            self.size += self._size
            self.checksum = zlib.crc32(self._sum.to_bytes(4, "big"), self.checksum)
            self.messages.append(bytes(self._kept))
            if kind == STEP_2:
                self.joined.set_result(None)
        self._begin_message()


def frame_of(payload: bytes, opcode: int = 2) -> bytes:
    """A client's frame of up to 65,535 bytes, masked with zeros: legal, and the payload stays as it is."""
    head = bytes((_FIN | opcode, 0x80 | len(payload))) if len(payload) < 126 else None
    head = head or bytes((_FIN | opcode, 0x80 | 126)) + len(payload).to_bytes(2, "big")
    return head + b"\x00\x00\x00\x00" + payload


def _upgrade(door: Door) -> bytes:
    address = urlsplit(door.url)
    path = address.path + (f"?{address.query}" if address.query else "")
    lines = [
        f"GET {path} HTTP/1.1", f"Host: {address.netloc}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in door.headers.items()), "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()
