"""How payloads lie in the log: as they came, or compressed by compaction.

zlib is in every Python. What compaction leaves of drags is too short to become shorter; imports and results of jobs
are not.
"""

import zlib

from crdt.errors import MaquetteError

RAW, ZLIB = 0, 1
_LEVEL = 6


def pack(payload: bytes) -> tuple[int, bytes]:
    """(how, bytes to be stored), whichever is shorter."""
    small = zlib.compress(payload, _LEVEL)
    return (ZLIB, small) if len(small) < len(payload) else (RAW, payload)


def unpack(packed: int, data: bytes) -> bytes:
    """The payload again. MaquetteError `bad_row` for a kind that a later version wrote."""
    if packed == RAW:
        return data
    if packed == ZLIB:
        return zlib.decompress(data)
    raise MaquetteError("bad_row", f"a payload packed as {packed}", "a database of a later version of this program?")
