"""Seeing each other: who comes and goes, names at cursors, selections in the list, the outliner and the picture."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, identity, look_from, node_named, select, settled
from tests.support.files import textured_glb
from tests.support.studio import studio

pytestmark = pytest.mark.browser

GREEN, RED = "#3ddc84", "#ff5566"
SEES = "name => window.maquette.project.presence.people().some(person => person.user.name === name)"


async def picture(who: Person) -> NDArray[np.int16]:
    """The canvas with what lies over it, (height, width, 3)."""
    await settled(who)
    data = await who.page.get_by_test_id("viewport").screenshot()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)


def pixels_like(image: NDArray[np.int16], color: str) -> int:
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], np.int16)
    return int((np.abs(image - wanted).max(axis=-1) < 40).sum())


async def test_people_see_each_other_come_point_select_and_leave(tmp_path: Path) -> None:
    async with studio(tmp_path) as server, chromium() as browser, person(browser, server.url, "Ada", SMALL) as ada:
        project = await server.create_project("Presence")
        await server.succeeded(project, await server.import_files(project, {"Square.glb": textured_glb("Square")}))
        await identity(ada, "Ada Lovelace", RED)
        await ada.open_project(project)
        square = await node_named(ada, "Square")
        await look_from(ada, (0.5, 0.5, 4), (0.5, 0.5, 0))
        await ada.page.mouse.move(5, 5)

        async with person(browser, server.url, "Ben", SMALL) as ben:
            await identity(ben, "Ben", GREEN)
            await ben.open_project(project)
            online = time.monotonic()
            await ada.until(SEES, "Ben")
            seen_after = time.monotonic() - online
            await ada.page.click("[data-testid=people]")
            await expect(ada.page.get_by_test_id("person").filter(has_text="Ben")).to_be_visible()
            await ada.page.keyboard.press("Escape")

            # His cursor with his name stands where he points.
            view = await look_from(ben, (0.5, 0.5, 4), (0.5, 0.5, 0))
            await ben.page.mouse.move(*view.pixel((0.2, 0.8, 0)), steps=3)
            label = ada.page.locator("[data-person]").get_by_text("Ben", exact=True)
            await expect(label).to_be_visible()
            box = await label.bounding_box()
            assert box is not None
            x, y = view.pixel((0.2, 0.8, 0))
            assert (box["x"], box["y"]) == pytest.approx((x + 11, y + 13), abs=3)  # beside the arrow's tip

            # What he selects is dotted in the outliner and outlined in his colour.
            await ben.page.mouse.move(5, 5)
            await ada.until("() => window.maquette.project.presence.people()[0].pointer === null")
            before = await picture(ada)
            await select(ben, square)
            row = ada.page.locator(f"[data-testid=outliner-row][data-node-id='{square}']")
            await expect(row.get_by_title("Ben")).to_be_visible()
            after = await picture(ada)
            assert pixels_like(after, GREEN) > pixels_like(before, GREEN) + 200
            left = time.monotonic()
        await ada.until("() => !window.maquette.project.presence.people().some(p => p.user.name === 'Ben')")
        gone_after = time.monotonic() - left
        print(f"seen {seen_after:.2f} s after joining, gone {gone_after:.2f} s after leaving")
        assert seen_after < 1
        assert gone_after < 2
        await expect(label).to_have_count(0)
        assert pixels_like(await picture(ada), GREEN) <= pixels_like(before, GREEN)


async def test_a_new_name_shows_at_once(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project = await server.create_project("Names")
        await ada.open_project(project)
        await ben.open_project(project)
        await ben.page.click("[data-testid=people]")
        await ben.page.get_by_role("button", name="Change").click()
        await ben.page.get_by_test_id("identity-name").fill("Benedikt")
        await ben.page.keyboard.press("Enter")
        await ada.until(SEES, "Benedikt")
        await ada.page.click("[data-testid=people]")
        await expect(ada.page.get_by_test_id("person")).to_contain_text("Benedikt")
