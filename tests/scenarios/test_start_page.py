"""The start page: projects are made, renamed, duplicated, trashed and restored; the sample opens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, node_named, settled
from tests.support.files import drop, stl_heightfield
from tests.support.studio import studio

pytestmark = pytest.mark.browser


def cards(who: Person) -> Locator:
    return who.page.get_by_test_id("project-card")


async def choose(who: Person, project: str, option: str) -> None:
    await who.page.get_by_role("button", name=f"Options of {project}").click()
    await who.page.get_by_role("menuitem", name=option).click()


async def test_projects_are_made_renamed_duplicated_trashed_and_restored(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
    ):
        await ada.open("/")
        await ada.page.click("[data-testid=new-project]")
        await ada.page.wait_for_url(re.compile(r"/p/[A-Za-z0-9_-]{16}$"))
        await ada.until_status("saved")
        await ada.page.get_by_role("link", name="All projects").click()
        await expect(cards(ada)).to_have_count(1)

        await choose(ada, "Untitled", "Rename")
        await ada.page.get_by_label("Project name").fill("Kitchen")
        await ada.page.keyboard.press("Enter")
        await expect(cards(ada).get_by_role("heading", name="Kitchen")).to_be_visible()

        await choose(ada, "Kitchen", "Duplicate")
        await expect(cards(ada)).to_have_count(2)
        listed = (await server.client.get("/api/v1/projects")).json()["items"]
        copy = next(project["name"] for project in listed if project["name"] != "Kitchen")

        await choose(ada, copy, "Delete")
        await expect(cards(ada)).to_have_count(1)
        await ada.page.click("[data-testid=project-trash]")
        trashed = ada.page.get_by_test_id("trashed-project")
        await expect(trashed).to_have_text(re.compile(re.escape(copy)))
        await trashed.get_by_role("button", name="Restore").click()
        await expect(ada.page.get_by_text("The trash is empty")).to_be_visible()
        await ada.page.get_by_role("button", name=re.compile("^Projects")).click()
        await expect(cards(ada)).to_have_count(2)

        await ada.page.get_by_placeholder("Find a project").fill("nothing like it")
        await expect(cards(ada)).to_have_count(0)


async def test_the_sample_opens_complete(tmp_path: Path) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", SMALL) as ada:
        await ada.open("/")
        await ada.page.click("[data-testid=open-sample]")
        await node_named(ada, "Moon jar")
        await settled(ada)
        await ada.until_status("saved")
        project = ada.page.url.rsplit("/", 1)[1]
        scene = await server.scene(project)
        names = {node["name"] for node in scene["nodes"].values()}
        assert {"Moon jar", "Ring", "Window light", "Front camera"} <= names
        triangles = int(await ada.eval("document.querySelector('[data-testid=viewport]').dataset.triangles"))
        assert triangles >= scene["stats"]["triangles"] > 10_000


async def test_files_dropped_on_the_page_become_a_project(tmp_path: Path) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", SMALL) as ada:
        await ada.open("/")
        await drop(ada.page, {"plate.stl": stl_heightfield(8)}, "[data-testid=new-project]")
        await ada.page.wait_for_url("**/p/*")
        await node_named(ada, "plate")
        await expect(ada.page.get_by_test_id("project-name")).to_have_value("plate")
