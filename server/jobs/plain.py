"""Decoded copies of compressed geometries, for tools without EXT_meshopt_compression: made by a peer once, then a blob.

The server has no codec and wants none: it only looks into a GLB's JSON chunk for the extension's name.
"""

from __future__ import annotations

import struct

from server.blobs import BlobStore

_EXTENSION = b"EXT_meshopt_compression"
_HEADER = struct.Struct("<4sIIII")
_MAX_JSON = 64 * 1024 * 1024


async def is_compressed(blobs: BlobStore, sha256: str) -> bool:
    """Whether a blob is a GLB that a tool without the extension cannot read."""
    size = await blobs.size(sha256)
    head = await _read(blobs, sha256, 0, min(_HEADER.size, size))
    if len(head) < _HEADER.size:
        return False
    magic, _, _, json_length, _ = _HEADER.unpack(head)
    if magic != b"glTF" or json_length > _MAX_JSON:
        return False
    json_chunk = await _read(blobs, sha256, _HEADER.size, min(_HEADER.size + json_length, size))
    return _EXTENSION in json_chunk


async def _read(blobs: BlobStore, sha256: str, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(sha256, start, end)])
