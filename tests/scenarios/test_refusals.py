"""What the server refuses is not lost: it is kept as values, offered, made again, saved as a file or discarded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, settled
from tests.support.studio import Studio, studio

pytestmark = pytest.mark.browser

RENAME_BADLY = """([id, name]) => {
  const { project } = window.maquette;
  window.replica = project.scene.doc.clientID;
  project.edit("Rename", () => {
    project.scene.set("nodes", id, "name", name);
    project.scene.doc.getMap("elsewhere").set("a", 1);
  });
}"""
"""One update with an edit that is fine and one that no room takes: it is refused as a whole."""
FRESH = "() => window.maquette && window.replica !== window.maquette.project.scene.doc.clientID"
NAME = "id => window.maquette.project.store.node(id)?.name"


async def name_of(who: Person, node: str) -> str:
    return str(await who.eval(NAME, node))


async def with_refused_rename(server: Studio, ada: Person) -> tuple[str, str, Locator]:
    """A chair that Ada wanted to call Stool, and the card that says that it was refused."""
    project = await server.create_project("Refusals")
    [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
    await ada.open_project(project)
    await settled(ada)
    await ada.eval(RENAME_BADLY, [chair, "Stool"])
    await ada.until(FRESH)
    await ada.until_status("saved")
    card = ada.page.get_by_test_id("refused-edits")
    await expect(card).to_contain_text("1 change of yours was not saved")
    await expect(card).to_contain_text("Chair")
    assert await name_of(ada, chair) == "Chair"
    return project, chair, card


async def test_refused_edits_survive_the_visit_and_can_be_made_again(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project, chair, _ = await with_refused_rename(server, ada)
        await ben.open_project(project)

        await ada.open_project(project)  # another visit
        card = ada.page.get_by_test_id("refused-edits")
        await card.get_by_role("button", name="Apply again").click()
        await expect(card).to_be_hidden()
        await ben.until("id => window.maquette.project.store.node(id).name === 'Stool'", chair)
        await ada.until_status("saved")
        await ada.page.click("[data-testid=undo]")
        await ben.until("id => window.maquette.project.store.node(id).name === 'Chair'", chair)

        await ada.open_project(project)
        await settled(ada)
        await expect(ada.page.get_by_test_id("refused-edits")).to_have_count(0)


async def test_what_others_changed_meanwhile_stays_theirs(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project, chair, card = await with_refused_rename(server, ada)
        await server.edit(project, [{"edit": "node.set", "node": chair, "key": "name", "value": "Bench"}])
        await ada.until("id => window.maquette.project.store.node(id).name === 'Bench'", chair)
        await card.get_by_role("button", name="Apply again").click()
        await expect(card).to_contain_text("theirs stay")
        await expect(card).to_contain_text("Bench · name")
        assert await name_of(ada, chair) == "Bench"
        await card.get_by_role("button", name="Done").click()
        await expect(card).to_be_hidden()


async def test_refused_edits_become_a_file_or_are_discarded_with_a_way_back(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project, chair, card = await with_refused_rename(server, ada)
        async with ada.page.expect_download() as coming:
            await card.get_by_role("button", name="Save as file").click()
        download = await coming.value
        assert download.suggested_filename == "Refusals \u2013 unsaved changes.json"
        saved: dict[str, Any] = json.loads(Path(await download.path()).read_text())
        assert (saved["format"], saved["project"], saved["reason"]["code"]) == (
            "maquette-edits",
            project,
            "unknown_root",
        )
        assert saved["step"] == [{"path": ["nodes", chair, "name"], "before": "Chair", "after": "Stool"}]

        await card.get_by_role("button", name="Discard").click()
        await expect(card).to_be_hidden()
        await ada.page.get_by_test_id("toast").get_by_role("button", name="Undo").click()
        await expect(card).to_be_visible()
        await card.get_by_role("button", name="Discard").click()
        await ada.open_project(project)
        await settled(ada)
        await expect(ada.page.get_by_test_id("refused-edits")).to_have_count(0)


async def test_a_server_that_refuses_everything_makes_no_loop(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project = await server.create_project("Stubborn")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        await ada.open_project(project)
        sockets: list[str] = []
        ada.page.on("websocket", lambda socket: sockets.append(socket.url))
        for turn in range(3):
            await ada.eval(RENAME_BADLY, [chair, f"Stool {turn}"])
            await ada.until(FRESH)
            await ada.until_status("saved")
        await ada.eval(RENAME_BADLY, [chair, "Stool 3"])
        await ada.page.get_by_role("button", name="Join again").wait_for()
        assert len(sockets) == 3 * 2
        await ada.page.get_by_role("button", name="Join again").click()
        await ada.until(FRESH)
        await ada.until_status("saved")
        await expect(ada.page.get_by_test_id("refused-edits")).to_have_count(2)
        await expect(ada.page.get_by_text("and 2 more")).to_be_visible()


BREAK = """id => {
  const { project } = window.maquette;
  project.scene.doc.transact(() => project.scene.record("nodes", id).set("visible", "maybe"));
}"""


async def test_values_that_break_the_schema_are_listed_and_can_be_put_right(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project = await server.create_project("Odd")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        await ada.open_project(project)
        await settled(ada)
        await expect(ada.page.get_by_test_id("problems")).to_have_count(0)
        await ada.eval(BREAK, chair)
        await ada.page.get_by_test_id("problems").click()
        row = ada.page.get_by_test_id("problem")
        await expect(row).to_contain_text("Chair")
        await expect(row).to_contain_text("visible: a value that does not fit")
        assert (await server.scene(project))["nodes"][chair]["visible"] is True
        await row.get_by_role("button", name="Fix").click()
        await expect(ada.page.get_by_test_id("problems")).to_have_count(0)
        await ada.until("id => window.maquette.project.scene.record('nodes', id).get('visible') === true", chair)
        await ada.until_status("saved")
