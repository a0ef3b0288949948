"""RFC 6455 frames of the server's side: messages are written unmasked, read masked, and never larger than a limit.

for kind, payload in reader.feed(data): ...   # FrameError where the peer breaks the protocol
transport.write(frame(BINARY, message))
"""

import struct
from collections.abc import Iterator

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled module
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, RESERVED, OPCODE, MASKED, LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F

PROTOCOL_ERROR, NO_CODE, ABNORMAL, BAD_TEXT, TOO_BIG = 1002, 1005, 1006, 1007, 1009

FRAGMENT = 256 * 1024
"""Bytes of a message above which it is sent in pieces, each after the socket took the one before."""

_MASK_BYTES = 4
_MAX_CONTROL = 125
_CONTROLS = frozenset({CLOSE, PING, PONG})
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


class FrameError(Exception):
    """The peer breaks the protocol; code and reason go into the close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def header(opcode: int, length: int, *, fin: bool = True) -> bytes:
    """The bytes before a payload of this length."""
    first = opcode | (FIN if fin else 0)
    if length <= _MAX_CONTROL:
        return bytes((first, length))
    if length < 65536:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)


def frame(opcode: int, payload: bytes) -> bytes:
    return header(opcode, len(payload)) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """reason: cut to what a control frame holds."""
    text = reason.encode()[: _MAX_CONTROL - 2].decode(errors="ignore").encode()
    return frame(CLOSE, b"" if code == NO_CODE else struct.pack("!H", code) + text)


def read_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of a close frame. FrameError."""
    if not payload:
        return NO_CODE, ""
    if len(payload) == 1:
        raise FrameError(PROTOCOL_ERROR, "a close code of one byte")
    code = payload[0] << 8 | payload[1]
    if code not in _CLOSE_CODES and not 3000 <= code < 5000:
        raise FrameError(PROTOCOL_ERROR, f"the close code {code}")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError as error:
        raise FrameError(BAD_TEXT, "a close reason that is not UTF-8") from error


class FrameReader:
    """Puts messages together from what the socket delivers. limit: bytes of one message.

    Held at any time: what was received of one message and of one frame. A length that is over the limit, or 2^62, is
    refused when its header is read.
    """

    __slots__ = ("_buffer", "_fragments", "_kind", "_limit", "_needed")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = b""
        self._needed = 0
        self._kind = CONTINUATION
        self._fragments: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Whole messages and control frames: (TEXT, BINARY, CLOSE, PING or PONG; payload). FrameError."""
        if self._buffer:
            data = self._joined(data)
            if len(data) < self._needed:
                return
            self._buffer = b""
        position, end = 0, len(data)
        while (start := self._payload_start(data, position, end)) is not None:
            length, first = self._needed - (start - position), data[position]
            if start + length > end:
                break
            payload = apply_mask(data[start : start + length], data[start - _MASK_BYTES : start])
            position = start + length
            if first == FIN | BINARY and self._fragments is None:
                yield BINARY, payload
            elif (message := self._message(first, payload)) is not None:
                yield message
        if position < end:
            self._buffer = bytes(data[position:]) if position else data

    def _joined(self, data: bytes) -> bytes:
        # A bytearray grows in place: many small pieces of a large message cost no more than the message.
        if not isinstance(self._buffer, bytearray):
            self._buffer = bytearray(self._buffer)  # type: ignore[assignment]
        self._buffer += data
        return self._buffer

    def _payload_start(self, data: bytes, position: int, end: int) -> int | None:
        """Where the payload of the frame at `position` starts; sets `_needed`, the bytes of the whole frame."""
        if end - position < 2:
            self._needed = 2
            return None
        first, second = data[position], data[position + 1]
        length, size = second & LENGTH, 2 + _MASK_BYTES
        if length >= 126:
            wide = 2 if length == 126 else 8
            size += wide
            if end - position < size:
                self._check_kind(first, second, 0)
                self._needed = size
                return None
            length = int.from_bytes(data[position + 2 : position + 2 + wide], "big")
        if first != FIN | BINARY or not second & MASKED or length > self._limit or self._fragments is not None:
            self._check_kind(first, second, length)
        self._needed = size + length
        return position + size

    def _check_kind(self, first: int, second: int, length: int) -> None:
        opcode = first & OPCODE
        if first & RESERVED:
            raise FrameError(PROTOCOL_ERROR, "a reserved bit is set")
        if not second & MASKED:
            raise FrameError(PROTOCOL_ERROR, "a frame of a client without a mask")
        if opcode in _CONTROLS:
            if not first & FIN or second & LENGTH > _MAX_CONTROL:
                raise FrameError(PROTOCOL_ERROR, "a control frame in pieces or over 125 bytes")
        elif opcode > BINARY:
            raise FrameError(PROTOCOL_ERROR, f"the reserved opcode {opcode:#x}")
        elif (opcode == CONTINUATION) != (self._fragments is not None):
            raise FrameError(PROTOCOL_ERROR, "a continuation of nothing, or a message inside another")
        elif length + len(self._fragments or b"") > self._limit:
            raise FrameError(TOO_BIG, f"a message of more than {self._limit} bytes")

    def _message(self, first: int, payload: bytes) -> tuple[int, bytes] | None:
        """What this frame completes."""
        opcode = first & OPCODE
        if opcode in _CONTROLS:
            return opcode, payload
        if self._fragments is None:
            if first & FIN:
                return opcode, payload
            self._kind, self._fragments = opcode, bytearray(payload)
            return None
        self._fragments += payload
        if not first & FIN:
            return None
        whole, self._fragments = bytes(self._fragments), None
        return self._kind, whole
