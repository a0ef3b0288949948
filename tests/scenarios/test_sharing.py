"""Who may do what in a project: people added and removed, links made and revoked, on the screens of those concerned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, settled
from tests.support.signed_in import address, house

pytestmark = pytest.mark.browser

NAME = "id => window.maquette.project.store.node(id).name"


async def open_share(who: Person) -> None:
    await who.page.get_by_test_id("share").click()
    await who.page.get_by_role("dialog").wait_for()


async def test_an_owner_adds_changes_and_removes_people(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as home,
        chromium() as browser,
        home.at_browser(browser, "Ada") as ada,
    ):
        ben = await home.account("Ben")
        project = await home.project("Ada", "Kitchen")
        await ada.open_project(project)
        await open_share(ada)
        await ada.page.get_by_test_id("member-email").fill("nobody@example.org")
        await ada.page.keyboard.press("Enter")
        await expect(ada.page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
            "Nobody here has this address"
        )
        await ada.page.get_by_test_id("member-email").fill(address("Ben"))
        await ada.page.keyboard.press("Enter")
        row = ada.page.locator(f"[data-testid=member-row][data-user='{ben}']")
        await expect(row).to_contain_text("Ben")
        assert (await home.call("Ben", "GET", f"/projects/{project}"))["role"] == "editor"

        await row.get_by_role("combobox").select_option("viewer")
        await expect(row.get_by_role("combobox")).to_have_value("viewer")
        await ada.page.wait_for_load_state("networkidle")
        assert (await home.call("Ben", "GET", f"/projects/{project}"))["role"] == "viewer"
        await row.get_by_role("button", name="Remove Ben").click()
        await expect(row).to_have_count(0)
        listed = (await home.call("Ben", "GET", "/projects"))["items"]
        assert project not in [one["id"] for one in listed]

        mine = ada.page.get_by_test_id("member-row").filter(has_text="you")
        await mine.get_by_role("button", name="Leave the project").click()
        await expect(ada.page.get_by_test_id("toast")).to_contain_text("last owner")
        ada.watch.errors[:] = [line for line in ada.watch.errors if "status of 4" not in line]


async def test_a_link_lets_a_guest_in_with_its_role_until_it_is_revoked(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as home,
        chromium() as browser,
        home.at_browser(browser, "Ada") as ada,
        person(browser, home.url, "Cleo", SMALL) as cleo,
    ):
        project = await home.project("Ada", "Kitchen")
        chair = await home.add_node("Ada", project, "Chair")
        await ada.open_project(project)
        await open_share(ada)
        await ada.page.get_by_test_id("link-role").select_option("viewer")
        await ada.page.get_by_test_id("make-link").click()
        link = await ada.page.get_by_test_id("secret").input_value()
        assert re.fullmatch(re.escape(home.url) + r"/join#\S+", link)

        await cleo.page.goto(link)
        await cleo.page.get_by_test_id("name").fill("Cleo")
        await cleo.page.keyboard.press("Enter")
        await cleo.page.wait_for_url(f"**/p/{project}")
        await settled(cleo)
        assert await cleo.eval(NAME, chair) == "Chair"
        await expect(cleo.page.get_by_test_id("role")).to_contain_text("You can view")
        await expect(ada.page.get_by_test_id("link-row")).to_contain_text("Viewer")

        await ada.page.keyboard.press("Escape")
        await open_share(ada)
        await expect(ada.page.get_by_test_id("member-row").filter(has_text="Cleo")).to_contain_text("by a link")
        await expect(ada.page.get_by_test_id("link-row")).to_contain_text("used by 1 person")
        await ada.page.get_by_role("button", name="Revoke the Viewer link").click()
        await cleo.page.get_by_text("You no longer have access to this project").wait_for()
        await cleo.page.goto(link)
        await cleo.page.get_by_text("This link does not open anything").wait_for()
        cleo.watch.errors[:] = [line for line in cleo.watch.errors if "status of 4" not in line]


async def test_others_see_who_is_in_and_can_leave(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser:
        await home.account("Ben")
        async with home.at_browser(browser, "Ben") as ben:
            project = await home.project("Ada", "Kitchen")
            await home.share("Ada", project, "Ben", "editor")
            await ben.open_project(project)
            await open_share(ben)
            rows = ben.page.get_by_test_id("member-row")
            await expect(rows).to_have_count(2)
            await expect(ben.page.get_by_test_id("make-link")).to_have_count(0)
            await expect(rows.get_by_role("combobox")).to_have_count(0)
            await ben.page.get_by_role("button", name="Leave the project").click()
            await ben.page.get_by_test_id("new-project").wait_for()
            await expect(ben.page.get_by_text("Kitchen", exact=True)).to_have_count(0)
