"""The values in updates: lib0's `any`, passed over and checked where they lie.

undefined, null, false, true    the kind alone
integer                         kind, then 6 bits and a sign, then 7 bits a byte
float32, float64, bigint        kind, 4 or 8 bytes
string, bytes                   kind, length, content
array, object                   kind, count, values (an object: key, value)
"""

from crdt.errors import ProtocolError, UpdateRefused
from crdt.lib0 import read_count, read_uint, truncated

MAX_DEPTH = 64
"""Nesting of lists and objects inside one value; yrs decodes them recursively."""

_INTEGER, _STRING, _OBJECT, _ARRAY, _BYTES = 125, 119, 118, 117, 116
_FIXED = {127: 1, 126: 1, 124: 5, 123: 9, 122: 9, 121: 1, 120: 1}
SIZES = bytes(_FIXED.get(kind, 0) for kind in range(256))
"""Of each kind of value: how many bytes it has, the kind included; 0 where that depends on its content."""


def skip_value(data: bytes, position: int, depth: int = 0) -> int:
    """Where the value that begins at `position` ends. ProtocolError, UpdateRefused `value_too_deep`; IndexError and
    UnicodeDecodeError where the bytes end inside it or are no text. Its end may lie past theirs.
    """
    kind = data[position]
    if size := SIZES[kind]:
        return position + size
    if kind == _STRING:
        return skip_string(data, position + 1)
    if kind == _INTEGER:
        return _skip_integer(data, position + 1)
    if kind == _BYTES:
        length, position = read_uint(data, position + 1)
        return position + length
    if depth == MAX_DEPTH:
        raise UpdateRefused("value_too_deep", f"a value nested more than {MAX_DEPTH} deep", "a flatter one")
    if kind == _ARRAY:
        return _skip_array(data, position + 1, depth + 1)
    if kind == _OBJECT:
        return _skip_object(data, position + 1, depth + 1)
    raise ProtocolError("unknown_value", f"a value of kind {kind}")


def skip_string(data: bytes, position: int) -> int:
    """Where the varString that begins at `position` ends. UnicodeDecodeError where it is not UTF-8."""
    length, position = read_uint(data, position)
    end = position + length
    if end > len(data):
        raise truncated()
    data[position:end].decode()
    return end


def _skip_integer(data: bytes, position: int) -> int:
    for end in range(position + 1, position + 10):
        if data[end - 1] < 0x80:
            return end
    raise ProtocolError("number_too_large", "an integer of more than 9 bytes", "at most 2^53 - 1")


def _skip_array(data: bytes, position: int, depth: int) -> int:
    count, position = read_count(data, position)
    for _ in range(count):
        size = SIZES[data[position]]  # most are numbers
        position = position + size if size else skip_value(data, position, depth)
    return position


def _skip_object(data: bytes, position: int, depth: int) -> int:
    count, position = read_count(data, position, least=2)
    for _ in range(count):
        position = skip_value(data, skip_string(data, position), depth)
    return position
