"""Moving, turning and scaling by gizmo, numbers and keyboard: what one sees is what the document and others hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.support.browser import Person, chromium, person
from tests.support.editor import (
    SMALL,
    Look,
    drag,
    equal,
    grab,
    look_from,
    node,
    select,
    settled,
    shown,
    type_into,
)
from tests.support.studio import studio

pytestmark = pytest.mark.browser

EXACT = 1e-5
POSE = (3.0, 2.5, 5.0)


@asynccontextmanager
async def scene(tmp_path: Path, *names: str) -> AsyncIterator[tuple[str, list[Person]]]:
    """A project with one empty group at the origin, and the named people in it; the first has it selected."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(studio(tmp_path, peer=False))
        project = await server.create_project("Transforms")
        [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
        browser = await stack.enter_async_context(chromium())
        people = [await stack.enter_async_context(person(browser, server.url, name, SMALL)) for name in names]
        for one in people:
            await one.open_project(project)
        await select(people[0], chair)
        yield chair, people


def along(view: Look, axis: int, units: float) -> tuple[float, float]:
    """The pixel on an axis of the gizmo that stands at the origin."""
    point = np.zeros(3)
    point[axis] = units * view.gizmo_unit((0, 0, 0))
    return view.pixel(point)


def on_ring(view: Look, degrees: float) -> tuple[float, float]:
    """The pixel on the gizmo's ring about Y."""
    angle, radius = np.radians(degrees), 0.92 * view.gizmo_unit((0, 0, 0))
    return view.pixel(radius * np.array([np.cos(angle), 0, -np.sin(angle)]))


async def test_the_gizmo_moves_by_what_the_mouse_did_and_the_peer_has_it(tmp_path: Path) -> None:
    async with scene(tmp_path, "Ada", "Ben") as (chair, [ada, ben]):
        view = await look_from(ada, POSE)
        unit = view.gizmo_unit((0, 0, 0))
        await drag(ada, along(view, 0, 0.6), along(view, 0, 1.6))
        await equal(ada, ben)
        moved = (await node(ada, chair))["translation"]
        assert moved == pytest.approx([unit, 0, 0], abs=0.01 * unit)  # a pixel is a hundredth of the way
        assert (await node(ben, chair))["translation"] == pytest.approx(moved, abs=EXACT)
        await select(ben, chair)
        for one in (ada, ben):
            assert await shown(one, "field-translation-x") == pytest.approx(moved[0], abs=5e-4)  # three decimals

        # With snapping the number is exact: the same as typed.
        await ada.page.keyboard.press("Control+z")
        await ada.page.keyboard.press("n")
        await drag(ada, along(view, 0, 0.6), along(view, 0, 0.6 + 1.22 / unit))
        await equal(ada, ben)
        by_mouse = (await node(ben, chair))["translation"]
        assert by_mouse == pytest.approx([1.2, 0, 0], abs=EXACT)
        assert await shown(ada, "field-translation-x") == pytest.approx(by_mouse[0], abs=EXACT)
        assert await shown(ben, "field-translation-x") == pytest.approx(by_mouse[0], abs=EXACT)
        await type_into(ada, "field-translation-x", "0.4 * 3")
        await equal(ada, ben)
        assert (await node(ben, chair))["translation"] == pytest.approx(by_mouse, abs=EXACT)


async def test_the_gizmo_turns_and_scales_in_steps(tmp_path: Path) -> None:
    async with scene(tmp_path, "Ada") as (chair, [ada]):
        view = await look_from(ada, POSE)
        await ada.page.keyboard.press("n")
        await ada.page.click("[data-testid=tool-rotate]")
        await settled(ada)
        await drag(ada, on_ring(view, -75), on_ring(view, -44))
        turned = (await node(ada, chair))["rotation"]
        half = np.radians(15)
        assert turned == pytest.approx([0, np.sin(half), 0, np.cos(half)], abs=EXACT)
        assert await shown(ada, "field-rotation-y") == pytest.approx(30, abs=EXACT)

        await type_into(ada, "field-rotation-y", "0")
        await ada.page.click("[data-testid=tool-scale]")
        await settled(ada)
        await drag(ada, along(view, 1, 0.6), along(view, 1, 1.2))
        assert (await node(ada, chair))["scale"] == pytest.approx([1, 2, 1], abs=EXACT)
        assert await shown(ada, "field-scale-y") == pytest.approx(2, abs=EXACT)


async def test_numbers_are_typed_with_arithmetic(tmp_path: Path) -> None:
    async with scene(tmp_path, "Ada", "Ben") as (chair, [ada, ben]):
        await type_into(ada, "field-translation-x", "(1 + 2) * 3 / 4")
        await type_into(ada, "field-translation-y", "-0.125")
        await type_into(ada, "field-rotation-z", "180/2")
        await type_into(ada, "field-translation-z", "no number")
        await equal(ada, ben)
        found = await node(ben, chair)
        assert found["translation"] == pytest.approx([2.25, -0.125, 0], abs=EXACT)
        assert found["rotation"] == pytest.approx([0, 0, np.sqrt(0.5), np.sqrt(0.5)], abs=EXACT)
        assert await shown(ada, "field-translation-z") == 0


COUNT_UPDATES = """() => {
  window.updates = 0;
  window.maquette.project.scene.doc.on("update", () => { window.updates += 1; });
}"""
DRAG_FOR_A_SECOND = """([from, to]) => new Promise(resolve => {
  const canvas = document.querySelector("[data-testid=viewport]");
  const began = performance.now();
  let moves = 0;
  const timer = setInterval(() => {
    const t = Math.min(1, (performance.now() - began) / 1000);
    const [clientX, clientY] = [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
    canvas.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, clientX, clientY, bubbles: true }));
    moves += 1;
    if (t < 1) return;
    clearInterval(timer);
    resolve(moves);
  }, 1000 / 60);
})"""


async def test_a_drag_of_a_second_is_one_step_and_few_updates(tmp_path: Path) -> None:
    async with scene(tmp_path, "Ada") as (chair, [ada]):
        view = await look_from(ada, POSE)
        start, end = along(view, 0, 0.6), along(view, 0, 2)
        await ada.eval(COUNT_UPDATES)
        await grab(ada, start)
        moves = await ada.eval(DRAG_FOR_A_SECOND, [start, end])
        await ada.page.mouse.move(*end)
        await ada.page.mouse.up()
        updates = await ada.eval("window.updates")
        print(f"{moves} moves of the pointer made {updates} updates of the document")
        assert 2 < updates <= 20
        assert moves > updates
        assert (await node(ada, chair))["translation"][0] > 0.5
        await ada.page.keyboard.press("Control+z")
        assert (await node(ada, chair))["translation"] == [0, 0, 0]
        assert not await ada.eval("window.maquette.project.history.canUndo")
        await ada.page.keyboard.press("Control+Shift+z")
        assert (await node(ada, chair))["translation"][0] > 0.5


async def test_escape_takes_a_drag_back(tmp_path: Path) -> None:
    async with scene(tmp_path, "Ada", "Ben") as (chair, [ada, ben]):
        view = await look_from(ada, POSE)
        await grab(ada, along(view, 0, 0.6))
        await ada.page.mouse.move(*along(view, 0, 1.6), steps=6)
        await ada.until("id => window.maquette.project.store.node(id).translation[0] > 0.1", chair)
        await ada.page.keyboard.press("Escape")
        await ada.page.mouse.up()
        await equal(ada, ben)
        assert (await node(ben, chair))["translation"] == [0, 0, 0]
        assert await ada.eval("window.maquette.project.presence.local.selection") == [chair]
