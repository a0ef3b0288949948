"""Opening an imported project of a million triangles over a slow line, against three.js loading the plain GLB.

Both come from the same server. Both pages are cold (a fresh browser context), at 20 Mbit/s and 40 ms, 640 × 480,
software WebGL; the script of the peer page is not counted against it. The time to import is told apart.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

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

WATCH = """
window.drawn = [];
new MutationObserver(() => {
  const canvas = document.querySelector('canvas[data-triangles]');
  const triangles = Number(canvas?.dataset.triangles ?? 0);
  if (triangles === 0 || triangles === window.drawn.at(-1)?.triangles) return;
  const gl = canvas.getContext('webgl2');
  const read = (x, y) => {
    const pixel = new Uint8Array(4);
    gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    return [...pixel];
  };
  const [middle, corner] = [read(canvas.width / 2, canvas.height / 2), read(4, 4)];
  window.drawn.push({ triangles, at: performance.now(), middle, corner });
}).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-triangles'] });
"""
"""The view writes how many triangles it drew. Within the same task the pixels are still there, and reading one waits
until they are drawn: the same measure as the peer's."""


async def slow_line(page: Page) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", LINE)


async def open_ours(browser: Browser, url: str, project: str, triangles: int) -> list[dict[str, Any]]:
    """What was drawn and when, from the first triangles to the last, for a person who touches nothing."""
    async with person(browser, url, "Ada", (640, 480)) as ada:
        await ada.page.add_init_script(WATCH)
        await slow_line(ada.page)
        await ada.page.goto(f"{url}/p/{project}", wait_until="commit")
        all_drawn = "all => window.drawn.at(-1)?.triangles >= all"
        await ada.page.wait_for_function(all_drawn, arg=triangles, polling=250, timeout=120_000)
        drawn: list[dict[str, Any]] = await ada.eval("window.drawn")
    for frame in drawn:
        assert differ(frame["middle"], frame["corner"]), f"the model is not to be seen: {frame}"
    return drawn


def differ(one: list[int], other: list[int]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 30


async def open_plain(browser: Browser, url: str, blob: str, script: str) -> float:
    """Milliseconds until three.js has drawn the plain GLB, script included."""
    context = await browser.new_context(viewport={"width": 640, "height": 480})
    page = await context.new_page()
    html = f"<canvas width=640 height=480></canvas><script>window.glb={blob!r}</script><script src=/plain.js></script>"
    await page.route(f"{url}/plain", lambda route: route.fulfill(body=html, content_type="text/html"))
    await page.route(f"{url}/plain.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    await slow_line(page)
    await page.goto(f"{url}/plain", wait_until="commit")
    await page.wait_for_function("() => window.drawn", polling=250, timeout=180_000)
    drawn = await page.evaluate("window.drawn")
    await context.close()
    assert differ(drawn["middle"], drawn["corner"]), f"the peer's model is not to be seen: {drawn}"
    return float(drawn["at"])


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
            ours, theirs = [], []
            for _ in range(RUNS):  # in turn, so that both meet the same load
                ours.append(await open_ours(browser, server.url, project, mesh["triangles"]))
                theirs.append(await open_plain(browser, server.url, plain, script))
    first, full = median([drawn[0]["at"] for drawn in ours]), median([drawn[-1]["at"] for drawn in ours])
    peer, begun = median(theirs), ours[0][0]["triangles"]
    return Table(
        "Opening a million triangles",
        f"{mesh['triangles']:,} triangles, imported in {imported:.1f} s; 20 Mbit/s and 40 ms, cold cache, medians of "
        f"{RUNS}. The plain GLB weighs {size / 1e6:.1f} MB, the stored geometry {stored / 1e6:.1f} MB. Ours begins "
        f"with {begun:,} triangles. Times are of pixels read back; ours include the editor's scripts, the peer's none.",
        ("", "first pixel s", "full detail s"),
        [("Maquette", first / 1000, full / 1000), ("three.js, plain GLB", peer / 1000, peer / 1000)],
        [
            goal(first * 4 <= peer, f"first pixel {peer / first:.1f}× sooner, goal 4×"),
            goal(full < peer, f"full detail {peer / full:.1f}× sooner, goal 1×"),
        ],
    )


def run() -> Table:
    return asyncio.run(measure())
