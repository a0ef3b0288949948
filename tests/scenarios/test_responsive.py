"""On tablets and phones: nothing sticks out, panels come as drawers and sheets, fingers turn the camera."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import CDPSession, expect

from tests.support.browser import Person, chromium, person
from tests.support.editor import look, settled
from tests.support.studio import Studio, studio

pytestmark = pytest.mark.browser

SIZES = {"tablet": (768, 700), "phone": (390, 700)}
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("button, a, input, h1, h2, p")].filter(element => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && style.visibility !== "hidden" && (box.right > wide + 1 || box.left < -1);
  });
  return [document.documentElement.scrollWidth - wide, out.map(element => element.outerHTML.slice(0, 120))];
}"""


async def assert_fits(who: Person, where: str) -> None:
    excess, outside = await who.eval(OVERFLOW)
    assert excess <= 0, f"{where}: the page is {excess} px too wide"
    assert not outside, f"{where}: outside of the window: {outside}"


async def with_chair(server: Studio) -> tuple[str, str]:
    project = await server.create_project("A project with a name that is rather long for a phone")
    [chair] = await server.edit(project, [{"edit": "node.add", "name": "Chair"}])
    return project, chair


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_pages_fit_and_panels_are_drawers(tmp_path: Path, size: tuple[int, int]) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", size, has_touch=True) as ada,
    ):
        project, chair = await with_chair(server)
        await ada.open("/")
        await ada.page.wait_for_selector("[data-testid=project-card]")
        await assert_fits(ada, "start page")

        await ada.open_project(project)
        await settled(ada)
        await assert_fits(ada, "editor")
        outliner, inspector = ada.page.get_by_test_id("outliner"), ada.page.get_by_test_id("inspector")
        await expect(outliner).to_be_hidden()
        await ada.page.tap("[data-testid=toggle-outliner]")
        await expect(outliner).to_be_visible()
        await assert_fits(ada, "editor with the outliner")
        await ada.page.tap(f"[data-node-id='{chair}']")
        await ada.page.tap("[data-testid=toggle-inspector]")
        await expect(outliner).to_be_hidden()
        await expect(inspector).to_be_visible()
        await assert_fits(ada, "editor with the inspector")

        field = ada.page.get_by_test_id("field-translation-x")
        await field.fill("2.5")
        await field.press("Enter")
        await ada.until("id => window.maquette.project.store.node(id).translation[0] === 2.5", chair)
        panel = await inspector.bounding_box()
        canvas = await ada.page.get_by_test_id("viewport").bounding_box()
        assert panel is not None
        assert canvas is not None
        covered = panel["width"] * panel["height"] / (canvas["width"] * canvas["height"])
        assert covered < 0.6, "the panel leaves too little of the scene in sight"
        await ada.page.tap("[data-testid=toggle-inspector]")
        await expect(inspector).to_be_hidden()


async def swipe(session: CDPSession, *fingers: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """Fingers that go down together, move in eight steps and lift."""

    def points(t: float) -> list[dict[str, float]]:
        return [
            {"x": a[0] + t * (b[0] - a[0]), "y": a[1] + t * (b[1] - a[1]), "id": number}
            for number, (a, b) in enumerate(fingers)
        ]

    async def send(kind: str, touch_points: list[dict[str, float]]) -> None:
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touch_points})

    await send("touchStart", points(0))
    for step in range(1, 9):
        await send("touchMove", points(step / 8))
    await send("touchEnd", [])


async def test_fingers_turn_and_zoom(tmp_path: Path) -> None:
    async with (
        studio(tmp_path, peer=False) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SIZES["phone"], has_touch=True) as ada,
    ):
        project, _ = await with_chair(server)
        await ada.open_project(project)
        await settled(ada)
        session = await ada.context.new_cdp_session(ada.page)
        before = await look(ada)
        left, top, width, height = before.box
        middle = (left + width / 2, top + height / 2)

        await swipe(session, (middle, (middle[0] + 90, middle[1])))
        await settled(ada)
        turned = await look(ada)
        distance = ((before.position - before.target) ** 2).sum() ** 0.5
        assert ((turned.position - before.position) ** 2).sum() ** 0.5 > 0.3 * distance
        assert ((turned.position - turned.target) ** 2).sum() ** 0.5 == pytest.approx(distance)
        assert turned.position[1] == pytest.approx(before.position[1])

        x, y = middle
        await swipe(session, ((x - 30, y), (x - 90, y)), ((x + 30, y), (x + 90, y)))
        await settled(ada)
        nearer = await look(ada)
        assert ((nearer.position - nearer.target) ** 2).sum() ** 0.5 < 0.6 * distance
