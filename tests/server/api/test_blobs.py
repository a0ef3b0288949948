"""Blobs over HTTP: verified, authorised per project, cached for ever, read in ranges."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import api

DATA = bytes(range(256)) * 40
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
async def blob(client: httpx.AsyncClient, project: str) -> str:
    """The path of a blob that is there."""
    (await client.put(f"{project}/blobs/{SHA}", content=DATA)).raise_for_status()
    return f"{project}/blobs/{SHA}"


async def test_a_blob_is_new_once(client: httpx.AsyncClient, project: str) -> None:
    first, again = [await client.put(f"{project}/blobs/{SHA}", content=DATA) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {"blob": SHA, "bytes": len(DATA)}


async def test_a_wrong_hash_stores_nothing(client: httpx.AsyncClient, project: str) -> None:
    answer = await client.put(f"{project}/blobs/{SHA}", content=b"other")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "hash_mismatch")
    assert (await client.get(f"{project}/blobs/{SHA}")).status_code == 404


async def test_a_blob_is_cached_for_ever_and_never_shown_as_a_page(client: httpx.AsyncClient, blob: str) -> None:
    """REQUIREMENTS 20.6."""
    answer = await client.get(blob, headers={"Accept-Encoding": "gzip"})
    assert answer.content == DATA
    assert answer.headers["etag"] == f'"{SHA}"'
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-disposition"] == "attachment"
    assert "content-encoding" not in answer.headers
    again = await client.get(blob, headers={"If-None-Match": f'W/"x", "{SHA}"'})
    assert (again.status_code, again.content) == (304, b"")
    named = await client.get(blob, params={"name": 'Ente "gelb"/ü.glb'})
    assert named.headers["content-disposition"] == "attachment; filename*=UTF-8''Ente%20gelb%C3%BC.glb"


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=10000-", 10000, 10240), ("bytes=-5", 10235, 10240),
     ("bytes=5-999999", 5, 10240), ("bytes=-999999", 0, 10240)],
)  # fmt: skip
async def test_a_range_is_answered_with_206(
    client: httpx.AsyncClient, blob: str, header: str, start: int, end: int
) -> None:
    answer = await client.get(blob, headers={"Range": header})
    assert answer.status_code == 206
    assert answer.content == DATA[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"


@pytest.mark.parametrize("header", ["bytes=5-1", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b", "bytes=-"])
async def test_a_range_that_is_none_is_ignored(client: httpx.AsyncClient, blob: str, header: str) -> None:
    answer = await client.get(blob, headers={"Range": header})
    assert (answer.status_code, answer.content) == (200, DATA)


async def test_a_range_outside_is_416_and_one_of_another_state_is_ignored(client: httpx.AsyncClient, blob: str) -> None:
    outside = await client.get(blob, headers={"Range": "bytes=10240-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, "bytes */10240")
    stale = await client.get(blob, headers={"Range": "bytes=0-1", "If-Range": '"another"'})
    assert (stale.status_code, stale.content) == (200, DATA)


async def test_head_tells_the_size(client: httpx.AsyncClient, project: str, blob: str) -> None:
    there = await client.head(blob)
    assert (there.status_code, there.headers["content-length"], there.content) == (200, str(len(DATA)), b"")
    assert (await client.head(f"{project}/blobs/{'0' * 64}")).status_code == 404


async def test_a_blob_of_another_project_is_not_to_be_read(client: httpx.AsyncClient, blob: str) -> None:
    other = (await client.post("/api/v1/projects", json={"name": "other"})).json()["id"]
    path = f"/api/v1/projects/{other}/blobs/{SHA}"
    assert (await client.get(blob)).status_code == 200
    assert (await client.get(path)).status_code == 404
    assert (await client.put(path, content=DATA)).status_code == 201, "who has the bytes may put them"
    assert (await client.get(path)).content == DATA


@pytest.mark.parametrize("name", ["x", "..%2f..%2fpeer.token", "A" * 64])
async def test_what_is_no_hash_is_not_found(client: httpx.AsyncClient, project: str, name: str) -> None:
    answer = await client.put(f"{project}/blobs/{name}", content=b"x")
    assert answer.status_code in (404, 405)
    assert "error" in answer.json()


async def test_a_blob_over_the_limit_is_refused_by_length_and_by_count(tmp_path: Path) -> None:
    async def streamed() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    async with api(tmp_path, max_blob=1000) as client:
        project = (await client.post("/api/v1/projects", json={"name": "small"})).json()["id"]
        path = f"/api/v1/projects/{project}/blobs/{SHA}"
        for content in (b"x" * 1001, streamed()):
            answer = await client.put(path, content=content)
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "blob_too_large")


def glb(description: dict[str, Any]) -> bytes:
    text = json.dumps(description).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sII", b"glTF", 2, 20 + len(text)) + struct.pack("<I4s", len(text), b"JSON") + text


async def put(client: httpx.AsyncClient, project: str, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    (await client.put(f"{project}/blobs/{sha256}", content=data)).raise_for_status()
    return sha256


@pytest.mark.parametrize("data", [b"", b"glTF", b"no GLB at all, but long enough", glb({"asset": {"version": "2.0"}})])
async def test_what_is_not_compressed_is_its_own_plain_form(
    client: httpx.AsyncClient, project: str, data: bytes
) -> None:
    sha256 = await put(client, project, data)
    assert (await client.get(f"{project}/blobs/{sha256}", params={"plain": 1})).content == data


async def test_a_compressed_geometry_is_decoded_by_a_peer_once(
    client: httpx.AsyncClient, peer: httpx.AsyncClient, project: str
) -> None:
    compressed = await put(client, project, glb({"extensionsRequired": ["EXT_meshopt_compression"]}))
    asking = [asyncio.create_task(client.get(f"{project}/blobs/{compressed}", params={"plain": 1})) for _ in range(2)]
    leased = (await peer.post("/api/v1/peers/lease", json={"peer": "p", "ops": ["plain"], "wait": 30})).json()
    assert leased["job"]["params"] == {"blob": compressed}
    plain = await put(peer, project, b"decoded")
    body = {"lease": leased["lease"], "result": {"blob": plain}, "update": None}
    (await peer.post(f"/api/v1/peers/jobs/{leased['job']['id']}/result", json=body)).raise_for_status()
    assert [(await answer).content for answer in asking] == [b"decoded", b"decoded"]
    assert (await client.get(f"{project}/blobs/{compressed}", params={"plain": 1})).content == b"decoded"
    again = await peer.post("/api/v1/peers/lease", json={"peer": "p", "ops": ["plain"]})
    assert again.status_code == 204
    assert (await client.get(f"{project}/jobs")).json()["items"] == [], "the server's own jobs are not shown"


async def test_without_a_peer_the_plain_form_is_there_later(
    client: httpx.AsyncClient, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.jobs.plain._WAIT", 0.01)
    compressed = await put(client, project, glb({"extensionsRequired": ["EXT_meshopt_compression"]}))
    answer = await client.get(f"{project}/blobs/{compressed}", params={"plain": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_decoded_yet")
    assert answer.headers["retry-after"] == "5"
