"""Uploads: streamed, hashed, limited; the job names what came (docs/api.md)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from tests.support.server import api


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_several_files_become_one_job(client: httpx.AsyncClient, project: str) -> None:
    files = [("file", ("spot/spot.obj", b"o spot")), ("file", ("spot.png", b"\x89PNG" * 100_000))]
    form = {"parent": "p" * 16, "options": '{"unit": "inch"}'}
    answer = await client.post(f"{project}/import", files=files, data=form)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{project}/jobs/{answer.json()['job']}"
    job = (await client.get(answer.headers["location"])).json()
    assert job["target"] == {"parent": "p" * 16}
    assert job["params"] == {
        "files": [
            {"name": "spot/spot.obj", "blob": sha(b"o spot")},
            {"name": "spot.png", "blob": sha(b"\x89PNG" * 100_000)},
        ],
        "options": {"unit": "inch"},
    }
    assert (await client.get(f"{project}/blobs/{sha(b'o spot')}")).content == b"o spot"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "etc/passwd"), ("C:\\models\\duck.glb", "duck.glb"), ("/a//b/./c.stl", "a/b/c.stl"),
     ("", "file"), ("..", "file"), ("a\tb.obj", "ab.obj"), ("Ente ü.glb", "Ente ü.glb")],
)  # fmt: skip
async def test_a_file_name_loses_its_root(client: httpx.AsyncClient, project: str, given: str, kept: str) -> None:
    body = (f'--B\r\nContent-Disposition: form-data; name="file"; filename="{given}"\r\n\r\nglTF\r\n--B--\r\n').encode()
    answer = await client.post(
        f"{project}/import", content=body, headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    assert answer.status_code == 202, answer.text
    job = (await client.get(f"{project}/jobs/{answer.json()['job']}")).json()
    assert job["params"]["files"][0]["name"] == kept


@pytest.mark.parametrize("chunk", [1, 2, 7, 64])
async def test_parts_may_be_cut_anywhere(client: httpx.AsyncClient, project: str, chunk: int) -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.stl"\r\n\r\n\r\n--not the end\r\n--B--\r\n'

    async def cut():
        for start in range(0, len(body), chunk):
            yield body[start : start + chunk]

    answer = await client.post(
        f"{project}/import", content=cut(), headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    job = (await client.get(f"{project}/jobs/{answer.json()['job']}")).json()
    assert job["params"]["files"] == [{"name": "a.stl", "blob": sha(b"\r\n--not the end")}]


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("multipart/form-data; boundary=B", b"nonsense", "bad_multipart"),
        ("multipart/form-data; boundary=B", b"--B\r\nContent-Disposition: form-data; name=f", "bad_multipart"),
        ("multipart/form-data", b"", "bad_multipart"),
        ("application/json", b"{}", "bad_multipart"),
    ],
)
async def test_a_body_that_is_no_upload_is_refused(
    client: httpx.AsyncClient, project: str, content_type: str, body: bytes, code: str
) -> None:
    answer = await client.post(f"{project}/import", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_an_upload_needs_a_file_and_an_object_of_options(client: httpx.AsyncClient, project: str) -> None:
    no_file = await client.post(f"{project}/import", files={"note": (None, "hello")})
    assert (no_file.status_code, no_file.json()["error"]["code"]) == (422, "no_file")
    for options, status, code in (("[" * 9999, 400, "bad_json"), ("[]", 422, "bad_job")):
        answer = await client.post(f"{project}/import", files={"file": ("a", b"x")}, data={"options": options})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await client.get(f"{project}/jobs")).json()["items"] == []


async def test_too_many_parts_and_too_long_fields_are_refused(client: httpx.AsyncClient, project: str) -> None:
    many = await client.post(f"{project}/import", files=[("file", (f"{n}", b"")) for n in range(1001)])
    assert (many.status_code, many.json()["error"]["code"]) == (400, "too_many_parts")
    long = await client.post(f"{project}/import", files={"file": ("a", b"")}, data={"options": "x" * 1_048_577})
    assert (long.status_code, long.json()["error"]["code"]) == (400, "field_too_large")


async def test_an_upload_over_the_limit_is_refused_by_length_and_by_count(tmp_path: Path) -> None:
    async with api(tmp_path, max_upload=10_000) as client:
        project = (await client.post("/api/v1/projects", json={"name": "small"})).json()["id"]
        path = f"/api/v1/projects/{project}/import"
        declared = await client.post(path, files={"file": ("a.stl", b"x" * 10_001)})
        assert (declared.status_code, declared.json()["error"]["code"]) == (413, "upload_too_large")

        async def endless():
            yield b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.stl"\r\n\r\n'
            for _ in range(100):
                yield b"x" * 1000

        headers = {"Content-Type": "multipart/form-data; boundary=B"}
        counted = await client.post(path, content=endless(), headers=headers)
        assert (counted.status_code, counted.json()["error"]["code"]) == (413, "upload_too_large")


async def test_a_json_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    async def endless():
        for _ in range(100):
            yield b" " * 100

    async with api(tmp_path, max_json=1000) as client:
        for content in (b" " * 1001, endless()):
            answer = await client.post(
                "/api/v1/projects", content=content, headers={"Content-Type": "application/json"}
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
