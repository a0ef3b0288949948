"""A binary STL of 10 million triangles (500 MB): from upload to the last level, and what it takes in memory."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.benchmarks.report import Table
from tests.support.files import stl_heightfield
from tests.support.studio import studio

CELLS = 2237
GB = 1024**3


class Peak:
    """The greatest resident size of a process, and of its children together, sampled ten times a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.server = self.children = self.cpu = 0.0
        self._cpu_of: dict[int, float] = {}

    async def watch(self) -> None:
        while True:
            self.server = max(self.server, self._process.memory_info().rss / GB)
            total = 0
            for child in self._process.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    total += child.memory_info().rss
                    times = child.cpu_times()
                    self._cpu_of[child.pid] = times.user + times.system
            self.children, self.cpu = max(self.children, total / GB), sum(self._cpu_of.values())
            await asyncio.sleep(0.1)


async def measure() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        async with studio(Path(folder), peer=True) as server:
            project = await server.create_project("Large")
            peak = Peak(server.pid)
            watching = asyncio.create_task(peak.watch())
            file = Path(folder) / "large.stl"
            file.write_bytes(stl_heightfield(CELLS))
            began = time.perf_counter()
            with file.open("rb") as stream:
                job = await server.import_files(project, {"large.stl": stream})
            uploaded = time.perf_counter()
            await server.succeeded(project, job, timeout=540)
            done = time.perf_counter()
            watching.cancel()
    return Table(
        "A 10 M-triangle STL",
        f"{2 * CELLS * CELLS:,} triangles, 500 MB, welded, encoded, with all its levels of detail.",
        ("upload s", "import s", "CPU s of the peer", "peak GB server", "peak GB peer and workers"),
        [(uploaded - began, done - uploaded, peak.cpu, peak.server, peak.children)],
        ["no goal was set; the figures are for the record"],
    )


def run() -> Table:
    return asyncio.run(measure())
