"""From an edit in one browser to the other browser, on loopback; every update is committed before it is shown."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import crdt
from crdt.document import SceneDocument
from tests.benchmarks.report import Table, goal, percentile
from tests.support.browser import Person, chromium, person
from tests.support.studio import studio

EDITS = 300
CLIENTS = 10
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


async def in_a_full_room() -> Table:
    """Ten scripts in one room, each renaming its node in turn; the time until each of the nine others has the name."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = await stack.enter_async_context(studio(Path(folder), peer=False))
        project = await server.create_project("Full")
        made = await server.edit(project, [{"edit": "node.add"} for _ in range(CLIENTS)])
        url = f"{server.url}/p/{project}"
        scenes = [await stack.enter_async_context(crdt.join(url, name=f"script {n}")) for n in range(CLIENTS)]
        delays: list[float] = []
        for number in range(EDITS):
            delays += await rename_and_wait(scenes, number % CLIENTS, made, f"edit {number}")
    p50, p95, p99 = (percentile(delays, p) for p in (50, 95, 99))
    return Table(
        "An edit to nine others",
        f"{CLIENTS} Python clients in one room and one process, {EDITS} renames one after the other.",
        ("p50 ms", "p95 ms", "p99 ms"),
        [(p50, p95, p99)],
        [goal(p95 < 200, f"p95 {p95:.1f} ms, goal below 200 ms with 10 clients")],
    )


async def rename_and_wait(scenes: list[SceneDocument], writer: int, made: list[str], name: str) -> list[float]:
    """Milliseconds until each other replica holds the new name."""
    began, node, loop = time.perf_counter(), made[writer], asyncio.get_running_loop()
    waiting = {n: asyncio.Event() for n in range(len(scenes)) if n != writer}
    arrived: list[float] = []

    def look(number: int) -> None:
        if not waiting[number].is_set() and scenes[number].value_at(("nodes", node, "name")) == name:
            arrived.append(1000 * (time.perf_counter() - began))
            waiting[number].set()

    def watch(number: int) -> Any:
        # A document may not be read while its own transaction is being told.
        return scenes[number].doc.observe(lambda _event: loop.call_soon(look, number))

    watches = [watch(number) for number in waiting]
    scenes[writer].set("nodes", node, "name", name)
    await asyncio.gather(*(event.wait() for event in waiting.values()))
    for number, subscription in zip(waiting, watches, strict=True):
        scenes[number].doc.unobserve(subscription)
    return arrived


async def both() -> list[Table]:
    return [await measure(), await in_a_full_room()]


def run() -> list[Table]:
    return asyncio.run(both())
