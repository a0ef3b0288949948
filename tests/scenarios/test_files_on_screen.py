"""Files in and out by hand: reports, refusals in sentences, cancelling, undoing an import, exports that come back."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, node_named, settled
from tests.support.files import drop, obj_sphere, stl_heightfield, textured_glb
from tests.support.studio import studio

pytestmark = pytest.mark.browser

NAMES = """() => {
  const { store } = window.maquette.project;
  return store.nodeIds().filter(id => !store.node(id).hidden).map(id => store.node(id).name).sort();
}"""


async def names(who: Person) -> list[str]:
    found: list[str] = await who.eval(NAMES)
    return found


async def test_an_import_reports_and_is_one_step_of_undo(tmp_path: Path) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", SMALL) as ada:
        await ada.open_project(await server.create_project("Import"))
        await drop(ada.page, {"plate.stl": stl_heightfield(8)})
        plate = await node_named(ada, "plate")
        toast = ada.page.get_by_test_id("toast").filter(has_text="plate.stl")
        await toast.get_by_role("button", name="Report").click()
        report = ada.page.get_by_role("dialog", name="Import: plate.stl")
        await expect(report).to_contain_text("unit")
        await ada.page.keyboard.press("Escape")
        await expect(report).to_be_hidden()

        assert await ada.eval("window.maquette.project.presence.local.selection") == [plate]
        await ada.until("() => window.maquette.project.history.canUndo")
        await ada.page.keyboard.press("Control+z")
        await expect(ada.page.get_by_test_id("outliner-row")).to_have_count(0)
        await ada.page.keyboard.press("Control+Shift+z")
        await node_named(ada, "plate")


HOSTILE = {
    "empty.glb": b"",
    "notes.obj": b"this is no model \xff\xfe\x00",
    "cut.glb": textured_glb("Cut")[:300],
}


async def test_a_bad_file_is_refused_in_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    async with (
        studio(tmp_path) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project = await server.create_project("Hostile")
        await server.edit(project, [{"edit": "node.add", "name": "Mine"}])
        await ada.open_project(project)
        await ben.open_project(project)
        await node_named(ben, "Mine")
        before = await ben.canonical()
        await drop(ada.page, HOSTILE)
        for name in HOSTILE:
            toast = ada.page.get_by_test_id("toast").filter(has_text=name)
            await expect(toast).to_contain_text("failed", timeout=60_000)
        jobs = (await server.client.get(f"/api/v1/projects/{project}/jobs")).json()["items"]
        assert len(jobs) == len(HOSTILE)
        for job in jobs:
            sentence = job["error"]["message"]
            assert len(sentence.split()) > 3, job["error"]
            shown = ada.page.get_by_test_id("toast").filter(has_text=sentence[1:])
            await expect(shown).to_have_count(1)
        assert await ben.canonical() == before
        assert await names(ben) == ["Mine"]
        await expect(ben.page.get_by_test_id("toast")).to_have_count(0)

        # The peer takes the next job.
        await drop(ada.page, {"good.glb": textured_glb("Good")})
        await node_named(ben, "Good")


async def test_an_import_is_cancelled_before_it_lands(tmp_path: Path) -> None:
    """Without a peer the job waits for one; cancelled, it is over, and a peer that comes later brings nothing."""
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        project = await server.create_project("Cancel")
        await ada.open_project(project)
        await drop(ada.page, {"ball.obj": obj_sphere()})
        active = ada.page.get_by_label("Active jobs")
        await expect(active.get_by_test_id("job-row")).to_have_attribute("data-state", "queued")
        await active.get_by_role("button", name="Cancel the job").click()
        await expect(active).to_be_hidden()
        await ada.page.click("[data-testid=jobs]")
        await expect(ada.page.get_by_test_id("job-row")).to_have_attribute("data-state", "cancelled")
        [job] = (await server.client.get(f"/api/v1/projects/{project}/jobs")).json()["items"]
        assert job["state"] == "cancelled"
        assert await names(ada) == []


async def exported(who: Person, format: str) -> tuple[str, bytes]:
    """Exports everything by the dialog; the name and the bytes of the download."""
    await who.page.keyboard.press("Control+e")
    await who.page.click(f"[data-testid=export-{format}]")
    await who.page.get_by_label("What to export").select_option("all")
    async with who.page.expect_download(timeout=60_000) as coming:
        await who.page.click("[data-testid=export-start]")
    download = await coming.value
    return download.suggested_filename, (await asyncio.to_thread(Path(await download.path()).read_bytes))


async def test_exports_are_downloaded_and_come_back(tmp_path: Path) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", SMALL) as ada:
        project = await server.create_project("Export")
        await server.succeeded(project, await server.import_files(project, {"Square.glb": textured_glb("Square")}))
        await ada.open_project(project)
        await node_named(ada, "Square")
        await settled(ada)
        stats = (await server.scene(project))["stats"]

        name, glb = await exported(ada, "glb")
        assert name.endswith(".glb")
        assert glb[:4] == b"glTF"
        name, packed = await exported(ada, "obj")
        assert name.endswith(".zip")
        kinds = {member.rsplit(".", 1)[-1] for member in zipfile.ZipFile(io.BytesIO(packed)).namelist()}
        assert {"obj", "mtl", "png"} <= kinds

        for name, data in (("again.glb", glb), ("again.zip", packed)):
            back = await server.create_project(name)
            await ada.open_project(back)
            await drop(ada.page, {name: data})
            await ada.page.get_by_test_id("outliner-row").first.wait_for(timeout=60_000)
            scene = await server.scene(back)
            assert scene["stats"]["triangles"] == stats["triangles"]
            assert [material["name"] for material in scene["materials"].values()] == ["Square"]
            assert len(scene["textures"]) == 1


async def test_an_upload_that_fails_says_so(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        await ada.open_project(await server.create_project("Upload"))

        async def fail(route: Route) -> None:
            await route.abort("connectionreset")

        await ada.page.route("**/import*", fail)
        await drop(ada.page, {"ball.obj": obj_sphere()})
        await expect(ada.page.get_by_test_id("toast")).to_contain_text("“ball.obj” was not imported")
        assert await names(ada) == []
        ada.watch.errors.clear()  # the browser's own words on the broken connection
