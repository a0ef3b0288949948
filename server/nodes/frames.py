"""What an owner and its followers say to each other, one frame each (server.nodes.links brings them in order).

A follower names its replica of a branch by a *token*, a number of its own that is new at every attachment; both sides
drop what names a token that is no longer. Members are numbered by their follower. All numbers are varUints.

    up    ATTACH   token, branch, seq, presence clocks            DETACH  token
          JOIN     token, member, JSON                            LEAVE   token, member
          INPUT    token, member, flags, update                   PRESENCE token, member, awareness update
    down  ATTACHED token, epoch, seq                              ENDED   token, reason
          ROWS     token, first, last, changes                    FRAME   token, member, message
          SAVED    token, member, n, seq                          CLOSE   token, member, JSON
          SHOWN    token, presence entries                        TAKEN   token, bytes
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from crdt.lib0 import Decoder, encode_bytes, encode_string, encode_uint


class Kind(IntEnum):
    ATTACH = 1
    DETACH = 2
    JOIN = 3
    LEAVE = 4
    INPUT = 5
    PRESENCE = 6
    ATTACHED = 17
    ENDED = 18
    ROWS = 19
    FRAME = 20
    SAVED = 21
    CLOSE = 22
    SHOWN = 23
    TAKEN = 24


UP = range(1, 17)
"""Kinds that go to the owner."""

IS_ANSWER, MAY_WRITE, MAY_WRITE_JOBS = 1, 2, 4
"""Flags of INPUT: a step 2; its sender's rights at this moment."""

Row = tuple[bytes, Sequence[int]]
"""An update, and the receiver's members who alone sent it."""


def frame(kind: Kind, token: int, *numbers: int) -> bytes:
    return b"".join((encode_uint(kind), encode_uint(token), *map(encode_uint, numbers)))


def with_bytes(kind: Kind, token: int, *numbers: int, payload: bytes) -> bytes:
    return frame(kind, token, *numbers) + encode_bytes(payload)


def attach(token: int, branch: str, seq: int, clocks: Mapping[int, int]) -> bytes:
    counted = b"".join(encode_uint(client) + encode_uint(clock) for client, clock in clocks.items())
    return frame(Kind.ATTACH, token) + encode_string(branch) + encode_uint(seq) + encode_uint(len(clocks)) + counted


def read_clocks(decoder: Decoder) -> dict[int, int]:
    return {decoder.uint(): decoder.uint() for _ in range(decoder.count(least=2))}


def rows(token: int, first: int, last: int, changes: Iterable[Row]) -> bytes:
    """No changes: the follower fetches the rows from the log."""
    written = [encode_bytes(update) + _numbers(senders) for update, senders in changes]
    return frame(Kind.ROWS, token, first, last, len(written)) + b"".join(written)


def read_rows(decoder: Decoder) -> list[Row]:
    return [(decoder.var_bytes(), _read_numbers(decoder)) for _ in range(decoder.count(least=2))]


def shown(token: int, entries: Mapping[int, bytes]) -> bytes:
    """entries: encoded presence entries by client id."""
    written = b"".join(encode_uint(client) + encode_bytes(entry) for client, entry in entries.items())
    return frame(Kind.SHOWN, token, len(entries)) + written


def read_shown(decoder: Decoder) -> dict[int, bytes]:
    return {decoder.uint(): decoder.var_bytes() for _ in range(decoder.count(least=2))}


def _numbers(numbers: Sequence[int]) -> bytes:
    return encode_uint(len(numbers)) + b"".join(map(encode_uint, numbers))


def _read_numbers(decoder: Decoder) -> list[int]:
    return [decoder.uint() for _ in range(decoder.count())]
