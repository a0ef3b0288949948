"""Two people at two browsers in one project: they see each other's work, nobody's later value is ever reverted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.assets import FOLDER
from tests.support.browser import Person, chromium, person
from tests.support.editor import equal, select, type_into
from tests.support.files import drop, obj_sphere, textured_glb
from tests.support.studio import studio

pytestmark = pytest.mark.browser


def models() -> dict[str, bytes]:
    """The real models where they stand beside the checkout, generated ones elsewhere."""
    bunny, duck = FOLDER / "stanford-bunny.obj", FOLDER / "Duck.glb"
    return {
        "stanford-bunny.obj": bunny.read_bytes() if bunny.exists() else obj_sphere(),
        "Duck.glb": duck.read_bytes() if duck.exists() else textured_glb("Duck"),
    }


NODE_WITH_MESH = """name => {
  const store = window.maquette.project.store;
  return store.nodeIds().find(id => store.node(id).mesh && !store.node(id).hidden
    && `${store.node(id).name} ${store.node(store.node(id).parent)?.name}`.toLowerCase().includes(name)) ?? null;
}"""


RENAME = """([node, name]) => {
  const { project } = window.maquette;
  project.edit("Rename", () => project.scene.set("nodes", node, "name", name));
}"""


async def node_of(who: Person, name: str) -> str:
    """The node with a mesh whose name, or whose parent's name, contains `name`."""
    await who.until(NODE_WITH_MESH, name, timeout=90_000)
    return str(await who.eval(NODE_WITH_MESH, name))


async def find_and_select(who: Person, node: str) -> None:
    """Finds the node by its name in the outliner, and clicks it."""
    name = await who.eval("id => window.maquette.project.store.node(id).name", node)
    await who.page.get_by_placeholder("Filter").fill(name)
    await select(who, node)


async def test_two_people_drop_move_paint_trash_and_undo(tmp_path: Path) -> None:
    async with (
        studio(tmp_path) as server,
        chromium() as browser,
        person(browser, server.url, "Ada") as ada,
        person(browser, server.url, "Ben") as ben,
    ):
        project = await server.create_project("Together")
        await ada.open_project(project)
        await ben.open_project(project)
        await drop(ada.page, models())
        bunny, duck = await node_of(ada, "bunny"), await node_of(ada, "duck")
        assert (bunny, duck) == (await node_of(ben, "bunny"), await node_of(ben, "duck"))

        # Ada moves the bunny while Ben edits the duck's material.
        await find_and_select(ada, bunny)
        await find_and_select(ben, duck)
        await type_into(ben, "material-roughnessFactor", "0.25")
        await type_into(ada, "field-translation-x", "1.5")
        await equal(ada, ben)
        x = "id => window.maquette.project.store.node(id).translation[0]"
        assert await ben.eval(x, bunny) == pytest.approx(1.5, abs=1e-5)
        assert '"roughnessFactor":0.25' in await ada.canonical()

        # Ada trashes what Ben renames; Ada undoes: the name and everything else are there.
        await find_and_select(ben, bunny)
        await find_and_select(ada, bunny)
        await ada.page.keyboard.press("Delete")
        await ben.eval(RENAME, [bunny, "Hare"])
        await equal(ada, ben)
        assert await ben.eval("id => window.maquette.project.store.node(id).hidden", bunny)
        await ada.page.click("[data-testid=undo]")
        await equal(ada, ben)
        for one in (ada, ben):
            node = await one.eval("id => window.maquette.project.store.node(id)", bunny)
            assert (node["name"], node["hidden"]) == ("Hare", False)
            assert node["translation"][0] == pytest.approx(1.5, abs=1e-5)

        # Ben sets what Ada had set; Ada's undo leaves Ben's value and says so.
        await find_and_select(ada, bunny)
        await type_into(ada, "field-translation-y", "2")
        await equal(ada, ben)
        await find_and_select(ben, bunny)
        await type_into(ben, "field-translation-y", "7")
        await equal(ada, ben)
        await ada.page.click("[data-testid=undo]")
        await ada.page.wait_for_selector("[data-testid=toast]")
        await equal(ada, ben)
        y = "id => window.maquette.project.store.node(id).translation[1]"
        assert await ada.eval(y, bunny) == pytest.approx(7, abs=1e-5)
