"""How much JavaScript a newcomer downloads before the start page and before an empty project can be used."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.benchmarks.report import Table, goal
from tests.support.browser import chromium, person
from tests.support.studio import Studio, studio

GOAL_KB = 450


async def scripts_of(server: Studio, path: str, ready: str) -> float:
    """Kilobytes of scripts as they come over the wire until `ready` is on the page."""
    sizes: list[float] = []
    async with chromium() as browser, person(browser, server.url) as visitor:
        devtools = await visitor.context.new_cdp_session(visitor.page)
        kinds: dict[str, str] = {}
        devtools.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
        devtools.on(
            "Network.loadingFinished",
            lambda event: kinds.get(event["requestId"]) == "Script" and sizes.append(event["encodedDataLength"] / 1024),
        )
        await devtools.send("Network.enable")
        await visitor.open(path)
        await visitor.page.wait_for_selector(ready)
        await visitor.page.wait_for_load_state("networkidle")
    return sum(sizes)


async def measure() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        async with studio(Path(folder), peer=False) as server:
            project = await server.create_project("Empty")
            start = await scripts_of(server, "/", "[data-testid=new-project]")
            editor = await scripts_of(server, f"/p/{project}", "[data-testid=viewport]")
    return Table(
        "Initial JavaScript",
        "Bytes of scripts over the wire (gzip), cold cache, until the page is quiet; workers load theirs later.",
        ("page", "KB"),
        [("start page", start), ("editor, empty project", editor)],
        [goal(editor <= GOAL_KB, f"{editor:.0f} KB for the editor, goal ≤ {GOAL_KB} KB")],
    )


def run() -> Table:
    return asyncio.run(measure())
