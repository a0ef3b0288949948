"""Text in every script passes, control characters and over-length do not; uploads are what they say (row 18.5)."""

from __future__ import annotations

import httpx
import pytest

SCRIPTS = [
    "Ein schöner Stuhl",
    "Красный стул",
    "كرسي أحمر",
    "红色的椅子",
    "लाल कुर्सी",
    "赤い椅子と🪑",
    "Κόκκινη καρέκλα",
]
CONTROL = ["a\x00b", "a\x07b", "a\x1bb", "line\nbreak", "a\x7fb"]


@pytest.mark.parametrize("name", SCRIPTS)
async def test_names_in_every_script_come_back_as_they_were(client: httpx.AsyncClient, name: str) -> None:
    made = await client.post("/api/v1/projects", json={"name": name})
    assert (made.status_code, made.json()["name"]) == (201, name)
    project = f"/api/v1/projects/{made.json()['id']}"
    edited = await client.patch(f"{project}/scene", json=[{"edit": "node.add", "name": name}])
    node = edited.json()["ids"][0]
    assert (await client.get(f"{project}/scene")).json()["nodes"][node]["name"] == name
    assert (await client.get("/api/v1/session", params={"name": name})).json()["user"]["name"] == name
    upload = await client.post(f"{project}/import", files=[("file", (f"{name}.glb", b"glTF"))])
    job = (await client.get(upload.headers["location"])).json()
    assert job["params"]["files"][0]["name"] == f"{name}.glb"


@pytest.mark.parametrize("name", [*CONTROL, "", "   ", "x" * 201])
async def test_control_characters_and_over_length_fail(client: httpx.AsyncClient, name: str) -> None:
    refused = await client.post("/api/v1/projects", json={"name": name})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("tool.exe", b"glTF", "file_type_not_allowed"),
        ("page.html", b"glTF", "file_type_not_allowed"),
        ("duck.glb", b"\x7fELF\x02", "file_type_not_allowed"),
        ("duck.glb", b"MZ\x90", "file_type_not_allowed"),
        ("duck.obj", b"<!DOCTYPE html><script>", "file_type_not_allowed"),
        ("duck.obj", b"#!/bin/sh\nrm -rf", "file_type_not_allowed"),
        ("duck.stl", b"%PDF-1.7", "file_type_not_allowed"),
        ("wood.png", b"<svg onload=x>", "file_type_not_allowed"),
        ("wood.png", b"not a png at all", "file_is_not_what_it_says"),
        ("wood.jpg", b"GIF89a", "file_is_not_what_it_says"),
        ("duck.zip", b"plain text", "file_is_not_what_it_says"),
    ],
)
async def test_what_is_no_model_is_refused_at_the_door(
    client: httpx.AsyncClient, project: str, name: str, data: bytes, code: str
) -> None:
    answer = await client.post(f"{project}/import", files=[("file", (name, data))])
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert (await client.get(f"{project}/jobs")).json()["items"] == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("duck.glb", b"glTF\x02"), ("a.obj", b"# made by hand\nv 0 0 0"), ("b.stl", b"solid b"), ("c.stl", b"\0" * 84),
        ("d.ply", b"ply\nformat"), ("e.zip", b"PK\x03\x04"), ("f.3mf", b"PK\x03\x04"), ("lies.glb", b"solid f"),
        ("old.fbx", b"Kaydara FBX Binary"), ("scene", b"glTF"), ("wood.jpg", b"\xff\xd8\xff\xe0"),
    ],
)  # fmt: skip
async def test_models_and_what_belongs_to_them_pass(
    client: httpx.AsyncClient, project: str, name: str, data: bytes
) -> None:
    assert (await client.post(f"{project}/import", files=[("file", (name, data))])).status_code == 202
