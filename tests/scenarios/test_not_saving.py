"""The server cannot store anything: people work on, are told calmly, and everything is saved once it can again."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import chromium, person
from tests.support.editor import SMALL, equal, settled
from tests.support.studio import studio

pytestmark = pytest.mark.browser

RENAME = """([id, name]) => {
  const { project } = window.maquette;
  project.edit("Rename", () => project.scene.set("nodes", id, "name", name));
}"""
KEPT = "() => window.maquette.project.state.kept"


async def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project = await server.create_project("Full")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        for one in (ada, ben):
            await one.open_project(project)
            await settled(one)
        banner = ada.page.get_by_test_id("not-saving")
        _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, most))
        try:
            await ada.eval(RENAME, [chair, "Stool"])
            await expect(banner).to_contain_text("Edits are kept here and not saved yet", timeout=20_000)
            await expect(ben.page.get_by_test_id("not-saving")).to_be_visible()
            await ada.until_status("not saved yet")
            await ada.until(KEPT)
            await ada.eval(RENAME, [chair, "Bench"])
            await ada.page.get_by_test_id("status").hover()
            await expect(ada.page.get_by_role("tooltip")).to_contain_text("1 change is not saved yet")
        finally:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))
        await ada.until_status("saved")
        await expect(banner).to_have_count(0)
        await expect(ben.page.get_by_test_id("not-saving")).to_have_count(0)
        await equal(ada, ben)
        assert (await server.scene(project))["nodes"][chair]["name"] == "Bench"


async def test_leaving_with_unsaved_edits_that_nothing_keeps_is_asked_about(tmp_path: Path) -> None:
    """A browser that stores nothing, such as a private window."""
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project = await server.create_project("Private")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        await ada.page.add_init_script("IDBFactory.prototype.open = () => { throw new Error('no storage'); };")
        await ada.open_project(project)
        await settled(ada)
        await ada.context.set_offline(True)
        await ada.page.mouse.click(550, 300)  # browsers ask only somebody who has done something on the page
        await ada.eval(RENAME, [chair, "Stool"])
        await ada.until_status("offline, not kept")
        questions: list[str] = []

        async def stay(dialog) -> None:  # type: ignore[no-untyped-def]
            questions.append(dialog.type)
            await dialog.dismiss()

        ada.page.on("dialog", stay)
        await ada.page.close(run_before_unload=True)
        await ada.until("() => window.maquette.project.state.atRisk")
        assert questions == ["beforeunload"]
        await ada.context.set_offline(False)
        await ada.until_status("saved")
