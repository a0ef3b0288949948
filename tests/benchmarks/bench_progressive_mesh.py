"""The levels of a model of 200,000 triangles over HTTP: how soon the first usable one is there (REQUIREMENTS 6.8)."""

from __future__ import annotations

import asyncio
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.report import Table, goal, median
from tests.support.files import stl_heightfield
from tests.support.studio import studio

CELLS = 317
RUNS = 7
GOAL = 0.3


async def fetch(url: str, path: str, level: int) -> tuple[float, int]:
    """Seconds on a fresh connection, and bytes of a level's geometry."""
    async with httpx.AsyncClient(base_url=url, follow_redirects=True) as client:
        began = time.perf_counter()
        answer = await client.get(path, params={"level": level})
        answer.raise_for_status()
        return time.perf_counter() - began, len(answer.content)


def triangles_of(mesh: dict[str, Any], level: int) -> int:
    return int(mesh["levels"][str(level)]["triangles"] if level else mesh["triangles"])


async def measure() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        async with studio(Path(folder), peer=True) as server:
            project = await server.create_project("Detail")
            job = await server.import_files(project, {"field.stl": stl_heightfield(CELLS)})
            await server.succeeded(project, job, timeout=300)
            ((id, mesh),) = (await server.scene(project))["meshes"].items()
            path = f"/api/v1/projects/{project}/meshes/{id}/geometry"
            levels = [*sorted(map(int, mesh["levels"]), reverse=True), 0]
            rows = []
            for level in levels:
                found = [await fetch(server.url, path, level) for _ in range(RUNS)]
                rows.append((level, triangles_of(mesh, level), found[0][1], median([seconds for seconds, _ in found])))
    seconds, growing = rows[0][3], all(a[1] < b[1] and a[2] < b[2] for a, b in pairwise(rows))
    return Table(
        "Levels of a model over HTTP",
        f"{mesh['triangles']:,} triangles; each level asked for by number on a connection of its own, redirect "
        f"included; medians of {RUNS}.",
        ("level", "triangles", "bytes", "seconds"),
        rows,
        [
            goal(seconds < GOAL, f"the first level is there after {seconds * 1000:.0f} ms, under {GOAL * 1000:.0f} ms"),
            goal(growing, "each level has more detail than the one before"),
        ],
    )


def run() -> Table:
    return asyncio.run(measure())
