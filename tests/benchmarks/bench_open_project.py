"""Opening an imported project of a million triangles over a slow line, against three.js loading the plain GLB.

Both come from the same server. Both pages are cold (a fresh browser context), at 20 Mbit/s and 40 ms, 640 × 480,
software WebGL; the script of the peer page is not counted against it. The time to import is told apart.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.benchmarks.report import Table, goal, median
from tests.support.browser import chromium, person
from tests.support.bundle import bundle
from tests.support.files import stl_heightfield
from tests.support.studio import studio

CELLS = 708
RUNS = 3
HERE = Path(__file__).parent
LINE = {"offline": False, "latency": 40, "downloadThroughput": 20e6 / 8, "uploadThroughput": 20e6 / 8}

FIRST_PIXEL = """() => {
  const canvas = document.querySelector('canvas');
  return Number(canvas?.dataset.triangles ?? 0) > 100 ? performance.now() : null;
}"""
FULL_DETAIL = """expected => {
  const canvas = document.querySelector('canvas');
  return Number(canvas?.dataset.triangles ?? 0) >= expected ? performance.now() : null;
}"""


async def slow_line(page: Page) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", LINE)


async def open_ours(browser: Browser, url: str, project: str, triangles: int) -> tuple[float, float]:
    async with person(browser, url, "Ada", (640, 480)) as ada:
        await slow_line(ada.page)
        await ada.page.goto(f"{url}/p/{project}", wait_until="commit")
        first = await ada.page.wait_for_function(FIRST_PIXEL, polling="raf", timeout=120_000)
        await ada.eval("() => { window.maquette.view.setTriangleBudget(1e9); window.maquette.view.setLevel(0); }")
        full = await ada.page.wait_for_function(FULL_DETAIL, arg=triangles, polling="raf", timeout=120_000)
        return float(await first.json_value()), float(await full.json_value())


async def open_plain(browser: Browser, url: str, blob: str, script: str) -> float:
    """Milliseconds until three.js has drawn the plain GLB, script included."""
    context = await browser.new_context(viewport={"width": 640, "height": 480})
    page = await context.new_page()
    html = f"<canvas width=640 height=480></canvas><script>window.glb={blob!r}</script><script src=/plain.js></script>"
    await page.route(f"{url}/plain", lambda route: route.fulfill(body=html, content_type="text/html"))
    await page.route(f"{url}/plain.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    await slow_line(page)
    await page.goto(f"{url}/plain", wait_until="commit")
    drawn = await page.wait_for_function("() => window.firstPixel", timeout=180_000)
    milliseconds = float(await drawn.json_value())
    await context.close()
    return milliseconds


async def measure() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        async with studio(Path(folder) / "data", peer=True) as server, chromium() as browser:
            project = await server.create_project("Million")
            began = time.perf_counter()
            job = await server.import_files(project, {"million.stl": stl_heightfield(CELLS)})
            await server.succeeded(project, job, timeout=300)
            imported = time.perf_counter() - began
            scene = await server.scene(project)
            (mesh,) = scene["meshes"].values()
            plain = f"/api/v1/projects/{project}/blobs/{mesh['geometry']}?plain=1"
            size = len(await server.blob(project, mesh["geometry"], plain="1"))
            stored = len(await server.blob(project, mesh["geometry"]))
            script = bundle(HERE / "plain_viewer.mjs", Path(folder))
            ours = [await open_ours(browser, server.url, project, mesh["triangles"]) for _ in range(RUNS)]
            theirs = [await open_plain(browser, server.url, plain, script) for _ in range(RUNS)]
    first, full, peer = median([a for a, _ in ours]), median([b for _, b in ours]), median(theirs)
    return Table(
        "Opening a million triangles",
        f"{mesh['triangles']:,} triangles, imported in {imported:.1f} s; 20 Mbit/s and 40 ms, cold cache, medians of "
        f"{RUNS}. The plain GLB weighs {size / 1e6:.1f} MB, the stored geometry {stored / 1e6:.1f} MB.",
        ("", "first pixel s", "full detail s"),
        [("Maquette", first / 1000, full / 1000), ("three.js, plain GLB", peer / 1000, peer / 1000)],
        [
            goal(first < peer, f"first pixel {peer / first:.1f}× sooner"),
            goal(full < peer, f"full detail {peer / full:.1f}× sooner"),
        ],
    )


def run() -> Table:
    return asyncio.run(measure())
