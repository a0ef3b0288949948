"""Decoded copies of compressed geometries, for tools without EXT_meshopt_compression: made by a peer once, then a blob.

The server has no codec and wants none: it only looks into a GLB's JSON chunk for the extension's name.
"""

from __future__ import annotations

import struct

from server.auth import stable_id
from server.blobs import BlobStore
from server.errors import Unavailable, Unprocessable
from server.jobs.dispatcher import Dispatcher
from server.ledger import BlobLedger

_WAIT = 30.0
"""Seconds that an asker waits for a peer to decode."""
_EXTENSION = b"EXT_meshopt_compression"
_HEADER = struct.Struct("<4sIIII")
_MAX_JSON = 64 * 1024 * 1024


class PlainCopies:
    def __init__(self, dispatcher: Dispatcher, ledger: BlobLedger, blobs: BlobStore) -> None:
        self._dispatcher = dispatcher
        self._ledger = ledger
        self._blobs = blobs

    async def find(self, project: str, by: str, sha256: str) -> str:
        """The blob that any tool can read: this one, or its decoded copy. 503 while a peer still makes the copy."""
        plain = await self._ledger.plain_of(sha256)
        if plain is None:
            if not await is_compressed(self._blobs, sha256):
                return sha256
            plain = await self._decode(project, by, sha256)
        await self._ledger.record(project, plain, await self._blobs.size(plain))
        return plain

    async def _decode(self, project: str, by: str, sha256: str) -> str:
        # One job a blob, project and attempt series: askers that come while it runs wait for the same one.
        failures = await self._dispatcher.queue.failures("plain", project, sha256)
        id = stable_id("plain", project, sha256, str(failures))
        await self._dispatcher.enqueue(project, id, "plain", {}, {"blob": sha256}, by)
        job = await self._dispatcher.wait(project, id, _WAIT)
        if job.state == "failed" and job.error is not None:
            raise Unprocessable(job.error["code"], job.error["message"], job.error.get("hint", ""))
        if job.result is None:
            raise Unavailable(
                "not_decoded_yet", "a compute peer has not decoded this geometry yet", "ask again", {"Retry-After": "5"}
            )
        return str(job.result["blob"])


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
