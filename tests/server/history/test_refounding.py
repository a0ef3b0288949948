"""A scene founded anew: short, without trash; and no replica of before brings anything back (DESIGN section 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from crdt.client import join
from crdt.document import SceneDocument
from crdt.errors import ConnectionRefused
from crdt.link import Link
from crdt.messages import SyncStep2, encode
from crdt.nodes import add, trash
from crdt.update_reader import read_state_vector
from tests.support.server import Served, serving

CAPS = "caps=saved,refusal,hello&user=adaadaadaadaadaa"


async def project_of(server: Served) -> str:
    return (await server.services.projects.create("Workshop")).id


async def refound(server: Served, project: str) -> None:
    services = server.services
    await services.histories.refounding.refound(await services.projects.read(project), "adaadaadaadaadaa")


async def edit(server: Served, project: str, change) -> int:
    room = await server.services.rooms.room(f"{project}/scene")
    return await room.edit("bob", "http", change)


async def founded_scene(server: Served) -> tuple[str, list[str]]:
    """A project with a chair and a trashed table, made under many client ids; (project, [chair, table])."""
    project = await project_of(server)
    for _ in range(20):
        writer = SceneDocument()
        add(writer)
        room = await server.services.rooms.room(f"{project}/scene")
        update = writer.update()
        await room.edit("bob", "http", lambda scene, update=update: scene.apply(update))
    nodes: list[str] = []
    await edit(server, project, lambda scene: nodes.extend([add(scene, name="Chair"), add(scene, name="Table")]))
    await edit(server, project, lambda scene: trash(scene, [nodes[1]], "bob"))
    return project, nodes


async def test_the_trash_is_empty_and_the_state_vector_short(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        project, (chair, table) = await founded_scene(server)
        room = await server.services.rooms.room(f"{project}/scene")
        assert len(read_state_vector(room.document.state_vector())) > 20
        await refound(server, project)
        room = await server.services.rooms.room(f"{project}/scene")
        assert len(read_state_vector(room.document.state_vector())) == 1
        assert chair in room.document.ids("nodes")
        assert table not in room.document.ids("nodes")
        assert room.document.delete_set() == {}
        assert (await server.services.projects.read(project)).generation == 1
        assert room.seq == 23, "the log goes on"


async def test_people_at_work_are_sent_away_and_find_the_new_scene(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        project, (chair, _) = await founded_scene(server)
        document = SceneDocument()
        async with Link(document, f"{server.sync_url}/{project}/scene?{CAPS}") as link:
            await link.synced(10)
            await refound(server, project)
            document.set("nodes", chair, "name", "too late")
            with pytest.raises(ConnectionRefused, match="other_generation"):
                await link.saved()
        async with join(f"{server.url}/p/{project}") as scene:
            assert scene.read("nodes", chair).name == "Chair"


async def test_an_offline_replica_of_before_brings_nothing_back(tmp_path: Path) -> None:
    """Also one that does not know of generations, such as a stock y-websocket client."""
    async with serving(tmp_path) as server:
        project, (chair, table) = await founded_scene(server)
        old = SceneDocument()
        old.apply((await server.services.rooms.room(f"{project}/scene")).document.update())
        await refound(server, project)
        before = (await server.services.rooms.room(f"{project}/scene")).document.canonical()
        old.set("nodes", chair, "name", "offline")
        add(old, name="made offline")
        refused = await _push(server, project, old.update())
        assert refused in {"client_id_taken", "container_replaced"}
        room = await server.services.rooms.room(f"{project}/scene")
        assert room.document.canonical() == before
        assert table not in room.document.ids("nodes")


async def _push(server: Served, project: str, update: bytes) -> str:
    """Send an update as a stock client would; the reason of the close."""
    async with connect(f"{server.sync_url}/{project}/scene?user=eveeveeveeveevee") as socket:
        await socket.send(encode(SyncStep2(update)))
        with pytest.raises(ConnectionClosed):
            await _read_all(socket)
        return str(socket.close_reason)


async def _read_all(socket: ClientConnection) -> None:
    while True:
        await socket.recv()
