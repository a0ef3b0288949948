"""axe on every page and dialog that a person meets, on a desk and on a phone: no serious and no critical finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Person, chromium, person
from tests.support.editor import node_named, settled
from tests.support.files import stl_heightfield, textured_glb
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
