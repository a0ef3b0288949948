"""Levels of detail as people meet them: built from the inspector, seen by all, chosen and fetched by the camera."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Route

from tests.support.assets import FOLDER
from tests.support.browser import Person, chromium, person
from tests.support.editor import SMALL, equal, look_at, look_from, node_named, select, settled, type_into
from tests.support.files import obj_sphere
from tests.support.studio import Studio, studio

pytestmark = pytest.mark.browser

LEVELS = 5
RESULTS = """mesh => [...window.maquette.project.store.lod(mesh)?.results ?? []]
  .map(([level, result]) => [level, result.triangles, result.geometry])"""
MESH = "id => window.maquette.project.store.node(id).mesh"


def model() -> bytes:
    """The bunny where it stands beside the checkout, else a sphere of 60,000 triangles."""
    bunny = FOLDER / "stanford-bunny.obj"
    return bunny.read_bytes() if bunny.exists() else obj_sphere(151, 200)


async def imported(server: Studio) -> tuple[str, str]:
    """A project with the model as one node called Bunny, its levels not built; the ids of project and node."""
    project = await server.create_project("Levels")
    job = await server.import_files(project, {"bunny.obj": model()})
    made = (await server.succeeded(project, job))["nodes"]
    nodes = (await server.scene(project))["nodes"]
    with_mesh = next(id for id in [*nodes, *made] if nodes[id]["mesh"])
    await server.edit(project, [{"edit": "node.set", "node": with_mesh, "key": "name", "value": "Bunny"}])
    return project, with_mesh


async def drawn(who: Person) -> tuple[int, int]:
    """The coarsest level on the canvas and the triangles of the scene, once everything is there."""
    await settled(who)
    data = await who.eval("() => ({...document.querySelector('[data-testid=viewport]').dataset})")
    return int(data["level"].split(",")[-1]), int(data["triangles"])


async def fetched(who: Person) -> int:
    return int(await who.eval("window.maquette.view.stats().fetchedBytes"))


async def size_of(who: Person, node: str) -> float:
    """The diagonal of the node's mesh, metres."""
    return float(
        await who.eval(
            """id => {
              const { project } = window.maquette;
              const { min, max } = project.store.mesh(project.store.node(id).mesh).revision;
              return Math.hypot(...min.map((low, axis) => max[axis] - low));
            }""",
            node,
        )
    )


async def test_levels_are_built_for_all_while_others_work(tmp_path: Path) -> None:
    async with (
        studio(tmp_path) as server,
        chromium() as browser,
        person(browser, server.url, "Ada", SMALL) as ada,
        person(browser, server.url, "Ben", SMALL) as ben,
    ):
        project, bunny = await imported(server)
        for one in (ada, ben):
            await one.open_project(project)
            await select(one, await node_named(one, "Bunny"))
        mesh = await ada.eval(MESH, bunny)
        assert await ada.eval(RESULTS, mesh) == []

        await ada.page.click("[data-testid=lod-build]")
        await ben.until("() => window.maquette.project.sessionStore.jobs().some(job => job.op === 'lod.chain')")
        await type_into(ben, "field-translation-y", "0.75")  # while the job runs, or is about to
        for one in (ada, ben):
            await one.until(f"mesh => window.maquette.project.store.lod(mesh).results.size === {LEVELS}", mesh)
            rows = one.page.locator("[data-testid=lod-level-row]")
            assert await rows.count() == LEVELS
            assert await rows.get_by_text("not built").count() == 0
        await equal(ada, ben)
        assert await ada.eval("id => window.maquette.project.store.node(id).translation[1]", bunny) == 0.75
        triangles = [count for _, count, _ in await ben.eval(RESULTS, mesh)]
        assert triangles == sorted(triangles, reverse=True)
        assert triangles[-1] < triangles[0] / 10


async def test_the_camera_chooses_the_level_and_what_is_fetched(tmp_path: Path) -> None:
    async with studio(tmp_path) as server, chromium() as browser:
        project, bunny = await imported(server)
        mesh = (await server.scene(project))["nodes"][bunny]["mesh"]
        await server.succeeded(project, await server.job(project, "lod.chain", {"mesh": mesh}, {}))
        async with person(browser, server.url, "Ada", SMALL) as ada:
            await far_before_near(ada, project, bunny)


async def far_before_near(ada: Person, project: str, bunny: str) -> None:
    """A window whose first look is from afar fetches little; coming near fetches and draws more."""
    far_away = asyncio.Event()

    async def hold(route: Route) -> None:
        await far_away.wait()
        await route.continue_()

    await ada.page.route("**/blobs/*", hold)
    await ada.open_project(project)
    size = await size_of(ada, await node_named(ada, "Bunny"))
    await look_at(ada, (0, 0, 100 * size))
    far_away.set()
    far_level, far_triangles = await drawn(ada)
    far_bytes = await fetched(ada)

    await look_from(ada, (0, 0, 4 * size))
    middle_level, middle_triangles = await drawn(ada)
    await look_from(ada, (0, 0, 1.2 * size))
    near_level, near_triangles = await drawn(ada)
    full_bytes = await ada.eval(
        "id => { const { store } = window.maquette.project; return store.mesh(store.node(id).mesh).revision.bytes; }",
        bunny,
    )
    print(f"far: level {far_level}, {far_triangles} triangles, {far_bytes} bytes; all {full_bytes} bytes")
    print(f"middle: level {middle_level}, {middle_triangles}; near: level {near_level}, {near_triangles}")
    assert far_level == LEVELS
    assert far_level > middle_level > near_level == 0
    assert far_triangles < middle_triangles < near_triangles
    assert far_bytes <= full_bytes / 4

    # And back: the coarse level again, from memory.
    before = await fetched(ada)
    await look_from(ada, (0, 0, 100 * size))
    assert await drawn(ada) == (far_level, far_triangles)
    assert await fetched(ada) == before
