"""Joining a document after 10,000 edits when the server has just started (REQUIREMENTS 1.11)."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import httpx

import crdt
from crdt import nodes
from crdt.client import LiveScene
from tests.benchmarks.report import Table, goal, median
from tests.support.studio import Studio, studio

EDITS = 10_000
NODES = 200
RUNS = 5
GOAL = 2.0


async def edit_often(scene: LiveScene) -> None:
    """Each edit is an update message of its own; every 100th waits until all are saved, so that there are many rows."""
    made = [nodes.add(scene, name=f"node {number}") for number in range(NODES)]
    for number in range(EDITS - NODES):
        scene.set("nodes", made[number % NODES], "translation", (number, 0, 0))
        if number % 100 == 0:
            await scene.saved()
    await scene.saved()


async def join_cold(server: Studio, project: str) -> tuple[float, float]:
    """Seconds from the first request to the synced replica, and those of a second client that joins at once after."""
    await server.kill()
    await server.start()
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        async with crdt.join(f"{server.url}/p/{project}", name="bench") as scene:
            seconds.append(time.perf_counter() - began)
            assert len(scene.ids("nodes")) == NODES
    return seconds[0], seconds[1]


async def measure() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        async with studio(Path(folder), peer=False) as server:
            project = await server.create_project("Edited often")
            async with crdt.join(f"{server.url}/p/{project}", name="bench") as scene:
                await edit_often(scene)
                size = len(scene.update())
            async with httpx.AsyncClient(base_url=server.url) as client:
                seq = (await client.get(f"/api/v1/projects/{project}/scene")).json()["seq"]
            found = [await join_cold(server, project) for _ in range(RUNS)]
    cold, warm = median([first for first, _ in found]), median([second for _, second in found])
    return Table(
        "Joining after 10,000 edits",
        f"{EDITS:,} edits of {NODES} nodes in {seq:,} rows of the log; the document weighs {size / 1000:.0f} KB. The "
        f"server is killed and started before each of {RUNS} joins; medians.",
        ("join", "seconds"),
        [("cold: the room is loaded from the log", cold), ("the next one", warm)],
        [goal(cold < GOAL, f"cold join in {cold:.2f} s, under {GOAL:g} s")],
    )


def run() -> Table:
    return asyncio.run(measure())
