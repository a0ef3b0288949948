"""A project on two servers: each goes on alone while the other is away, and both have everything afterwards."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import crdt
from crdt import nodes
from crdt.bridge import bridge_user, keep_bridged
from crdt.client import LiveScene
from crdt.errors import ConnectionRefused
from crdt.schema import Revision
from tests.support.acknowledged import converge
from tests.support.studio import studio


async def test_two_servers_converge_after_one_was_away(tmp_path: Path) -> None:
    """REQUIREMENTS 23.4."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(studio(tmp_path / "here", peer=False))
        there = await stack.enter_async_context(studio(tmp_path / "there", peer=False))
        pages = [f"{server.url}/p/{await server.create_project('Shared')}" for server in (here, there)]
        ada, ben = [await stack.enter_async_context(crdt.join(page)) for page in pages]
        nodes.add(ada, name="before")
        bridging = asyncio.create_task(keep_bridged(*pages))
        try:
            await converge([ada, ben])
            await there.kill()
            for number in range(20):
                nodes.add(ada, name=f"here {number}")
                nodes.add(ben, name=f"there, offline {number}")
            nodes.trash(ada, [nodes.add(ada, name="trashed")], by="ada")
            await ada.saved()
            await there.start()
            await ben.saved()
            await converge([ada, ben])
            assert len(ada.ids("nodes")) == 42
            await here.kill()
            nodes.add(ben, name="while here was away")
            await ben.saved()
            await here.start()
            await converge([ada, ben])
        finally:
            bridging.cancel()
            await asyncio.wait({bridging})
        async with crdt.join(pages[0]) as fresh:
            await converge([ada, fresh])


async def test_blobs_come_before_what_names_them(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(studio(tmp_path / name, peer=False)) for name in ("one", "two")]
        pages = [f"{server.url}/p/{await server.create_project('Shared')}" for server in servers]
        ada, ben = [await stack.enter_async_context(crdt.join(page)) for page in pages]
        bridging = asyncio.create_task(keep_bridged(*pages))
        try:
            geometry = await ada.upload(b"a geometry")
            await name_geometry(ada, geometry)
            await arrival(ben)
            assert await ben.has_blob(geometry)  # at the very moment when it is named
            path = await ben.download(geometry, tmp_path / "blob")
            assert hashlib.sha256(path.read_bytes()).hexdigest() == geometry
        finally:
            bridging.cancel()
            await asyncio.wait({bridging})


async def arrival(scene: LiveScene) -> None:
    """Until a revision has come."""
    arrived = asyncio.Event()
    subscription = scene.doc.observe(lambda _: arrived.set())
    async with asyncio.timeout(20):
        while not scene.ids("revisions"):
            arrived.clear()
            await arrived.wait()
    subscription.drop()


async def name_geometry(scene: LiveScene, geometry: str) -> None:
    bounds = {"min": (0.0, 0.0, 0.0), "max": (1.0, 1.0, 1.0)}
    counts = {"positions": 3, "vertices": 3, "triangles": 1, "bytes": 10}
    value = Revision(
        mesh="m" * 16, geometry=geometry, grid=-20, topology="t" * 16, op="import", slots=["s" * 16], **bounds, **counts
    )
    scene.put("revisions", "r" * 16, value)
    await scene.saved()


async def test_a_side_that_refuses_the_bridge_ends_it_with_the_reason(tmp_path: Path) -> None:
    async with studio(tmp_path, peer=False) as server:
        page = f"{server.url}/p/{await server.create_project('Shared')}"
        with pytest.raises(ConnectionRefused) as refused:
            await keep_bridged(page, f"{server.url}/p/{'x' * 16}")
    assert refused.value.code == "no_such_project"


def test_a_bridge_is_the_same_user_whichever_way_it_is_named() -> None:
    assert bridge_user("a", "b") == bridge_user("b", "a") != bridge_user("a", "c")
    assert len(bridge_user("a", "b")) == 16
