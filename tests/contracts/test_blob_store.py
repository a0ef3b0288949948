"""One suite for every blob store: a folder, memory, S3 (where a server for it is named)."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import pytest

from server.blobs import BlobStore
from server.errors import NotFound, TooLarge, Unprocessable

STORES = ["folder", "memory", "s3"]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return BlobStore.open((tmp_path / "blobs").as_uri())
    if request.param == "memory":
        return BlobStore.open("memory:///")
    url = os.environ.get("MAQUETTE_TEST_S3")
    if not url:
        pytest.skip("MAQUETTE_TEST_S3 names no bucket")
    return BlobStore.open(f"{url}/{secrets.token_hex(8)}")


async def read(store: BlobStore, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    stop = await store.size(sha256) if end is None else end
    return b"".join([chunk async for chunk in store.read(sha256, start, stop)])


def name_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 300_000, 3_000_000])
async def test_bytes_come_back_under_their_hash(store: BlobStore, size: int) -> None:
    data = secrets.token_bytes(size)
    writer = store.writer(size)
    for start in range(0, size, 70_001):
        await writer.write(data[start : start + 70_001])
    stored = await writer.finish(name_of(data))
    assert (stored.sha256, stored.size) == (name_of(data), size)
    assert await read(store, stored.sha256) == data


async def test_ranges_are_half_open(store: BlobStore) -> None:
    stored = await store.put(b"0123456789")
    assert await read(store, stored.sha256, 2, 5) == b"234"
    assert await read(store, stored.sha256, 9, 10) == b"9"
    assert await read(store, stored.sha256, 4, 4) == b""


async def test_a_blob_is_stored_once_and_may_be_stored_again(store: BlobStore) -> None:
    first, second = await store.put(b"same"), await store.put(b"same")
    assert first == second
    assert await read(store, first.sha256) == b"same"


async def test_bytes_of_another_hash_are_not_kept(store: BlobStore) -> None:
    writer = store.writer(100)
    await writer.write(b"these bytes")
    with pytest.raises(Unprocessable) as refused:
        await writer.finish(name_of(b"other bytes"))
    assert refused.value.code == "hash_mismatch"
    for data in (b"these bytes", b"other bytes"):
        with pytest.raises(NotFound):
            await store.size(name_of(data))


async def test_a_blob_over_the_limit_is_refused(store: BlobStore) -> None:
    writer = store.writer(10)
    await writer.write(b"0123456789")
    with pytest.raises(TooLarge) as refused:
        await writer.write(b"x")
    assert refused.value.code == "blob_too_large"


@pytest.mark.parametrize(
    "name", ["", "../secret", "A" * 64, "a" * 63, "a" * 65, "a/" * 32, "a" * 63 + "\n", "a" * 64 + "\n"]
)
async def test_nothing_but_a_hash_is_a_name(store: BlobStore, name: str) -> None:
    with pytest.raises(NotFound):
        await store.size(name)


async def test_leftovers_of_uploads_that_never_ended_are_removed(tmp_path: Path) -> None:
    store = BlobStore.open((tmp_path / "blobs").as_uri())
    kept = await store.put(b"kept")
    writer = store.writer(4_000_000)
    await writer.write(secrets.token_bytes(3_000_000))
    assert any((tmp_path / "blobs" / "incoming").iterdir())
    await store.remove_leftovers()
    assert not (tmp_path / "blobs" / "incoming").exists()
    assert await read(store, kept.sha256) == b"kept"
