"""The few bytes that a measuring client must know of an update: whose it is and which one.

A writer moves its node: `translation = [number, 0…, mark]`. Both numbers are float64 whose last bit is set, so that no
server writes them shorter (lib0 has a float32 and an integer form), and the mark carries the writer's index. Whatever
a server merges, the last number of each writer stays readable, and says how many updates the frame carried.
"""

from __future__ import annotations

import re
import struct

SYNC, AWARENESS = 0, 1
_SYNC_REPLY = 4
"""Hocuspocus' name for a sync message that answers one."""
STEP_1, STEP_2, UPDATE = 0, 1, 2
EMPTY_STEP_1 = bytes((SYNC, STEP_1, 1, 0))
EMPTY_STEP_2 = bytes((SYNC, STEP_2, 2, 0, 0))

MARK = b"\x7b\x40maqu"
"""The tag of a float64 and its first five bytes; two bytes of the writer's index and an odd byte follow."""
NUMBER_BEFORE = 17
"""From the mark back to the eight bytes of the number: a float64 and the tag of another lie between."""

_double = struct.Struct(">d")
_index = struct.Struct(">H")
read_number = struct.Struct(">d").unpack_from
read_index = _index.unpack_from


def odd(value: float) -> float:
    """The float64 next to `value` that needs all its bits; its whole part stays as it is."""
    raw = bytearray(_double.pack(value))
    raw[7] |= 1
    return float(_double.unpack(raw)[0])


def translation(number: int, writer: int) -> list[float]:
    """What the writer's node is moved to by its update of that number (from 1)."""
    return [odd(float(number)), odd(7.0), float(_double.unpack(MARK[1:] + _index.pack(writer) + b"\x01")[0])]


def numbers_in(frame: bytes) -> list[tuple[int, int]]:
    """(writer, number) of each value in a frame, in its order."""
    found = []
    at = frame.find(MARK)
    while at >= 0:
        found.append((read_index(frame, at + len(MARK))[0], int(read_number(frame, at - NUMBER_BEFORE)[0])))
        at = frame.find(MARK, at + 8)
    return found


# -- presence

_PRESENCE = re.compile(rb"#(\d{4}):(\d{8})#")


def presence_mark(number: int, writer: int) -> str:
    """A text in the state, found again however a server writes the JSON anew."""
    return f"#{writer:04d}:{number:08d}#"


def presence_numbers_in(frame: bytes) -> list[tuple[int, int]]:
    return [(int(writer), int(number)) for writer, number in _PRESENCE.findall(frame)]


# -- lib0


def read_uint(data: bytes, at: int) -> tuple[int, int]:
    """A varUint and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def sync_kind(frame: bytes, prefix: int) -> int | None:
    """STEP_1, STEP_2 or UPDATE of a sync message behind `prefix` bytes; None for anything else."""
    return frame[prefix + 1] if len(frame) > prefix + 1 and frame[prefix] in (SYNC, _SYNC_REPLY) else None


def sync_body(frame: bytes, prefix: int) -> tuple[int, bytes] | None:
    """(kind, body) of a sync message; None for anything else."""
    kind = sync_kind(frame, prefix)
    if kind is None:
        return None
    length, at = read_uint(frame, prefix + 2)
    return kind, frame[at : at + length]
