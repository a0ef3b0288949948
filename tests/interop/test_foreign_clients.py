"""Stock clients of the Yjs protocol, our own Python client and a browser agree on one project."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import crdt
import crdt.nodes
from crdt.document import SceneDocument
from crdt.update_reader import read_state_vector
from tests.interop.foreign import Replica, pycrdt_provider, y_py_client, y_websocket
from tests.support.browser import chromium, person
from tests.support.studio import studio

NAMES = ("y-websocket", "pycrdt", "y-py", "crdt.join", "browser")


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Asks again until the condition holds, at most 20 s."""
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.05)
    assert await condition(), what


def as_document(replica: Replica) -> SceneDocument:
    scene = SceneDocument()
    scene.apply(replica.update)
    return scene


def digest(scene: SceneDocument) -> tuple[str, dict[int, int], dict[int, list[tuple[int, int]]]]:
    """What must be equal (SPEC D9): canonical JSON by its hash, state, delete set."""
    return scene.hash(), read_state_vector(scene.state_vector()), scene.delete_set()


@pytest.mark.browser
async def test_stock_clients_scripts_and_browsers_agree(tmp_path: Path) -> None:
    pytest.importorskip("y_py", reason="y-py has no wheel for this Python")
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        server = await enter(studio(tmp_path, peer=False))
        project = await server.create_project("Interop")
        made = await server.edit(project, [{"edit": "node.add", "name": "before"} for _ in NAMES])
        rooms = server.url.replace("http", "ws", 1) + f"/sync/{project}"

        script = await enter(crdt.join(f"{server.url}/p/{project}", name="script"))
        foreign = [
            await enter(y_websocket(rooms, "scene")),
            await enter(pycrdt_provider(rooms, "scene")),
            await enter(y_py_client(rooms, "scene")),
        ]
        browser = await enter(person(await enter(chromium()), server.url, size=(640, 480)))
        await browser.open_project(project)

        async def knows_every_node(client: object) -> bool:
            return set(as_document(await client.replica()).ids("nodes")) == set(made)  # type: ignore[attr-defined]

        for client in foreign:
            await eventually(lambda client=client: knows_every_node(client), "the first sync")

        # Everybody renames a node of its own; the script trashes and restores one: a delete that has no struct.
        for name, node, client in zip(NAMES, made, foreign, strict=False):
            await client.rename(node, f"by {name}")
        script.set("nodes", made[3], "name", "by crdt.join")
        crdt.nodes.trash(script, [made[0]], by="script")
        crdt.nodes.restore(script, [made[0]])
        rename = (
            "id => maquette.project.edit('Rename', () => maquette.project.scene.set('nodes', id, 'name', 'by browser'))"
        )
        await browser.eval(rename, made[4])

        async def all_named() -> bool:
            names = [script.read("nodes", node).name for node in made]
            return names == [f"by {name}" for name in NAMES]

        await eventually(all_named, "the script sees everybody's name")
        await script.saved()
        expected = digest(script)

        async def agrees(client: object) -> bool:
            return digest(as_document(await client.replica())) == expected  # type: ignore[attr-defined]

        for name, client in zip(NAMES, foreign, strict=False):
            await eventually(lambda client=client: agrees(client), f"{name} agrees")
        own_words = (await foreign[0].replica()).canonical
        assert own_words is not None
        assert hashlib.sha256(own_words.encode()).hexdigest() == expected[0], "Node's own canonical JSON"
        await browser.until("expected => maquette.project.scene.canonical() === expected", script.canonical())
        update = await browser.eval("() => Array.from(maquette.project.scene.update())")
        assert digest(as_document(Replica(bytes(update), b""))) == expected
