"""`crdt.join`: a live document in ten lines that survives what happens to servers (DESIGN 8)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from crdt import chat, nodes
from crdt.client import ApiRefused, join
from crdt.errors import ConnectionRefused
from tests.support.server import running_server, serving


async def make_project(url: str, name: str = "Live") -> str:
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/api/v1/projects", json={"name": name})
        return f"{url}/p/{answer.json()['id']}"


async def until(reached, document) -> None:
    """Wait for a change of a document after which `reached()` holds."""
    changed = asyncio.Event()
    subscription = document.doc.observe(lambda _: changed.set())
    try:
        async with asyncio.timeout(20):
            while not reached():
                changed.clear()
                await changed.wait()
    finally:
        subscription.drop()


async def test_two_scripts_share_a_scene_and_the_conversation(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        url = await make_project(server.url)
        async with join(url, name="Ada") as ada, join(url, name="Bob") as bob:
            chair = nodes.add(ada, name="Chair")
            await until(lambda: chair in bob.map("nodes"), bob)
            bob.set("nodes", chair, "name", "Stool")
            await until(lambda: ada.read("nodes", chair).name == "Stool", ada)
            chat.say(bob.session, by="bob", name="Bob", text="hello")
            await until(lambda: len(ada.session.map("chat")) == 1, ada.session)
            await ada.saved()
            await bob.saved()
            assert ada.hash() == bob.hash()


async def test_presence_shows_who_is_here(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        url = await make_project(server.url)
        async with join(url, name="Ada") as ada:
            async with join(url, name="Bob") as bob:
                bob.presence.set(selection=["aaaaaaaaaaaaaaaa"])
                async with asyncio.timeout(20):
                    while not any("selection" in state for state in ada.presence.others.values()):
                        await ada.presence.changed()
                (state,) = ada.presence.others.values()
                assert state["user"]["name"] == "Bob"
                assert state["selection"] == ["aaaaaaaaaaaaaaaa"]
            async with asyncio.timeout(20):
                while ada.presence.others:
                    await ada.presence.changed()


async def test_saved_means_that_a_killed_server_still_has_it(tmp_path: Path) -> None:
    """REQUIREMENTS 1.2."""
    with running_server(tmp_path) as server:
        url = await make_project(server.url)
        async with join(url) as scene:
            first = nodes.add(scene, name="before")
            await scene.saved()
            server.kill()
            second = nodes.add(scene, name="while it was away")
            scene.set("nodes", first, "name", "changed while it was away")
            await asyncio.to_thread(server.restart)
            await scene.saved()
            server.kill()
            await asyncio.to_thread(server.restart)
        async with join(url) as scene:
            assert scene.read("nodes", first).name == "changed while it was away"
            assert scene.read("nodes", second).name == "while it was away"


async def test_a_server_that_is_not_there_is_said_to_be_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crdt.client._CONNECT_SECONDS", 0.3)
    with pytest.raises(ConnectionRefused) as refused:
        async with join("http://127.0.0.1:9/p/aaaaaaaaaaaaaaaa"):
            pass
    assert refused.value.code == "unreachable"


async def test_an_unknown_project_and_a_wrong_token_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        with pytest.raises(ConnectionRefused) as refused:
            async with join(f"{server.url}/p/aaaaaaaaaaaaaaaa"):
                pass
        assert refused.value.code == "no_such_project"
        url = await make_project(server.url)
        with pytest.raises(ConnectionRefused) as refused:
            async with join(url, "wrong"):
                pass
        assert refused.value.code == "bad_token"


@pytest.mark.parametrize("url", ["http://h/", "http://h/p/", "ftp://h/p/aaaaaaaaaaaaaaaa", "http://h/p/a/b/c"])
async def test_an_address_that_is_no_project_is_refused(url: str) -> None:
    with pytest.raises(ConnectionRefused) as refused:
        async with join(url):
            pass
    assert refused.value.code == "bad_url"


async def test_a_script_uploads_and_downloads_blobs(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        url = await make_project(server.url)
        async with join(url) as scene:
            sha256 = await scene.upload(b"some bytes")
            path = await scene.download(sha256, tmp_path / "copy")
            assert path.read_bytes() == b"some bytes"
            with pytest.raises(ApiRefused) as refused:
                await scene.download("0" * 64, tmp_path / "none")
            assert refused.value.code == "no_such_blob"
