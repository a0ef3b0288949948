"""Values that break the schema are data: they read as defaults, are listed, and nothing else is affected."""

from __future__ import annotations

import struct

import httpx
import pytest

from crdt.update_reader import read_update
from server.services import Services
from server.sync.room import Room
from tests.random.fuzz_structs import MAP, NULL, any_of, over, structs, text, under, update

NAN = b"\x7b" + struct.pack(">d", float("nan"))
BROKEN = {
    "translation": b"\x75\x03" + NAN * 3,
    "visible": b"\x7a\x7f" + b"\xff" * 7,
    "mesh": b"\x75\x01\x7e",
    "extras": b"\x76\x01\x01k" + NAN,
    "unknown": NAN,
}


@pytest.fixture
async def node(client: httpx.AsyncClient, project: str) -> str:
    answer = await client.patch(f"{project}/scene", json=[{"edit": "node.add", "name": "chair"}])
    return str(answer.json()["ids"][0])


@pytest.fixture
async def room(behind: Services, project: str, node: str) -> Room:
    """With all of it in there, as somebody's client could write it."""
    room = await behind.rooms.room(f"{project.rsplit('/', 1)[1]}/scene")
    known = read_update(room.whole())
    record = next(item for item, placed in known.maps.items() if placed is not None and placed[3] == node)
    name = next((client, clock) for client, clock, _, key in known.placed if key == "name")
    broken = [under(record, key, any_of(value)) for key, value in BROKEN.items()]
    others = [
        over(name, any_of(text("x" * 100_000))), under("nodes", "plain", NULL), under("nodes", "no\x00id", MAP),
        under("revisions", "r", any_of(NAN)), under("strokes", "s", any_of(text("x"))), under("meta", "x", any_of(NAN)),
    ]  # fmt: skip
    written = update([structs(77, 0, *broken, *others)])
    summary = await room.read(written)
    assert room._gate.fits(summary), "a member may send it"
    await room.edit("eve", "test", lambda document: document.apply(written))
    return room


async def test_the_scene_reads_defaults(client: httpx.AsyncClient, project: str, node: str, room: Room) -> None:
    scene = (await client.get(f"{project}/scene")).raise_for_status().json()
    assert room.seq == scene["seq"]
    told = scene["nodes"][node]
    assert (told["translation"], told["visible"], told["mesh"]) == ([0, 0, 0], True, None)
    assert told["extras"] == {"k": None}
    assert "plain" not in scene["nodes"]


async def test_what_does_not_fit_is_listed(client: httpx.AsyncClient, project: str, node: str, room: Room) -> None:
    answer = (await client.get(f"{project}/problems")).raise_for_status().json()
    assert answer["seq"] == room.seq
    assert answer["count"] == len(answer["problems"])
    listed = {(*problem["path"], problem["code"]) for problem in answer["problems"]}
    assert {
        ("nodes", node, "translation", "bad_value"), ("nodes", node, "visible", "bad_value"),
        ("nodes", node, "name", "bad_value"), ("nodes", "plain", "not_a_record"), ("nodes", "no\x00id", "bad_value"),
        ("revisions", "r", "bad_value"),
    } <= listed  # fmt: skip


async def test_nothing_else_is_affected(client: httpx.AsyncClient, project: str, node: str, room: Room) -> None:
    edits = [
        {"edit": "node.set", "node": node, "key": "translation", "value": [1, 2, 3]},
        {"edit": "node.set", "node": node, "key": "name", "value": "chair"},
        {"edit": "node.add", "name": "table", "parent": node},
    ]
    (await client.patch(f"{project}/scene", json=edits)).raise_for_status()
    told = (await client.get(f"{project}/scene")).json()["nodes"][node]
    assert (told["translation"], told["name"], len(told["children"])) == ([1, 2, 3], "chair", 1)
    left = (await client.get(f"{project}/problems")).json()["problems"]
    assert ["nodes", node, "translation"] not in [problem["path"] for problem in left]
    assert not room.has_pending()


async def test_a_fresh_scene_has_none(client: httpx.AsyncClient, project: str) -> None:
    answer = (await client.get(f"{project}/problems")).json()
    assert (answer["count"], answer["problems"]) == (0, [])


async def test_problems_of_what_is_not_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/projects/nonexistentproje/problems")
    assert answer.status_code == 404
