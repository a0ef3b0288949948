"""The pictures of the documentation, taken from the running product: python -m tests.support.screenshots"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, identity, look, node_named, select, settled
from tests.support.studio import studio

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = (1440, 900)
POSE = {"position": [2.6, 1.9, 4.4], "target": [-0.1, 0.65, -0.4]}


async def open_sample(who: Person) -> None:
    await who.open("/")
    await who.page.click("[data-testid=open-sample]")
    await node_named(who, "Moon jar")
    await quiet(who)


async def quiet(who: Person) -> None:
    """Nothing moves and no message is in the way."""
    await who.page.wait_for_selector("[data-testid=toast]", state="detached")
    await who.until("() => document.getAnimations().every(one => one.playState !== 'running')")
    await settled(who)


async def editor(ada: Person, ben: Person) -> None:
    """The sample, with Ben at work in it."""
    await open_sample(ada)
    await ada.until_status("saved")
    await ben.open_project(ada.page.url.rsplit("/", 1)[1])
    await node_named(ben, "Ring")
    for one in (ada, ben):
        await one.eval("pose => { window.maquette.view.camera = pose; }", POSE)
    await ben.eval("pose => { window.maquette.view.camera = pose; }", {**POSE, "position": [-2.4, 1.7, 4.2]})
    await settled(ben)
    await select_by_name(ben, "Ring")
    await select_by_name(ada, "Moon jar")
    await ben.page.mouse.move(*(await look(ben)).pixel((0.35, 0.81, 0.2)), steps=4)
    await ada.page.locator("[data-person]").get_by_text("Ben", exact=True).wait_for()
    await quiet(ada)
    await ada.page.screenshot(path=IMAGES / "editor.png")


async def select_by_name(who: Person, name: str) -> None:
    """Shows the node's row, clicks it, and shows all rows again."""
    box = who.page.get_by_placeholder("Filter")
    await box.fill(name)
    await select(who, await node_named(who, name))
    await box.fill("")
    await box.blur()
    await who.page.mouse.move(SIZE[0] / 2, 2)


async def start_page(who: Person) -> None:
    """What a newcomer meets."""
    await who.open("/")
    await who.page.get_by_text("Your projects will stand here").wait_for()
    await who.page.screenshot(path=IMAGES / "start.png")


async def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with (
            studio(Path(data)) as server,
            chromium() as browser,
            person(browser, server.url, "Ada", SIZE) as ada,
            person(browser, server.url, "Ben", SMALL) as ben,
        ):
            await identity(ada, "Ada", "#8b9cff")
            await identity(ben, "Ben", "#3ddc84")
            await start_page(ada)
            await editor(ada, ben)


if __name__ == "__main__":
    asyncio.run(main())
