"""What users of other sync servers complain about, one test each, on a real server process.

The other tests of the server look closer; these say, by the complaint's own name, that it does not happen here.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path

import httpx
import pytest
import websockets

import crdt
from crdt import nodes
from crdt.document import SceneDocument
from crdt.errors import ConnectionRefused
from crdt.messages import (
    EMPTY_STATE,
    EMPTY_UPDATE,
    FORBIDDEN,
    MALFORMED,
    TOO_LARGE,
    Message,
    SyncStep1,
    SyncStep2,
    Update,
    decode,
    encode,
)
from crdt.update_reader import read_state_vector
from server.storage.base import UpdateLog
from tests.support.acknowledged import Acknowledged, Editor, assert_kept, converge, state_in
from tests.support.people import Cast
from tests.support.postgres import postgres
from tests.support.redis import running_redis
from tests.support.server import running_server, serving
from tests.support.studio import Studio, studio

MANY = 5_000


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio(tmp_path, peer=False) as started:
        yield started


async def page_of(server: Studio) -> str:
    """The address of a new project."""
    return f"{server.url}/p/{await server.create_project('Complaints')}"


def scene_socket(page: str) -> str:
    return page.replace("http", "ws", 1).replace("/p/", "/sync/") + "/scene"


def database_of(data: Path) -> str:
    return f"sqlite+aiosqlite:///{data / 'maquette.db'}"


async def metric(server: Studio, name: str) -> float:
    lines = (await server.client.get("/metrics")).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


async def drain(socket: websockets.ClientConnection) -> None:
    """Read until the server closes."""
    with suppress(websockets.ConnectionClosed):
        while True:
            await socket.recv()


async def restart(server: Studio) -> None:
    await server.kill()
    await server.start()


async def test_saved_is_not_stored(server: Studio, tmp_path: Path) -> None:
    page = await page_of(server)
    async with crdt.join(page) as scene:
        editor = Editor(scene, 1)
        for _ in range(30):
            editor.edit()
        await scene.saved()
        told = Acknowledged(read_state_vector(scene.state_vector()), scene.delete_set())
        await server.kill()
        assert_kept(await state_in(database_of(tmp_path), scene.project), [told], "after kill -9")


async def test_unload_and_save_race(tmp_path: Path) -> None:
    environment = {"MAQUETTE_ROOM_IDLE_SECONDS": "0.02"}
    async with studio(tmp_path, peer=False) as server:
        await server.kill()
        await server.start(environment)
        page = await page_of(server)
        made = []
        for number in range(40):
            async with crdt.join(page) as scene:
                assert set(made) <= set(scene.ids("nodes")), f"visit {number} lost an edit of an earlier one"
                made.append(nodes.add(scene, name=f"visit {number}"))
                await scene.saved()
            await asyncio.sleep(0.04 * (number % 2))  # comes back while the room is being unloaded, or after it
        assert await metric(server, "maquette_log_rows_total") >= 40


async def test_documents_are_never_unloaded(tmp_path: Path) -> None:
    async with studio(tmp_path, peer=False) as server:
        await server.kill()
        await server.start({"MAQUETTE_ROOM_IDLE_SECONDS": "0.05"})
        pages = [await page_of(server) for _ in range(5)]
        async with AsyncExitStack() as stack:
            for page in pages:
                await stack.enter_async_context(crdt.join(page))
            assert await metric(server, "maquette_rooms") == 10
        async with asyncio.timeout(20):
            while await metric(server, "maquette_rooms"):
                await asyncio.sleep(0.05)


async def test_content_is_duplicated_after_a_restart(server: Studio) -> None:
    page = await page_of(server)
    async with crdt.join(page) as scene:
        for number in range(20):
            nodes.add(scene, name=f"node {number}")
        await scene.saved()
        before = scene.canonical(), scene.state_vector()
        for _ in range(3):
            await restart(server)
            async with crdt.join(page) as other:  # who is new, and who comes back with all that it had
                await scene.saved()
                assert (other.canonical(), other.state_vector()) == before
        assert (scene.canonical(), scene.state_vector()) == before


async def test_synced_is_reported_before_the_document_is_loaded(server: Studio) -> None:
    page = await page_of(server)
    async with crdt.join(page) as scene:
        with scene.transact():
            for number in range(MANY):
                nodes.add(scene, name=f"node {number}")
        await scene.saved()
    await restart(server)
    joined = await asyncio.gather(*(count_on_arrival(page) for _ in range(5)))
    assert joined == [MANY] * 5


async def count_on_arrival(page: str) -> int:
    """How many nodes are there at the moment when `join` says that the scene is here."""
    async with crdt.join(page) as scene:
        return len(scene.ids("nodes"))


async def test_the_history_grows_without_bounds(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    async with serving(tmp_path, clock=lambda: now[0]) as server:
        page = await page_at(server.url)
        async with crdt.join(page) as scene:
            node = nodes.add(scene, name="dragged")
            for step in range(500):
                scene.set("nodes", node, "translation", [float(step), 0.0, 0.0])
                await scene.saved()
            kept = scene.hash()
        histories, branch = server.services.histories, f"{scene.project}/scene"
        before = await rows_and_bytes(server.services.log, branch)
        now[0] = time.time() + 24 * 3600
        await histories.compactor.compact_resting()
        after = await rows_and_bytes(server.services.log, branch)
        assert before[0] > 250
        assert 2 * after[0] <= before[0]
        assert 2 * after[1] <= before[1]
        async with crdt.join(page) as scene:
            assert scene.hash() == kept


async def page_at(url: str) -> str:
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/api/v1/projects", json={"name": "Complaints"})
        return f"{url}/p/{answer.raise_for_status().json()['id']}"


async def rows_and_bytes(log: UpdateLog, branch: str) -> tuple[int, int]:
    rows = await log.read(branch, limit=100_000)
    return len(rows), sum(len(row.payload) for row in rows)


async def test_tombstones_fill_the_memory(server: Studio) -> None:
    page = await page_of(server)
    async with crdt.join(page) as scene:
        node = nodes.add(scene, name="dragged")
        await scene.saved()
        small = len(scene.update())
        for step in range(10_000):
            scene.set("nodes", node, "translation", [float(step), 0.0, 0.0])
            if step % 500 == 0:
                await scene.saved()
        await scene.saved()
    async with crdt.join(page) as scene:
        assert scene.read("nodes", node).translation == (9999.0, 0.0, 0.0)
        assert len(scene.update()) < small + 200, "what was overwritten is kept in the document"


async def test_one_client_crashes_the_server(server: Studio) -> None:
    page = await page_of(server)
    bombs = [
        b"",
        b"\xff" * 1000,
        bytes([0, 2, 255, 255, 255, 255, 15]),
        encode(SyncStep1(b"\xff\xff\xff\xff\x0f" + bytes(50))),
        encode(Update(bytes([1, 1, 7, 0, 8, 1, 4]) + b"nodes\x01x" + b"\x75\x01" * 2000)),
        bytes([1, 200, 1]) + b"[" * 200,
    ]
    async with crdt.join(page) as witness:
        for bomb in bombs:
            async with websockets.connect(scene_socket(page), max_size=None) as socket:
                await socket.send(bomb)
                await drain(socket)
            assert socket.close_code in (MALFORMED, 4409), bomb[:20]
        nodes.add(witness, name="still here")
        await witness.saved()
    assert (await server.client.get("/healthz")).status_code == 200


async def test_there_are_no_size_limits(server: Studio) -> None:
    await server.kill()
    await server.start({"MAQUETTE_MAX_MESSAGE": "100000"})
    page = await page_of(server)
    async with crdt.join(page) as witness:
        async with websockets.connect(scene_socket(page), max_size=None) as socket:
            await socket.send(encode(Update(bytes(200_000))))
            await drain(socket)
        assert socket.close_code == TOO_LARGE
        nodes.add(witness, name="not disturbed")
        await witness.saved()


async def test_a_room_is_dead_after_one_exception(server: Studio) -> None:
    page = await page_of(server)
    async with crdt.join(page) as witness:
        chair = nodes.add(witness, name="Chair")
        await witness.saved()
        async with crdt.join(page) as harmful:
            del harmful.map("nodes")[chair]
            with pytest.raises(ConnectionRefused) as refused:
                await harmful.saved()
            assert refused.value.code == "container_removed"
        bad = {"edits": [{"op": "set", "root": "nodes", "id": "no-such-node", "key": "name", "value": 1}]}
        answer = await server.client.patch(f"/api/v1/projects/{witness.project}/scene", json=bad)
        assert 400 <= answer.status_code < 500
        witness.set("nodes", chair, "name", "Stool")
        await witness.saved()
        async with crdt.join(page) as later:
            assert later.read("nodes", chair).name == "Stool"


async def test_a_big_message_blocks_everybody(server: Studio) -> None:
    """While one client sends 8 MB, another one's edits are saved one after the other, not after it."""
    page, other = await page_of(server), await page_of(server)
    async with crdt.join(page) as heavy, crdt.join(other) as light:
        with heavy.transact():
            for number in range(80):
                nodes.add(heavy, name=f"heavy {number}", extras={"data": os.urandom(50_000).hex()})
        sending = asyncio.create_task(heavy.saved())
        count = 0
        while not sending.done():
            nodes.add(light, name=f"light {count}")
            await light.saved()
            count += 1
        await sending
        assert count >= 3


async def test_nobody_can_be_let_in_to_read_only(tmp_path: Path) -> None:
    async with serving(tmp_path, accounts=True) as server:
        cast = await Cast.of(server.services)
        project = await cast.project()
        url = f"{server.sync_url}/{project}/scene?caps=refusal"
        forged = SceneDocument()
        nodes.add(forged, name="a viewer's")
        owner, viewer = [await cast.headers(part) for part in ("owner", "viewer")]
        async with websockets.connect(url, additional_headers=owner) as witness:
            async with websockets.connect(url, additional_headers=viewer) as socket:
                await socket.send(encode(SyncStep1(EMPTY_STATE)))
                await socket.send(encode(Update(forged.update())))
                await drain(socket)
            assert socket.close_code == FORBIDDEN
            await witness.send(encode(SyncStep1(EMPTY_STATE)))
            assert await first(witness, SyncStep2) == SyncStep2(EMPTY_UPDATE)
        room = await server.services.rooms.room(f"{project}/scene")
        assert room.seq == 0


async def first(socket: websockets.ClientConnection, kind: type[Message]) -> Message:
    """The first message of a kind; nothing that shows an edit may come before it."""
    while not isinstance(message := decode(bytes(await socket.recv())), kind):
        assert not isinstance(message, Update)
    return message


async def test_there_are_no_versions_to_go_back_to(server: Studio) -> None:
    page = await page_of(server)
    async with crdt.join(page) as scene:
        node = nodes.add(scene, name="as it was")
        await scene.saved()
        versions = f"/api/v1/projects/{scene.project}/versions"
        made = await server.client.post(versions, json={"name": "Before lunch"})
        version, kept = made.raise_for_status().json()["id"], scene.hash()
        scene.set("nodes", node, "name", "as it is")
        nodes.trash(scene, [node], by="ada")
        await scene.saved()
        await restart(server)
        answer = await server.client.get(f"{versions}/{version}/state")
        old = SceneDocument()
        old.apply(answer.raise_for_status().content)
        assert old.hash() == kept == answer.headers["Maquette-Hash"]
        assert old.read("nodes", node).name == "as it was"


async def test_the_loss_of_redis_costs_everybody_a_full_resync(tmp_path: Path) -> None:
    """Nobody is even disconnected: the followers ask for the rows that they missed."""
    with postgres() as database, running_redis() as redis, ExitStack() as stack:
        options = ("--database", database.url, "--redis", redis.url)
        start = running_server(tmp_path, *options), running_server(tmp_path, *options)
        nodes_of_cluster = [await asyncio.to_thread(stack.enter_context, server) for server in start]
        page = await page_at(nodes_of_cluster[0].url)
        pages = [page.replace(nodes_of_cluster[0].url, server.url) for server in nodes_of_cluster]
        async with crdt.join(pages[0]) as ada, crdt.join(pages[1]) as ben:
            greeted = [scene.hello for scene in (ada, ben)]
            for number in range(3):
                await asyncio.to_thread(redis.kill)
                for scene in (ada, ben):
                    nodes.add(scene, name=f"while Redis was away {number}")
                await asyncio.to_thread(redis.start)
                await asyncio.gather(ada.saved(), ben.saved())
                await converge([ada, ben])
            assert all(scene.hello is hello for scene, hello in zip((ada, ben), greeted, strict=True))


async def test_edits_are_lost_silently_on_reconnect(server: Studio) -> None:
    page = await page_of(server)
    async with crdt.join(page) as ada, crdt.join(page) as ben:
        editors = [Editor(ada, 1), Editor(ben, 2)]
        for _ in range(10):
            await server.kill()
            for editor in editors:
                for _ in range(5):
                    editor.edit()
            await server.start()
            await asyncio.gather(ada.saved(), ben.saved())
        await converge([ada, ben])
        async with crdt.join(page) as fresh:
            await converge([ada, fresh])


async def test_a_client_that_is_refused_does_not_learn_of_it(server: Studio) -> None:
    page = await page_of(server)
    async with crdt.join(page) as scene:
        scene.doc.get("elsewhere", type=type(scene.map("nodes")))["x"] = 1
        with pytest.raises(ConnectionRefused) as refused:
            await scene.saved()
    assert refused.value.code == "unknown_root"
    assert "elsewhere" in refused.value.message
