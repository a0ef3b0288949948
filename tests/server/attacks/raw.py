"""A WebSocket client that obeys nothing: every byte of the opening and of each frame is the caller's."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from crdt.messages import Refused, decode

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10
SECONDS = 10.0
HEADERS = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@dataclass
class End:
    """How it ended. code: of the close frame, None where the connection just ended. refused: what was said before."""

    code: int | None
    refused: str | None = None
    messages: list[bytes] = field(default_factory=list)


def frame(payload: bytes, opcode: int = BINARY, *, fin: bool = True, rsv: int = 0, length: int | None = None,
          mask: bool = True) -> bytes:  # fmt: skip
    """length: what the header claims."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    flag = 0x80 if mask else 0
    if size < 126:
        head += bytes([flag | size])
    elif size < 65536:
        head += struct.pack("!BH", flag | 126, size)
    else:
        head += struct.pack("!BQ", flag | 127, size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    whole = (len(payload) + 3) // 4 * 4
    masked = int.from_bytes(payload.ljust(whole, b"\0"), "big") ^ int.from_bytes(key * (whole // 4), "big")
    return head + key + masked.to_bytes(whole, "big")[: len(payload)]


class RawSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**24))

    async def request(self, target: str, headers: Mapping[str, str] = HEADERS, first: str = "GET {} HTTP/1.1") -> int:
        """Ask for a WebSocket; the status of the answer, 0 where there is none."""
        lines = [first.format(target), *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        await self.send("\r\n".join(lines).encode("latin-1"))
        return await self.status()

    async def status(self) -> int:
        try:
            async with asyncio.timeout(SECONDS):
                head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0
        return int(head.split(b" ", 2)[1])

    async def send(self, data: bytes) -> None:
        """Everything at once; a connection that the server has ended meanwhile is no error."""
        self.writer.write(data)
        try:
            async with asyncio.timeout(SECONDS):
                await self.writer.drain()
        except ConnectionError:
            return

    async def message(self, *payloads: bytes) -> None:
        await self.send(b"".join(frame(payload) for payload in payloads))

    async def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        return first & 0x0F, await self.reader.readexactly(size)

    async def ended(self) -> End:
        """Read until the server ends the connection. TimeoutError where it does not."""
        end = End(None)
        async with asyncio.timeout(SECONDS):
            try:
                while True:
                    opcode, payload = await self.receive()
                    if opcode == CLOSE:
                        end.code = int.from_bytes(payload[:2], "big")
                        return end
                    end.messages.append(payload)
                    if opcode == BINARY and isinstance(told := decode(payload), Refused):
                        end.refused = told.code
            except (asyncio.IncompleteReadError, ConnectionError):
                return end

    async def lives(self) -> bool:
        """Whether the server still answers a ping, after all that was sent before it."""
        await self.send(frame(b"here?", PING))
        async with asyncio.timeout(SECONDS):
            while True:
                opcode, payload = await self.receive()
                if (opcode, payload) == (PONG, b"here?"):
                    return True
                if opcode == CLOSE:
                    return False

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return
