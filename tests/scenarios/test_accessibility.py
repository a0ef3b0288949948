"""axe on every page and dialog that a person meets, on a desk and on a phone: no serious and no critical finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Person, chromium, person
from tests.support.editor import node_named, settled
from tests.support.files import stl_heightfield, textured_glb
from tests.support.signed_in import house
from tests.support.studio import Studio, studio

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js").read_text()
SIZES = {"desk": (1280, 720), "phone": (390, 760)}
RUN = "() => axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations)"
QUIET = """() => document.getAnimations().every(
  one => one.playState !== "running" || one.effect?.getTiming().iterations === Infinity
)"""


def words(violation: dict[str, Any]) -> str:
    places = [f"    {place['html'][:160]}\n      {place['failureSummary']}" for place in violation["nodes"][:5]]
    return "\n".join([f"  {violation['impact']}: {violation['id']}: {violation['help']}", *places])


async def assert_accessible(who: Person, where: str) -> None:
    """No serious finding on the page as it is now, once nothing fades in any more."""
    await who.until(QUIET)
    await who.eval(AXE)  # evaluated by the debugger: the page's own policy allows no inline script
    violations = await who.eval(RUN)
    grave = [violation for violation in violations if violation["impact"] in ("serious", "critical")]
    assert not grave, f"{where}:\n" + "\n".join(map(words, grave))


async def close_dialog(who: Person) -> None:
    await who.page.keyboard.press("Escape")
    await who.page.wait_for_selector("[role=dialog]", state="detached")


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_start_page(tmp_path: Path, size: tuple[int, int]) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", size) as ada,
    ):
        await ada.open("/")
        await ada.page.get_by_text("Your projects will stand here").wait_for()
        await assert_accessible(ada, "start page without projects")

        for name in ("One", "Two", "Gone"):
            project = await server.create_project(name)
        await server.client.delete(f"/api/v1/projects/{project}")
        await ada.open("/")
        await ada.page.wait_for_selector("[data-testid=project-card]")
        await assert_accessible(ada, "start page with projects")
        await ada.page.get_by_role("button", name="Options of One").click()
        await ada.page.wait_for_selector("[role=menu]")
        await assert_accessible(ada, "menu of a project")
        await ada.page.keyboard.press("Escape")
        await ada.page.click("[data-testid=project-trash]")
        await ada.page.wait_for_selector("[data-testid=trashed-project]")
        await assert_accessible(ada, "trash of projects")
        await ada.page.click("[data-testid=identity]")
        await ada.page.wait_for_selector("[data-testid=identity-name]")
        await assert_accessible(ada, "name and colour")

        await ada.open("/p/AAAAAAAAAAAAAAAA")
        await ada.page.get_by_text("There is no such project").wait_for()
        await assert_accessible(ada, "a project that is not there")
        ada.watch.errors.clear()  # the browser's own words on the 404


async def with_model(server: Studio, name: str, model: bytes) -> tuple[str, str]:
    """A project with a model, a group, something in the trash; its id and that of the import's job."""
    project = await server.create_project("Still life")
    job = await server.import_files(project, {name: model})
    await server.succeeded(project, job)
    edits = [{"edit": "node.add", "name": "Group"}, {"edit": "node.add", "name": "Old"}]
    _, old = await server.edit(project, edits)
    await server.edit(project, [{"edit": "node.trash", "nodes": [old]}])
    return project, job


async def open_panel(who: Person, side: str) -> None:
    """Brings a panel on where the window is too small to show it beside the viewport."""
    toggle = who.page.locator(f"[data-testid=toggle-{side}]")
    if await toggle.is_visible():
        await toggle.click()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_editor(tmp_path: Path, size: tuple[int, int]) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", size) as ada:
        empty = await server.create_project("Empty")
        await ada.open_project(empty)
        await ada.page.wait_for_selector("[aria-label='Getting started']")
        await assert_accessible(ada, "an empty project")

        project, job = await with_model(server, "Model.glb", textured_glb("Model"))
        await ada.open_project(project)
        model = await node_named(ada, "Model")
        await settled(ada)
        await open_panel(ada, "outliner")
        await ada.page.get_by_test_id("trash").get_by_role("button", name="Trash").click()
        await ada.page.wait_for_selector("[data-testid=trash-row]")
        await assert_accessible(ada, "outliner with an open trash")
        await ada.page.click(f"[data-node-id='{model}']")
        await open_panel(ada, "inspector")
        await ada.page.wait_for_selector("[data-testid=material-baseColor]")
        await assert_accessible(ada, "inspector with a mesh, its material and levels")

        await ada.page.click("[data-testid=jobs]")
        await ada.page.wait_for_selector(f"[data-job-id='{job}']")
        await assert_accessible(ada, "jobs")
        await ada.page.keyboard.press("Escape")
        await ada.page.click("[data-testid=people]")
        await ada.page.get_by_text("In this project").wait_for()
        await assert_accessible(ada, "people")
        await ada.page.keyboard.press("Escape")


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_dialogs(tmp_path: Path, size: tuple[int, int]) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", size) as ada:
        project, job = await with_model(server, "plate.stl", stl_heightfield(8))
        await ada.open_project(project)
        await settled(ada)
        for keys, where in (("?", "Keyboard shortcuts"), ("Control+e", "Export"), ("Control+k", "Search commands")):
            await ada.page.keyboard.press(keys)
            await ada.page.get_by_role("dialog", name=where).wait_for()
            await assert_accessible(ada, where)
            await close_dialog(ada)
        await ada.page.click("[data-testid=jobs]")
        await ada.page.locator(f"[data-job-id='{job}']").get_by_role("button", name="Report").click()
        await ada.page.get_by_role("dialog", name="Import: plate.stl").wait_for()
        await assert_accessible(ada, "report of an import")


def quiet_refusals(who: Person) -> None:
    """The browser's own line on an answer of 4xx is no error of the page."""
    who.watch.errors[:] = [line for line in who.watch.errors if "status of 4" not in line]


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_pages_at_the_door(tmp_path: Path, size: tuple[int, int]) -> None:
    async with house(tmp_path) as home, chromium() as browser, person(browser, home.url, "Ben", size) as ben:
        await ben.open("/login")
        await ben.page.get_by_test_id("email").fill("ada@example.org")
        await ben.page.get_by_test_id("password").fill("wrong")
        await ben.page.keyboard.press("Enter")
        await ben.page.wait_for_selector("[aria-invalid=true]")
        await assert_accessible(ben, "sign in, refused")
        for path, field in (("/invite#abcdef", "email"), ("/join#abcdef", "name"), ("/reset#abcdef", "password")):
            await ben.open(path)
            await ben.page.get_by_test_id(field).wait_for()
            await assert_accessible(ben, path)
        await ben.open("/invite")
        await ben.page.get_by_text("This invitation has no key").wait_for()
        await assert_accessible(ben, "an invitation that was cut")
        quiet_refusals(ben)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_account_and_people(tmp_path: Path, size: tuple[int, int]) -> None:
    async with house(tmp_path) as home, chromium() as browser, home.at_browser(browser, "Ada", size) as ada:
        await home.account("Ben")
        await ada.open("/account")
        await ada.page.get_by_test_id("sign-in-row").first.wait_for()
        await ada.page.get_by_test_id("key-name").fill("Nightly")
        await ada.page.get_by_test_id("make-key").click()
        await ada.page.get_by_test_id("key-row").wait_for()
        await assert_accessible(ada, "account with a new key")
        await ada.open("/people")
        await ada.page.get_by_test_id("person-row").first.wait_for()
        await assert_accessible(ada, "people")
        await ada.page.get_by_role("button", name="Options of Ben").click()
        await assert_accessible(ada, "options of somebody")
        await ada.page.get_by_role("menuitem", name="Link for a new password").click()
        await ada.page.get_by_test_id("secret").wait_for()
        await assert_accessible(ada, "a link for a new password")
        await ada.page.get_by_test_id("account-menu").click()
        await ada.page.wait_for_selector("[role=menu]")
        await assert_accessible(ada, "account menu")


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_sharing_and_looking(tmp_path: Path, size: tuple[int, int]) -> None:
    async with house(tmp_path) as home, chromium() as browser:
        await home.account("Ben")
        project = await home.project("Ada", "Kitchen")
        chair = await home.add_node("Ada", project, "Chair")
        await home.share("Ada", project, "Ben", "viewer")
        async with home.at_browser(browser, "Ada", size) as ada:
            await ada.open_project(project)
            await settled(ada)
            await ada.page.get_by_test_id("share").click()
            await ada.page.get_by_test_id("make-link").click()
            await ada.page.get_by_test_id("link-row").wait_for()
            await assert_accessible(ada, "share with a new link")
            await close_dialog(ada)
            await ada.eval(SPOIL, [chair, False])
            await ada.page.get_by_test_id("problems").click()
            await ada.page.get_by_test_id("problem").wait_for()
            await assert_accessible(ada, "problems")
            await ada.page.keyboard.press("Escape")
            await ada.eval(SPOIL, [chair, True])
            await ada.page.get_by_test_id("refused-edits").wait_for()
            await settled(ada)
            await assert_accessible(ada, "refused changes")
            await home.call("Ada", "DELETE", "/accounts/me/sessions")
            await ada.page.get_by_text("You were signed out").wait_for()
            await assert_accessible(ada, "signed out")
            await ada.page.get_by_role("button", name="Sign in").click()
            await ada.page.get_by_role("dialog", name="Sign in again").wait_for()
            await assert_accessible(ada, "sign in again")
            quiet_refusals(ada)
        async with home.at_browser(browser, "Ben", size) as ben:
            await ben.open_project(project)
            await settled(ben)
            await ben.page.get_by_test_id("role").wait_for()
            await assert_accessible(ben, "a viewer's editor")


SPOIL = """([id, refused]) => {
  const { scene } = window.maquette.project;
  scene.transact(() => {
    scene.record("nodes", id).set("visible", "maybe");
    scene.set("nodes", id, "name", refused ? "Bench" : "Stool");
    if (refused) scene.doc.getMap("elsewhere").set("a", 1);
  });
}"""
"""A value that breaks the schema, and if told so one that the server refuses."""
