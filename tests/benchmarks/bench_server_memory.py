"""Memory of the server process: idle, and with a project of 10,000 nodes open."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import psutil

import crdt
from crdt import nodes
from tests.benchmarks.report import Table
from tests.support.studio import Studio, studio

NODES = 10_000
MB = 1024 * 1024


def resident(server: Studio) -> float:
    """Megabytes of the server process alone, without its peer."""
    return psutil.Process(server.pid).memory_info().rss / MB


async def measure() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        async with studio(Path(folder), peer=False) as server:
            idle = resident(server)
            project = await server.create_project("Many")
            async with crdt.join(f"{server.url}/p/{project}", name="bench") as scene:
                with scene.transact():
                    for number in range(NODES):
                        nodes.add(scene, name=f"node {number}", translation=(number, 0, 0))
                await scene.saved()
                filled = resident(server)
                size = len(scene.update())
            await server.kill()
            await server.start()
            async with crdt.join(f"{server.url}/p/{project}", name="bench") as scene:
                assert len(scene.ids("nodes")) == NODES
                reloaded = resident(server)
    return Table(
        "Server memory",
        "Resident size of the server process, its compute peer not counted.",
        ("state", "MB"),
        [
            ("idle", idle),
            (f"{NODES:,} nodes made in one transaction ({size / MB:.1f} MB of document)", filled),
            ("the same project, opened after a restart", reloaded),
        ],
        [f"10,000 nodes cost {reloaded - idle:.0f} MB over idle"],
    )


def run() -> Table:
    return asyncio.run(measure())
