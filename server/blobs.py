"""Blobs by content: immutable bytes named by the lowercase SHA-256 of themselves, in a folder, in memory or in S3.

A blob is written under a temporary name while it is hashed, and takes its own name only when it is whole. What an
aborted upload leaves is removed at the next start.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import obstore
from obstore.store import LocalStore, from_url

from server.errors import NotFound, TooLarge, Unprocessable

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_INCOMING = "incoming"
_READ_CHUNK = 256 * 1024
_WRITE_BUFFER = 1024 * 1024


@dataclass(frozen=True)
class StoredBlob:
    """sha256: lowercase hex; size: bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Aside:
    """A blob that is out of the way, but not gone. at: when it was stored last, in seconds since 1970."""

    sha256: str
    path: str
    at: float


class BlobStore:
    """Content-addressed blobs over any store of obstore."""

    def __init__(self, store: Any, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @staticmethod
    def open(url: str) -> BlobStore:
        """A store by URL: `file:///folder` (made when absent), `memory:///`, `s3://bucket/prefix`."""
        parts = urlparse(url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True)
            return BlobStore(LocalStore(folder, mkdir=True), folder)
        return BlobStore(from_url(url))

    def writer(self, limit: int) -> BlobWriter:
        """Begin a blob of at most `limit` bytes."""
        return BlobWriter(self._store, limit)

    async def put(self, data: bytes) -> StoredBlob:
        """Store bytes that are already in memory."""
        writer = self.writer(len(data))
        await writer.write(data)
        return await writer.finish()

    async def size(self, sha256: str) -> int:
        """Bytes of a blob; NotFound when the store lacks it."""
        try:
            meta = await obstore.head_async(self._store, _path(sha256))
        except FileNotFoundError as error:
            raise _no_blob(sha256) from error
        return int(meta["size"])

    async def read(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes start…end−1 of a blob, in chunks."""
        if start == end:
            return
        result = await obstore.get_async(self._store, _path(sha256), options={"range": (start, end)})
        async for chunk in result.stream(min_chunk_size=_READ_CHUNK):
            yield bytes(chunk)

    async def remove_leftovers(self) -> None:
        """Delete what uploads that never ended have left. Only while no upload runs: at start."""
        if self._folder is not None:  # a folder's listing hides the parts of unfinished files
            await asyncio.to_thread(shutil.rmtree, self._folder / _INCOMING, ignore_errors=True)
            return
        async for page in obstore.list(self._store, prefix=_INCOMING):
            await obstore.delete_async(self._store, [entry["path"] for entry in page])

    async def remove_old_leftovers(self, before: float) -> int:
        """Delete what uploads have left that were last written to before that time (seconds since 1970); how many."""
        if self._folder is not None:
            return await asyncio.to_thread(_remove_old_files, self._folder / _INCOMING, before)
        old = [path async for path, at in self._list(_INCOMING) if at < before]
        if old:
            await obstore.delete_async(self._store, old)
        return len(old)

    async def older_than(self, before: float) -> list[str]:
        """Blobs that were stored before that time (seconds since 1970)."""
        names = [(path.rpartition("/")[2], at) async for path, at in self._list(None)]
        return [name for name, at in names if at < before and _SHA256.fullmatch(name)]

    async def _list(self, prefix: str | None) -> AsyncIterator[tuple[str, float]]:
        async for page in obstore.list(self._store, prefix=prefix):
            for entry in page:
                yield entry["path"], entry["last_modified"].timestamp()

    async def set_aside(self, sha256: str) -> Aside:
        """Take a blob out of the way; NotFound when the store lacks it."""
        aside = f"{_INCOMING}/removed-{sha256}"
        try:
            meta = await obstore.head_async(self._store, _path(sha256))
            await obstore.rename_async(self._store, _path(sha256), aside)
        except FileNotFoundError as error:
            raise _no_blob(sha256) from error
        return Aside(sha256, aside, meta["last_modified"].timestamp())

    async def put_back(self, aside: Aside) -> None:
        await obstore.rename_async(self._store, aside.path, _path(aside.sha256))

    async def drop(self, aside: Aside) -> None:
        await obstore.delete_async(self._store, aside.path)


class BlobWriter:
    """Hashes while it writes. A writer that is dropped before finish() stores nothing."""

    def __init__(self, store: Any, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._temporary = f"{_INCOMING}/{secrets.token_hex(16)}"
        self._file = obstore.open_writer_async(store, self._temporary, buffer_size=_WRITE_BUFFER)
        self._hash = hashlib.sha256()
        self.size = 0

    def expect_size(self, declared: str) -> None:
        """Refuse by the declared length already, before a byte is read."""
        if declared.isdigit() and int(declared) > self._limit:
            raise self._too_large()

    async def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._limit:
            raise self._too_large()
        self._hash.update(chunk)
        await self._file.write(chunk)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            "blob_too_large", f"the blob has more than {self._limit} bytes", "MAQUETTE_MAX_BLOB sets the limit"
        )

    async def finish(self, expected: str | None = None) -> StoredBlob:
        """Give the blob its name; `hash_mismatch` (and nothing stored) when it is not the expected one."""
        await self._file.close()
        sha256 = self._hash.hexdigest()
        if expected not in (None, sha256):
            await obstore.delete_async(self._store, self._temporary)
            raise Unprocessable("hash_mismatch", f"the bytes have the SHA-256 {sha256}, the address says {expected}")
        await obstore.rename_async(self._store, self._temporary, _path(sha256))
        return StoredBlob(sha256, self.size)


def _remove_old_files(folder: Path, before: float) -> int:
    # A folder's own listing: that of the store hides the parts of unfinished files.
    old = [file for file in folder.glob("*") if file.stat().st_mtime < before] if folder.is_dir() else []
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def _path(sha256: str) -> str:
    return f"{check_sha256(sha256)[:2]}/{sha256}"


def check_sha256(sha256: str) -> str:
    """The hash itself, or NotFound: nothing has such a name. Keeps every other path out of the store."""
    if not _SHA256.fullmatch(sha256):
        raise _no_blob(sha256)
    return sha256


def _no_blob(sha256: str) -> NotFound:
    return NotFound(
        "no_such_blob", f"there is no blob {sha256[:80]!r} in this project", "a name is 64 lowercase hex digits"
    )
