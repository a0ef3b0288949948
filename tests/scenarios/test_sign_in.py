"""Coming in and going out: invitation, password, sessions, keys, a new password; and back to where one was."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL
from tests.support.signed_in import ACCOUNTS, PASSWORD, House, address, house
from tests.support.studio import studio

pytestmark = pytest.mark.browser


async def fill(who: Person, **fields: str) -> None:
    for name, value in fields.items():
        await who.page.get_by_test_id(name.replace("_", "-")).fill(value)


def expect_refusal(who: Person) -> None:
    """The browser's own line on an answer of 4xx is no error of the page."""
    who.watch.errors[:] = [line for line in who.watch.errors if "status of 4" not in line]


async def open_editor(who: Person) -> None:
    await who.until("() => window.maquette?.project?.scene && document.querySelector('[data-testid=viewport]')")
    await who.until_status("saved")


async def test_the_invitation_makes_an_account_by_keyboard_alone(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False, environment=ACCOUNTS) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        key = (tmp_path / "access.key").read_text().strip()
        await ada.open(f"/invite#{key}")
        await expect(ada.page.get_by_test_id("name")).to_be_focused()
        assert "#" not in ada.page.url  # the key stays in no history
        for text in ("Ada", address("Ada"), "short"):
            await ada.page.keyboard.type(text)
            await ada.page.keyboard.press("Tab")
        await ada.page.keyboard.press("Enter")
        problem = ada.page.get_by_test_id("password")
        await expect(problem).to_have_attribute("aria-invalid", "true")
        expect_refusal(ada)
        await problem.fill(PASSWORD)
        await ada.page.keyboard.press("Enter")
        await ada.page.get_by_text("Your projects will stand here").wait_for()
        await expect(ada.page.get_by_test_id("account-menu")).to_contain_text("Ada")


async def test_a_visit_of_a_project_goes_to_sign_in_and_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser, person(browser, home.url, "Ada", SMALL) as ada:
        project = await home.project("Ada", "Kitchen")
        await ada.open(f"/p/{project}")
        await expect(ada.page.get_by_test_id("email")).to_be_focused()
        await fill(ada, email=address("Ada"), password="not this one")
        before = await ada.page.get_by_test_id("sign-in").bounding_box()
        await ada.page.keyboard.press("Enter")
        await expect(ada.page.get_by_test_id("password")).to_have_attribute("aria-invalid", "true")
        assert await ada.page.get_by_test_id("sign-in").bounding_box() == before  # nothing jumps
        await fill(ada, password=PASSWORD)
        await ada.page.keyboard.press("Enter")
        await open_editor(ada)
        assert ada.page.url.endswith(project)
        await expect(ada.page.get_by_test_id("project-name")).to_have_value("Kitchen")

        await ada.page.get_by_role("link", name="All projects").click()
        await ada.page.get_by_test_id("account-menu").click()
        await ada.page.get_by_test_id("sign-out").click()
        await expect(ada.page.get_by_test_id("email")).to_be_visible()
        await ada.open("/")
        await expect(ada.page.get_by_test_id("email")).to_be_visible()
        expect_refusal(ada)


async def test_a_session_that_ends_at_work_keeps_what_was_not_saved(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser, home.at_browser(browser, "Ada") as ada:
        project = await home.project("Ada", "Kitchen")
        chair = await home.add_node("Ada", project, "Chair")
        await ada.open_project(project)
        await ada.context.set_offline(True)
        await ada.until_status("offline, kept here")
        await ada.eval(
            """id => {
              const { project } = window.maquette;
              project.edit("Rename", () => project.scene.set("nodes", id, "name", "Stool"));
            }""",
            chair,
        )
        await expect(ada.page.get_by_role("status").locator("[data-testid=status]")).to_be_visible()
        await home.call("Ada", "DELETE", "/accounts/me/sessions")
        await ada.context.set_offline(False)
        await ada.page.get_by_role("button", name="Sign in").click()
        await fill(ada, email=address("Ada"), password=PASSWORD)
        await ada.page.keyboard.press("Enter")
        await ada.page.get_by_role("dialog").wait_for(state="detached")
        await ada.until_status("saved")
        await sign_in_again(home, "Ada")
        scene = await home.call("Ada", "GET", f"/projects/{project}/scene")
        assert scene["nodes"][chair]["name"] == "Stool"
        expect_refusal(ada)


async def sign_in_again(home: House, name: str) -> None:
    client = httpx.AsyncClient(base_url=home.url)
    await home.clients[name].aclose()
    home.clients[name] = client
    await home.call(name, "POST", "/session", {"email": address(name), "password": PASSWORD})


async def test_sessions_keys_and_password_are_in_ones_own_hands(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser, home.at_browser(browser, "Ada") as ada:
        await sign_in_again(home, "Ada")  # somewhere else
        await ada.open("/account")
        rows = ada.page.get_by_test_id("sign-in-row")
        await expect(rows).to_have_count(2)
        await rows.get_by_role("button", name=re.compile("^Sign out")).click()
        await expect(rows).to_have_count(1)
        with pytest.raises(httpx.HTTPStatusError):
            await home.call("Ada", "GET", "/session")

        await fill(ada, key_name="Nightly export")
        await ada.page.get_by_test_id("make-key").click()
        key = await ada.page.get_by_test_id("secret").input_value()
        async with httpx.AsyncClient(base_url=home.url, headers={"Authorization": f"Bearer {key}"}) as script:
            assert (await script.get("/api/v1/projects")).status_code == 200
            await expect(ada.page.get_by_test_id("key-row")).to_contain_text("Nightly export")
            await ada.page.get_by_role("button", name="Revoke Nightly export").click()
            await expect(ada.page.get_by_test_id("key-row")).to_have_count(0)
            assert (await script.get("/api/v1/projects")).status_code == 401

        await fill(ada, current_password="wrong", new_password="another long sentence")
        await ada.page.get_by_test_id("change-password").click()
        await expect(ada.page.get_by_test_id("current-password")).to_have_attribute("aria-invalid", "true")
        expect_refusal(ada)
        await fill(ada, current_password=PASSWORD)
        await ada.page.get_by_test_id("change-password").click()
        await expect(ada.page.get_by_test_id("toast")).to_contain_text("The password is changed")


async def test_an_admin_lists_disables_and_helps_with_a_lost_password(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as home,
        chromium() as browser,
        home.at_browser(browser, "Ada") as ada,
        person(browser, home.url, "Ben", SMALL) as ben,
    ):
        user = await home.account("Ben")
        await ada.open("/")
        await ada.page.get_by_test_id("account-menu").click()
        await ada.page.get_by_role("menuitem", name="People").click()
        row = ada.page.locator(f"[data-testid=person-row][data-user='{user}']")
        await row.get_by_role("button", name="Options of Ben").click()
        await ada.page.get_by_role("menuitem", name="Link for a new password").click()
        link = await ada.page.get_by_test_id("secret").input_value()

        await ben.page.goto(link)
        await fill(ben, password="my very new sentence")
        await ben.page.keyboard.press("Enter")
        await fill(ben, email=address("Ben"), password="my very new sentence")
        await ben.page.get_by_test_id("sign-in").click()
        await expect(ben.page.get_by_test_id("account-menu")).to_contain_text("Ben")

        await row.get_by_role("button", name="Options of Ben").click()
        await ada.page.get_by_role("menuitem", name="Disable").click()
        await expect(row).to_contain_text("disabled")
        await ben.open("/")
        await fill(ben, email=address("Ben"), password="my very new sentence")
        await ben.page.get_by_test_id("sign-in").click()
        await expect(ben.page.get_by_role("alert")).to_contain_text("disabled")
        expect_refusal(ben)


REFUSED = """id => {
  const { project } = window.maquette;
  window.replica = project.scene.doc.clientID;
  project.edit("Rename", () => {
    project.scene.set("nodes", id, "name", "Stool");
    project.scene.doc.getMap("elsewhere").set("a", 1);
  });
}"""
KEPT = """async () => [
  ...(await indexedDB.databases()).map(one => one.name),
  ...Object.keys(localStorage).filter(key => key.startsWith("maquette.thumbnail")),
]"""


async def test_signing_out_takes_along_what_the_browser_keeps_after_a_question(tmp_path: Path) -> None:
    async with house(tmp_path) as home, chromium() as browser, home.at_browser(browser, "Ada") as ada:
        project = await home.project("Ada", "Kitchen")
        chair = await home.add_node("Ada", project, "Chair")
        await ada.open_project(project)
        await ada.eval("id => localStorage.setItem(`maquette.thumbnail.${id}`, '1 data:,')", project)
        await ada.eval(REFUSED, chair)
        await expect(ada.page.get_by_test_id("refused-edits")).to_be_visible()
        await ada.until_status("saved")
        await ada.page.get_by_test_id("more").click()
        await ada.page.get_by_test_id("sign-out").click()
        question = ada.page.get_by_role("dialog")
        await expect(question).to_contain_text("1 change is only in this browser")
        await ada.page.keyboard.press("Escape")
        await expect(question).to_have_count(0)
        assert f"maquette/{project}/scene/0" in await ada.eval(KEPT)

        await ada.page.get_by_test_id("more").click()
        await ada.page.get_by_test_id("sign-out").click()
        await ada.page.get_by_test_id("sign-out-anyway").click()
        await expect(ada.page.get_by_test_id("email")).to_be_visible()
        await ada.until(f"async () => (await ({KEPT})()).length === 0")
        with pytest.raises(httpx.HTTPStatusError):
            await home.call("Ada", "GET", "/session")
        expect_refusal(ada)


async def test_a_local_server_shows_nothing_of_accounts(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        await ada.open("/")
        await expect(ada.page.get_by_test_id("identity")).to_be_visible()
        await expect(ada.page.get_by_test_id("account-menu")).to_have_count(0)
        await ada.open_project(await server.create_project("Kitchen"))
        await expect(ada.page.get_by_test_id("share")).to_have_count(0)
        await ada.page.click("[data-testid=more]")
        await expect(ada.page.get_by_role("menuitem", name="Sign out")).to_have_count(0)
