"""A browser that was away while the project went another way: what it did is offered, never merged unasked or lost."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, WebSocket, expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL
from tests.support.signed_in import house
from tests.support.studio import studio

pytestmark = pytest.mark.browser

RENAME = """([id, name]) => {
  const { project } = window.maquette;
  project.edit("Rename", () => project.scene.set("nodes", id, "name", name));
}"""
KEPT = "() => window.maquette.project.state.kept"
"""The copy is written, and so is the word of what in it is not saved."""


async def rename_offline(who: Person, node: str, name: str) -> None:
    await who.context.set_offline(True)
    await who.until_status("offline, kept here")
    await who.eval(RENAME, [node, name])
    await who.until(KEPT)


async def applied(who: Person, reason: str) -> None:
    """Sees the card with this reason, and makes the edits again."""
    card: Locator = who.page.get_by_test_id("refused-edits")
    await expect(card).to_contain_text("1 change of yours was not saved")
    await expect(card).to_contain_text(reason)
    await card.get_by_role("button", name="Apply again").click()
    await expect(card).to_be_hidden()
    await who.until_status("saved")


async def test_offline_edits_meet_a_project_that_was_founded_anew(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project = await server.create_project("Anew")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        await ada.open_project(project)
        await rename_offline(ada, chair, "Stool")
        (await server.client.post(f"/api/v1/projects/{project}/refound")).raise_for_status()
        await ada.context.set_offline(False)
        await expect(ada.page.get_by_test_id("refused-edits")).to_be_visible()
        assert (await server.scene(project))["nodes"][chair]["name"] == "Chair"
        await applied(ada, "made anew on the server")
        assert (await server.scene(project))["nodes"][chair]["name"] == "Stool"


async def test_offline_edits_of_one_account_are_offered_to_the_next(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser, home.at_browser(browser, "Ada") as who:
        await home.account("Ben")
        project = await home.project("Ada", "Shared desk")
        await home.share("Ada", project, "Ben", "editor")
        chair = await home.add_node("Ada", project, "Chair")
        await who.open_project(project)
        await who.eval(RENAME, [chair, "Armchair"])  # the server knows this window's client id as Ada's
        await who.until_status("saved")
        await rename_offline(who, chair, "Stool")
        tab = await who.context.new_page()
        who.watch.attach(tab)
        await who.page.close()  # a page that is only left may live on for a moment, and save when it is online again
        who.page = tab
        cookies = [{"name": c.name, "value": c.value or "", "url": home.url} for c in home.clients["Ben"].cookies.jar]
        await who.context.add_cookies(cookies)  # type: ignore[arg-type]
        await who.context.set_offline(False)
        await who.open(f"/p/{project}")
        await applied(who, "under another name")
        scene = await home.call("Ben", "GET", f"/projects/{project}/scene")
        assert scene["nodes"][chair]["name"] == "Stool"
        last = (await home.call("Ben", "GET", f"/projects/{project}/log"))["items"][0]
        assert last["author"] == (await home.call("Ben", "GET", "/session"))["user"]["id"]


LIMIT = 2_000_000


async def test_a_large_edit_offline_goes_out_in_parts(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False, environment={"MAQUETTE_MAX_MESSAGE": str(LIMIT)}) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project = await server.create_project("Large")
        nodes = await server.edit(project, [{"edit": "node.add", "name": f"Thing {n}"} for n in range(50)])
        sizes = sent_sizes(ada)
        await ada.open_project(project)
        await ada.context.set_offline(True)
        await ada.until_status("offline, kept here")
        await ada.eval(
            """([nodes, bytes]) => {
              const { project } = window.maquette;
              project.edit("Describe", () => {
                for (const node of nodes) project.scene.set("nodes", node, "extras", { text: "x".repeat(bytes) });
              });
            }""",
            [nodes, 3 * LIMIT // len(nodes)],
        )
        await ada.until(KEPT)
        await ada.context.set_offline(False)
        await ada.until_status("saved")
        scene = await server.scene(project)
        assert all(len(scene["nodes"][node]["extras"]["text"]) == 3 * LIMIT // len(nodes) for node in nodes)
        assert sum(sizes) > 3 * LIMIT > LIMIT > max(sizes)
        assert len([size for size in sizes if size > 500_000]) >= 5


def sent_sizes(who: Person) -> list[int]:
    """Of every frame that the page sends."""
    sizes: list[int] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: sizes.append(len(payload)))

    who.page.on("websocket", watch)
    return sizes


async def maquette(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "server", *words)
    assert await process.wait() == 0


async def test_a_restored_backup_is_not_mixed_with_what_a_browser_did_since(tmp_path: Path) -> None:
    data, fresh, backup = tmp_path / "data", tmp_path / "fresh", tmp_path / "backup.tar"
    async with (
        studio(data, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project = await server.create_project("Backed up")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        await ada.open_project(project)
        await maquette("backup", "--data", str(data), "--to", str(backup))
        await server.kill()
        await ada.until_status("offline, kept here")
        await ada.eval(RENAME, [chair, "Stool"])
        await ada.until(KEPT)
        await maquette("restore", "--from", str(backup), "--data", str(fresh))
        server.process.data = fresh
        await server.start()
        await expect(ada.page.get_by_test_id("refused-edits")).to_be_visible(timeout=30_000)
        scene: dict[str, Any] = await server.scene(project)
        assert scene["nodes"][chair]["name"] == "Chair"
        await applied(ada, "made anew on the server")
        assert (await server.scene(project))["nodes"][chair]["name"] == "Stool"
