"""From an edit in one browser to the other browser, on loopback; every update is committed before it is shown."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.benchmarks.report import Table, goal, percentile
from tests.support.browser import Person, chromium, person
from tests.support.studio import studio

EDITS = 300
WARM_UP = 20
NOW = "performance.timeOrigin + performance.now()"

WATCH = f"""() => {{
  const {{ store }} = window.maquette.project;
  window.seen = {{}};
  store.subscribeAll(() => {{
    const node = store.node(store.roots()[0]);
    if (node) window.seen[node.name] ??= {NOW};
  }});
}}"""
EDIT = f"""name => {{
  const {{ project }} = window.maquette;
  const at = {NOW};
  project.edit("Rename", () => project.scene.set("nodes", project.store.roots()[0], "name", name));
  return at;
}}"""


async def measure() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        async with studio(Path(folder), peer=False) as server, chromium() as browser:
            project = await server.create_project("Latency")
            await server.edit(project, [{"edit": "node.add", "name": "start"}])
            async with (
                person(browser, server.url, "Ada", (640, 480)) as ada,
                person(browser, server.url, "Ben", (640, 480)) as ben,
            ):
                delays = await between(ada, ben, project)
    p50, p95, p99 = (percentile(delays, p) for p in (50, 95, 99))
    return Table(
        "An edit to the other's scene",
        f"{len(delays)} renames, 20 a second, two Chromium windows and the server on the same machine.",
        ("p50 ms", "p95 ms", "p99 ms"),
        [(p50, p95, p99)],
        [goal(p95 < 100, f"p95 {p95:.1f} ms, goal below 100 ms")],
    )


async def between(ada: Person, ben: Person, project: str) -> list[float]:
    await ada.open_project(project)
    await ben.open_project(project)
    await ben.eval(WATCH)
    sent: dict[str, float] = {}
    for number in range(EDITS + WARM_UP):
        sent[f"edit {number}"] = await ada.eval(EDIT, f"edit {number}")
        await asyncio.sleep(0.05)
    await ben.until("last => window.seen[last] !== undefined", f"edit {EDITS + WARM_UP - 1}")
    seen: dict[str, float] = await ben.eval("window.seen")
    return [seen[name] - at for name, at in list(sent.items())[WARM_UP:] if name in seen]


def run() -> Table:
    return asyncio.run(measure())
