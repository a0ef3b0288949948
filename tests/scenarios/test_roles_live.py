"""A role that changes while somebody works holds at once, without a reload; who is removed is told so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import chromium
from tests.support.editor import select, settled
from tests.support.signed_in import house

pytestmark = pytest.mark.browser

RENAME = """([id, name]) => {
  const { project } = window.maquette;
  project.edit("Rename", () => project.scene.set("nodes", id, "name", name));
}"""
TRY = """id => {
  const { project } = window.maquette;
  try { project.edit("Rename", () => project.scene.set("nodes", id, "name", "mine")); return "done"; }
  catch (error) { return error.code; }
}"""
CLIENT = "() => window.maquette.project.scene.doc.clientID"


async def test_viewer_editor_viewer_removed(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser:
        user = await home.account("Ben")
        project = await home.project("Ada", "Kitchen")
        chair = await home.add_node("Ada", project, "Chair")
        await home.share("Ada", project, "Ben", "viewer")
        member = f"/projects/{project}/members/{user}"
        async with home.at_browser(browser, "Ben", (1280, 720)) as ben:
            page = ben.page
            await ben.open_project(project)
            await settled(ben)
            replica = await ben.eval(CLIENT)
            await expect(page.get_by_test_id("role")).to_contain_text("You can view")
            for control in ("tool-translate", "add", "undo"):
                await expect(page.get_by_test_id(control)).to_have_attribute("aria-disabled", "true")
            await page.get_by_test_id("tool-translate").hover()
            await expect(page.get_by_role("tooltip")).to_contain_text("You can look, but not change the scene")
            await select(ben, chair)
            await expect(page.get_by_test_id("field-translation-x")).to_be_disabled()
            assert await ben.eval(TRY, chair) == "read_only"

            await home.call("Ada", "PUT", member, {"role": "editor"})
            await expect(page.get_by_test_id("role")).to_have_count(0)
            await expect(page.get_by_test_id("field-translation-x")).to_be_enabled()
            await page.get_by_test_id("field-translation-x").fill("2")
            await page.keyboard.press("Enter")
            await ben.until_status("saved")
            scene = await home.call("Ada", "GET", f"/projects/{project}/scene")
            assert scene["nodes"][chair]["translation"][0] == 2

            await home.call("Ada", "PUT", member, {"role": "commenter"})
            await expect(page.get_by_test_id("role")).to_contain_text("You can comment")
            await expect(page.get_by_test_id("field-translation-x")).to_be_disabled()
            assert await ben.eval(CLIENT) == replica

            await home.call("Ada", "DELETE", member)
            await page.get_by_text("You no longer have access to this project").wait_for()
            await page.get_by_role("link", name="All projects").click()
            await page.get_by_test_id("new-project").wait_for()
            ben.watch.errors[:] = [line for line in ben.watch.errors if "status of 4" not in line]


async def test_edits_of_somebody_who_lost_the_role_offline_are_kept_for_the_day_it_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser:
        user = await home.account("Ben")
        project = await home.project("Ada", "Kitchen")
        chair = await home.add_node("Ada", project, "Chair")
        await home.share("Ada", project, "Ben", "editor")
        member = f"/projects/{project}/members/{user}"
        async with home.at_browser(browser, "Ben", (1280, 720)) as ben:
            page = ben.page
            await ben.open_project(project)
            await ben.context.set_offline(True)
            await ben.until_status("offline, kept here")
            await ben.eval(RENAME, [chair, "Stool"])
            await page.get_by_test_id("status").hover()
            await expect(page.get_by_role("tooltip")).to_contain_text("1 change is not saved yet")
            await home.call("Ada", "PUT", member, {"role": "viewer"})
            await ben.context.set_offline(False)
            card = page.get_by_test_id("refused-edits")
            await expect(card).to_contain_text("can only look")
            await expect(page.get_by_test_id("role")).to_contain_text("You can view")
            await expect(card.get_by_role("button", name="Apply again")).to_have_attribute("aria-disabled", "true")

            await home.call("Ada", "PUT", member, {"role": "editor"})
            await card.get_by_role("button", name="Apply again").click()
            await expect(card).to_be_hidden()
            await ben.until_status("saved")
            scene = await home.call("Ada", "GET", f"/projects/{project}/scene")
            assert scene["nodes"][chair]["name"] == "Stool"


async def test_who_is_removed_with_unsaved_work_can_take_it_along(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser:
        user = await home.account("Ben")
        project = await home.project("Ada", "Kitchen")
        chair = await home.add_node("Ada", project, "Chair")
        await home.share("Ada", project, "Ben", "editor")
        async with home.at_browser(browser, "Ben", (1280, 720)) as ben:
            await ben.open_project(project)
            await ben.context.set_offline(True)
            await ben.until_status("offline, kept here")
            await ben.eval(RENAME, [chair, "Stool"])
            await home.call("Ada", "DELETE", f"/projects/{project}/members/{user}")
            await ben.context.set_offline(False)
            await ben.page.get_by_text("You no longer have access to this project").wait_for()
            async with ben.page.expect_download() as coming:
                await ben.page.get_by_role("button", name="Save as file").click()
            saved = json.loads(Path(await (await coming.value).path()).read_text())
            assert saved["step"] == [{"path": ["nodes", chair, "name"], "before": "Chair", "after": "Stool"}]
            ben.watch.errors[:] = [line for line in ben.watch.errors if "status of 4" not in line]


async def test_a_viewer_takes_a_file_home(tmp_path: Path) -> None:
    """Whoever may only look writes no document: the export is asked for over HTTP."""
    async with house(tmp_path, peer=True) as home, chromium() as browser:
        await home.account("Ben")
        project = await home.project("Ada", "Kitchen")
        await home.add_node("Ada", project, "Chair")
        await home.share("Ada", project, "Ben", "viewer")
        async with home.at_browser(browser, "Ben", (1280, 720)) as ben:
            await ben.open_project(project)
            await settled(ben)
            await ben.page.get_by_test_id("export").click()
            async with ben.page.expect_download(timeout=60_000) as coming:
                await ben.page.get_by_test_id("export-start").click()
            assert (await coming.value).suggested_filename.endswith(".glb")
            await ben.until_status("saved")
            await expect(ben.page.get_by_test_id("role")).to_contain_text("You can view")
