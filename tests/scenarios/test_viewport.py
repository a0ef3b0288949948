"""The viewport by mouse and keyboard: picking, adding to the selection, framing, zooming to the cursor, menus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, look, look_from, node_named, settled
from tests.support.files import textured_glb
from tests.support.studio import studio

pytestmark = pytest.mark.browser

SELECTION = "window.maquette.project.presence.local.selection"


@asynccontextmanager
async def two_squares(tmp_path: Path) -> AsyncIterator[tuple[Person, str, str]]:
    """Ada before two squares of side 1: Left at x = −2, Right at x = 1."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(studio(tmp_path))
        project = await server.create_project("View")
        await server.succeeded(project, await server.import_files(project, {"Left.glb": textured_glb("Left")}))
        nodes = (await server.scene(project))["nodes"]
        left = next(id for id, node in nodes.items() if node["mesh"])
        [right] = await server.edit(
            project,
            [{"edit": "node.add", "name": "Right", "mesh": nodes[left]["mesh"], "translation": [1, 0, 0]}],
        )
        await server.edit(project, [{"edit": "node.set", "node": left, "key": "translation", "value": [-2, 0, 0]}])
        browser = await stack.enter_async_context(chromium())
        ada = await stack.enter_async_context(person(browser, server.url, "Ada", SMALL))
        await ada.open_project(project)
        await node_named(ada, "Right")
        yield ada, left, right


async def test_clicks_select_add_and_let_go(tmp_path: Path) -> None:
    async with two_squares(tmp_path) as (ada, left, right):
        view = await look_from(ada, (0, 0.5, 8), (0, 0.5, 0))
        at_left, at_right, beside = (view.pixel(point) for point in ((-1.4, 0.5, 0), (1.4, 0.5, 0), (0, 2.5, 0)))
        await ada.page.mouse.click(*at_left)
        assert await ada.eval(SELECTION) == [left]
        await expect(ada.page.get_by_test_id("field-name")).to_have_value("Left")
        await ada.page.keyboard.down("Shift")
        await ada.page.mouse.click(*at_right)
        await ada.page.keyboard.up("Shift")
        assert await ada.eval(SELECTION) == [left, right]
        await ada.page.mouse.click(*beside)
        assert await ada.eval(SELECTION) == []

        await ada.page.mouse.click(*at_right, button="right")
        await ada.page.get_by_role("menuitem", name="Hide").click()
        assert await ada.eval("id => window.maquette.project.store.node(id).visible", right) is False
        await settled(ada)
        await ada.page.keyboard.press("Escape")
        await ada.page.mouse.click(*at_right)
        assert await ada.eval(SELECTION) == []  # what is hidden is not picked


async def test_the_wheel_zooms_to_the_cursor_and_f_frames(tmp_path: Path) -> None:
    async with two_squares(tmp_path) as (ada, _, right):
        view = await look_from(ada, (0, 0.5, 8), (0, 0.5, 0))
        corner = (2, 1, 0)
        await ada.page.mouse.move(*view.pixel((1.98, 0.98, 0)))
        await ada.page.mouse.wheel(0, -300)
        await ada.until("() => Math.hypot(...window.maquette.view.camera.position) < 7.5")
        await settled(ada)
        nearer = await look(ada)
        assert nearer.pixel(corner) == pytest.approx(view.pixel(corner), abs=4)

        await ada.page.mouse.click(*nearer.pixel((1.6, 0.6, 0)))
        assert await ada.eval(SELECTION) == [right]
        await ada.page.keyboard.press("f")
        await settled(ada)
        framed = await look(ada)
        assert framed.target == pytest.approx(np.array([1.5, 0.5, 0]), abs=1e-3)
        height = framed.pixel((1.5, 0, 0))[1] - framed.pixel((1.5, 1, 0))[1]
        assert 0.6 < height / framed.box[3] < 1


async def test_arrow_keys_orbit_and_the_selection_is_announced(tmp_path: Path) -> None:
    async with two_squares(tmp_path) as (ada, left, _):
        before = await look_from(ada, (0, 0.5, 8), (0, 0.5, 0))
        await ada.page.get_by_test_id("viewport").focus()
        await ada.page.keyboard.press("ArrowRight")
        await settled(ada)
        after = await look(ada)
        distance = np.linalg.norm(before.position - before.target)
        assert np.linalg.norm(after.position - after.target) == pytest.approx(distance)
        assert abs(after.position[0]) == pytest.approx(distance * np.sin(np.pi / 24), abs=1e-6)
        await ada.page.click(f"[data-testid=outliner-row][data-node-id='{left}']")
        await expect(ada.page.locator("[aria-live=polite]", has_text="Left selected")).to_have_count(1)
