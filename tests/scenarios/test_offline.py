"""Cut off and back: what is done offline is kept in the browser, merges on return, and costs little to send."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import WebSocket, WebSocketRoute

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, equal, node, select, settled
from tests.support.studio import studio

pytestmark = pytest.mark.browser

EDITS = 50
COUNT_EDITS = """() => {
  window.editBytes = 0;
  window.maquette.project.scene.doc.on("update", (update, origin) => {
    if (origin !== "remote" && origin !== "storage") window.editBytes += update.length;
  });
}"""
EDIT = """([nodes, key, from]) => {
  const { project } = window.maquette;
  nodes.forEach((node, i) => project.edit("Edit", () => project.scene.set("nodes", node, key, [from + i, 0, 1])));
}"""
VALUES = "([nodes, key]) => nodes.map(node => window.maquette.project.store.node(node)[key])"


class Frames:
    """Bytes of the frames of a page's sockets to documents of the scene, both ways."""

    def __init__(self, who: Person) -> None:
        self.bytes = 0
        who.page.on("websocket", self._on_socket)

    def _on_socket(self, socket: WebSocket) -> None:
        if "/scene" not in socket.url:
            return
        socket.on("framesent", self._count)
        socket.on("framereceived", self._count)

    def _count(self, payload: str | bytes) -> None:
        self.bytes += len(payload)


async def edit(who: Person, nodes: list[str], key: str, base: int) -> None:
    await who.eval(EDIT, [nodes, key, base])


async def has(who: Person, nodes: list[str], key: str, base: int) -> None:
    """Until all the values of `edit` are there."""
    expected = [[base + i, 0, 1] for i in range(len(nodes))]
    same = f"([nodes, key, expected]) => JSON.stringify(({VALUES})([nodes, key])) === JSON.stringify(expected)"
    await who.until(same, [nodes, key, expected])


async def test_fifty_edits_offline_and_fifty_of_a_peer_merge(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project = await server.create_project("Apart")
        nodes = await server.edit(project, [{"edit": "node.add", "name": f"Thing {n}"} for n in range(EDITS)])
        frames = Frames(ada)
        for one in (ada, ben):
            await one.open_project(project)
            await one.eval(COUNT_EDITS)
        await ada.context.set_offline(True)
        await ada.until_status("offline, kept here")
        await edit(ada, nodes, "translation", 100)
        await edit(ben, nodes, "scale", 200)
        await ben.until_status("saved")
        await ada.until_status("offline, kept here")

        frames.bytes = 0
        await ada.context.set_offline(False)
        await equal(ada, ben)
        for one in (ada, ben):
            await has(one, nodes, "translation", 100)
            await has(one, nodes, "scale", 200)
        edited = await ada.eval("window.editBytes") + await ben.eval("window.editBytes")
        print(f"the edits weigh {edited} bytes, coming back took {frames.bytes}")
        assert 0 < frames.bytes < 2 * edited


async def test_a_closed_tab_keeps_what_was_done_offline(tmp_path: Path) -> None:
    """The server dies; Ada works on, closes the tab and opens it again while it is still away; then it comes back."""
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project = await server.create_project("Storm")
        nodes = await server.edit(project, [{"edit": "node.add", "name": f"Thing {n}"} for n in range(EDITS)])
        await ada.open_project(project)
        await ben.open_project(project)
        await server.kill()
        for one, key, base in ((ada, "translation", 100), (ben, "scale", 200)):
            await one.until_status("offline, kept here")
            await edit(one, nodes, key, base)
            await one.until_status("offline, kept here")

        # Another tab of the same browser: without a server there is no page to load, so the tab waits at its door.
        tab = await ada.context.new_page()
        ada.watch.attach(tab)
        await ada.page.close()
        ada.page = tab
        await server.start()
        await ada.open_project(project)
        await equal(ada, ben)
        for one in (ada, ben):
            await has(one, nodes, "translation", 100)
            await has(one, nodes, "scale", 200)


MOVE_AND_SEE = """async ([node, x]) => {
  const field = document.querySelector("[data-testid=field-translation-x]");
  const { project } = window.maquette;
  const began = performance.now();
  project.edit("Move", () => project.scene.set("nodes", node, "translation", [x, 0, 0]));
  while (field.value !== String(x)) await new Promise(resolve => setTimeout(resolve));
  return [performance.now() - began, project.status];
}"""
LATENCY = 0.15
"""Seconds each way: a round trip of 300 ms."""


async def slow(who: Person) -> None:
    """Every frame of the page's sockets takes its time, both ways."""
    loop = asyncio.get_running_loop()

    def connect(page_side: WebSocketRoute) -> None:
        server_side = page_side.connect_to_server()
        page_side.on_message(lambda message: loop.call_later(LATENCY, server_side.send, message))
        server_side.on_message(lambda message: loop.call_later(LATENCY, page_side.send, message))

    await who.page.route_web_socket("**/sync/**", connect)


async def test_on_a_slow_line_an_edit_shows_at_once(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project = await server.create_project("Far away")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        await slow(ada)
        await ada.open_project(project)
        await ben.open_project(project)
        await select(ada, chair)
        await settled(ada)
        times = []
        for x in range(1, 11):
            milliseconds, status = await ada.eval(MOVE_AND_SEE, [chair, x])
            assert status == "saving"  # the server knows nothing yet
            times.append(milliseconds)
        print("shown after", *(f"{one:.1f}" for one in sorted(times)), "ms")
        assert sorted(times)[len(times) // 2] < 50
        await equal(ada, ben)
        assert (await node(ben, chair))["translation"] == [10, 0, 0]
