"""The JSON of a large scene is written by a process beside the server."""

from __future__ import annotations

import os

import httpx
import pytest

from crdt import nodes
from crdt.canonical import dumps
from crdt.document import SceneDocument
from crdt.effective import effective_scene
from crdt.errors import UpdateRefused
from server.errors import Unavailable
from server.scene_json import scene_json
from server.services import Services
from server.side_process import LARGE, SMALL, SideProcess


def many_nodes() -> SceneDocument:
    scene = SceneDocument()
    with scene.transact():
        for number in range(700):
            nodes.add(scene, name=f"Ständer {number}")
    assert len(scene.update()) > SMALL
    return scene


async def test_a_large_scene_is_told_like_a_small_one(
    client: httpx.AsyncClient, behind: Services, project: str
) -> None:
    scene = many_nodes()
    room = await behind.rooms.room(f"{project.rsplit('/', 1)[1]}/scene")
    await room.edit("ada", "test", lambda document: document.apply(scene.update()))
    zipped = await client.get(f"{project}/scene", headers={"Accept-Encoding": "gzip"})
    plain = await client.get(f"{project}/scene", headers={"Accept-Encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert zipped.json() == plain.json()
    told = plain.json()
    assert (told.pop("project"), told.pop("seq")) == (project.rsplit("/", 1)[1], 1)
    assert dumps(told) == dumps(effective_scene(scene))


async def test_the_process_is_started_again_when_it_died_and_ends_with_the_server() -> None:
    side, state = SideProcess(), many_nodes().update()
    first = await side.ask(scene_json, "p", 1, state, weight=len(state))
    process = side._process
    assert process is not None
    process.kill()
    await process.wait()
    assert await side.ask(scene_json, "p", 1, state, weight=len(state)) == first
    with pytest.raises(Unavailable, match="process_ended"):
        await side.ask(os._exit, 1, weight=SMALL)
    assert await side.ask(scene_json, "p", 1, state, weight=len(state)) == first
    again = side._process
    await side.close()
    assert again is not None
    assert again.returncode is not None


async def test_what_a_function_raises_is_raised_here_and_the_process_goes_on() -> None:
    side = SideProcess()
    with pytest.raises(UpdateRefused):
        await side.ask(scene_json, "p", 1, b"\xff" * SMALL, weight=SMALL)
    process = side._process
    assert process is not None
    assert process.returncode is None
    await side.close()


async def test_the_memory_of_large_work_is_given_back() -> None:
    side, state = SideProcess(niceness=5), many_nodes().update()
    first = await side.ask(scene_json, "p", 1, state, weight=LARGE + 1)
    assert side._process is None
    assert await side.ask(scene_json, "p", 1, state, weight=SMALL) == first
    await side.close()


async def test_people_do_not_wait_for_a_new_process_after_each_large_scene() -> None:
    side, state = SideProcess(), many_nodes().update()
    await side.ask(scene_json, "p", 1, state, weight=LARGE + 1)
    process = side._process
    assert process is not None
    await side.ask(scene_json, "p", 1, state, weight=LARGE + 1)
    assert side._process is process
    await side.close()
