"""Yjs V1 updates by hand: every field can be wrong."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from crdt.lib0 import encode_bytes, encode_string, encode_uint

Id = tuple[int, int]


def uint(value: int) -> bytes:
    """Any varUint, also those that no writer of ours makes."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def identified(id: Id) -> bytes:
    return uint(id[0]) + uint(id[1])


def over(origin: Id, content: bytes) -> bytes:
    """An item that is written over another. content: kind, then the rest."""
    return bytes([0x80 | content[0]]) + identified(origin) + content[1:]


def between(origin: Id, right: Id, content: bytes) -> bytes:
    return bytes([0xC0 | content[0]]) + identified(origin) + identified(right) + content[1:]


def under(parent: Id | str, key: str, content: bytes) -> bytes:
    """The first item of a key in a map or a root."""
    where = b"\x01" + encode_string(parent) if isinstance(parent, str) else b"\x00" + identified(parent)
    return bytes([0x20 | content[0]]) + where + encode_string(key) + content[1:]


def any_of(*values: bytes) -> bytes:
    return b"\x08" + encode_uint(len(values)) + b"".join(values)


def binary(value: bytes) -> bytes:
    return b"\x03" + encode_bytes(value)


MAP = b"\x07\x01"
NULL = any_of(b"\x7e")


def structs(client: int, clock: int, *items: bytes, count: int | None = None) -> bytes:
    return uint(len(items) if count is None else count) + uint(client) + uint(clock) + b"".join(items)


def deletes(client: int, *ranges: tuple[int, int], count: int | None = None) -> bytes:
    told = b"".join(uint(start) + uint(length) for start, length in ranges)
    return uint(client) + uint(len(ranges) if count is None else count) + told


def update(of_clients: Iterable[bytes] = (), deleted: Iterable[bytes] = ()) -> bytes:
    of_clients, deleted = list(of_clients), list(deleted)
    return uint(len(of_clients)) + b"".join(of_clients) + uint(len(deleted)) + b"".join(deleted)


def text(value: str) -> bytes:
    return b"\x77" + encode_string(value)


def floats(*values: float) -> bytes:
    return b"\x75" + uint(len(values)) + b"".join(b"\x7b" + struct.pack(">d", value) for value in values)
