"""The outliner: names, order, visibility, locks, copies and the trash, done by mouse and keyboard, seen by another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, equal, select
from tests.support.studio import studio

pytestmark = pytest.mark.browser


@asynccontextmanager
async def two_people(tmp_path: Path, *names: str) -> AsyncIterator[tuple[Person, Person, list[str]]]:
    """Ada and Ben in a project with groups of these names."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(studio(tmp_path, peer=False))
        project = await server.create_project("Outline")
        nodes = await server.edit(project, [{"edit": "node.add", "name": name} for name in names])
        browser = await stack.enter_async_context(chromium())
        ada = await stack.enter_async_context(person(browser, server.url, "Ada", SMALL))
        ben = await stack.enter_async_context(person(browser, server.url, "Ben", SMALL))
        for one in (ada, ben):
            await one.open_project(project)
            await one.page.wait_for_selector(f"[data-testid=outliner-row][data-node-id='{nodes[-1]}']")
        yield ada, ben, nodes


def row(who: Person, node: str) -> Locator:
    return who.page.locator(f"[data-testid=outliner-row][data-node-id='{node}']")


async def snapshot(who: Person, node: str) -> dict[str, Any]:
    found: dict[str, Any] = await who.eval("id => window.maquette.project.store.node(id)", node)
    return found


async def test_names_are_edited_in_place(tmp_path: Path) -> None:
    async with two_people(tmp_path, "Chair") as (ada, ben, [chair]):
        await row(ada, chair).dblclick()
        field = row(ada, chair).get_by_label("Name")
        await field.fill("Throne")
        await field.press("Enter")
        await expect(row(ben, chair)).to_contain_text("Throne")
        await row(ada, chair).click()
        await ada.page.keyboard.press("F2")
        await field.fill("Never mind")
        await field.press("Escape")
        await equal(ada, ben)
        assert (await snapshot(ben, chair))["name"] == "Throne"
        await expect(ada.page.get_by_test_id("field-name")).to_have_value("Throne")


async def drag_onto(who: Person, dragged: str, target: str, part: float) -> None:
    """Drags a row onto another; `part` 0…1 from the target's top."""
    start = await row(who, dragged).bounding_box()
    end = await row(who, target).bounding_box()
    assert start is not None
    assert end is not None
    await who.page.mouse.move(start["x"] + 60, start["y"] + start["height"] / 2)
    await who.page.mouse.down()
    await who.page.mouse.move(end["x"] + 60, end["y"] + part * end["height"], steps=6)
    await who.page.mouse.up()


async def test_rows_are_dragged_into_others_and_between_them(tmp_path: Path) -> None:
    async with two_people(tmp_path, "Table", "Lamp", "Chair") as (ada, ben, [table, lamp, chair]):
        await drag_onto(ada, lamp, table, 0.5)
        await equal(ada, ben)
        assert (await snapshot(ben, lamp))["parent"] == table
        await drag_onto(ada, chair, table, 0.1)
        await equal(ada, ben)
        assert await ben.eval("window.maquette.project.store.roots()") == [chair, table]
        await ada.page.keyboard.press("Control+z")
        await ada.page.keyboard.press("Control+z")
        await equal(ada, ben)
        assert await ben.eval("window.maquette.project.store.roots()") == [table, lamp, chair]

        # Not into itself: nothing happens.
        before = await ada.canonical()
        await drag_onto(ada, table, table, 0.7)
        assert await ada.canonical() == before


async def test_nodes_are_hidden_locked_and_copied(tmp_path: Path) -> None:
    async with two_people(tmp_path, "Chair") as (ada, ben, [chair]):
        await row(ada, chair).hover()
        await row(ada, chair).get_by_role("button", name="Hide").click()
        await row(ada, chair).get_by_role("button", name="Lock", exact=True).click()
        await equal(ada, ben)
        found = await snapshot(ben, chair)
        assert (found["visible"], found["locked"]) == (False, True)
        await select(ada, chair)
        await expect(ada.page.get_by_test_id("field-translation-x")).to_be_disabled()
        await row(ada, chair).get_by_role("button", name="Unlock").click()
        await ada.page.keyboard.press("h")
        await equal(ada, ben)
        found = await snapshot(ben, chair)
        assert (found["visible"], found["locked"]) == (True, False)

        await ada.page.keyboard.press("Control+d")
        await expect(ben.page.get_by_test_id("outliner-row")).to_have_count(2)
        await equal(ada, ben)
        [copy] = await ada.eval("window.maquette.project.presence.local.selection")
        assert copy != chair
        await ada.page.keyboard.press("Control+z")
        await expect(ben.page.get_by_test_id("outliner-row")).to_have_count(1)


async def test_what_is_trashed_waits_in_the_trash(tmp_path: Path) -> None:
    async with two_people(tmp_path, "Chair", "Table") as (ada, ben, [chair, table]):
        await select(ada, chair)
        await ada.page.keyboard.press("Delete")
        await expect(row(ben, chair)).to_have_count(0)
        await ben.page.get_by_test_id("trash").get_by_role("button", name="Trash").click()
        await expect(ben.page.get_by_test_id("trash-row")).to_have_attribute("data-node-id", chair)
        await ben.page.get_by_role("button", name="Restore Chair").click()
        await expect(row(ada, chair)).to_be_visible()
        await equal(ada, ben)
        assert sorted(await ada.eval("window.maquette.project.store.roots()")) == sorted([chair, table])
