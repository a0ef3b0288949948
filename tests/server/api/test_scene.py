"""The scene as JSON, and typed edits (crdt/SPEC.md E)."""

from __future__ import annotations

import httpx
import pytest

from crdt import revisions
from crdt.lod import put_result
from crdt.resources import add_mesh
from crdt.schema import LodResult, Revision
from server.services import Services


async def test_edits_are_one_transaction_and_list_the_ids_they_made(client: httpx.AsyncClient, project: str) -> None:
    answer = await client.patch(
        f"{project}/scene",
        json={"edits": [
            {"edit": "node.add", "id": "chairchairchairc", "name": "Chair", "translation": [1, 2, 3]},
            {"edit": "node.set", "node": "chairchairchairc", "key": "visible", "value": False},
            {"edit": "material.add", "name": "Oak"},
        ]},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    ids = answer.json()["ids"]
    assert (ids[0], ids[1]) == ("chairchairchairc", None)
    scene = (await client.get(f"{project}/scene")).json()
    assert scene["nodes"]["chairchairchairc"]["translation"] == [1, 2, 3]
    assert scene["nodes"]["chairchairchairc"]["visible"] is False
    assert scene["materials"][ids[2]]["name"] == "Oak"
    assert scene["seq"] == answer.json()["seq"]
    assert scene["stats"] == {"nodes": 1, "meshes": 0, "vertices": 0, "triangles": 0}


@pytest.mark.parametrize(
    "bad",
    [
        {"edit": "node.set", "node": "chairchairchairc", "key": "scale", "value": "big"},
        {"edit": "node.move", "node": "aaaaaaaaaaaaaaaa", "parent": "root"},
        {"edit": "node.add", "id": "short"},
        {"edit": "nothing.known"},
    ],
)
async def test_a_list_with_one_bad_edit_changes_nothing(client: httpx.AsyncClient, project: str, bad: object) -> None:
    edits = [{"edit": "node.add", "id": "chairchairchairc"}, bad]
    answer = await client.patch(f"{project}/scene", json=edits)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"]
    assert (await client.get(f"{project}/scene")).json()["nodes"] == {}


async def test_an_unchanged_scene_is_not_sent_again(client: httpx.AsyncClient, project: str) -> None:
    """REQUIREMENTS 20.6."""
    first = await client.get(f"{project}/scene")
    again = await client.get(f"{project}/scene", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await client.patch(f"{project}/scene", json=[{"edit": "node.add"}])
    changed = await client.get(f"{project}/scene", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


async def test_edits_are_logged_in_the_name_of_their_author(
    client: httpx.AsyncClient, behind: Services, project: str
) -> None:
    user = "adaadaadaadaadaa"
    await client.patch(f"{project}/scene", params={"user": user, "name": "Ada"}, json=[{"edit": "node.add"}])
    rows = await behind.log.read(f"{project.rsplit('/', 1)[1]}/scene")
    assert [(row.author, row.via) for row in rows] == [(user, "http")]


async def test_a_large_answer_is_compressed(client: httpx.AsyncClient, project: str) -> None:
    """REQUIREMENTS 20.6."""
    edits = [{"edit": "node.add", "name": f"Node number {number}"} for number in range(50)]
    await client.patch(f"{project}/scene", json=edits)
    answer = await client.get(f"{project}/scene", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["nodes"]) == 50


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[" * 100_000, 400, "json_too_deep"),
        (b'[{"edit": "node.add", "extras": NaN}]', 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"[]", 422, "invalid_request"),
    ],
)
async def test_bad_json_is_refused(
    client: httpx.AsyncClient, project: str, body: bytes, status: int, code: str
) -> None:
    answer = await client.patch(f"{project}/scene", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_levels_are_found_by_number(client: httpx.AsyncClient, behind: Services, project: str) -> None:
    """REQUIREMENTS 6.8."""
    mesh = "meshmeshmeshmesh"
    base, coarse = "a" * 64, "b" * 64
    revision = Revision(
        mesh=mesh, geometry=base, grid=-10, topology="topologytopology", op="import", slots=[], positions=3, vertices=3,
        triangles=1, min=(0, 0, 0), max=(1, 1, 1), bytes=1,
    )  # fmt: skip

    def add_levels(scene: object) -> None:
        add_mesh(scene, id=mesh, name="Duck")
        rid = revisions.add_revision(scene, revision)
        revisions.set_head(scene, mesh, rid)
        put_result(scene, rid, 2, LodResult(geometry=coarse, triangles=1, vertices=3, error=0.1, state="", bytes=1))

    room = await behind.rooms.room(f"{project.rsplit('/', 1)[1]}/scene")
    await room.edit("ada", "test", add_levels)
    where = f"{project}/meshes/{mesh}/geometry"
    found = {level: (await client.get(where, params={"level": level})).headers["location"][-64:] for level in range(4)}
    assert found == {0: base, 1: base, 2: coarse, 3: coarse}
    missing = await client.get(f"{project}/meshes/aaaaaaaaaaaaaaaa/geometry")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "no_geometry")
