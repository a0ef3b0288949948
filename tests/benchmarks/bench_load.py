"""What a small machine carries (issue 3, 5): a hundred people at work, then a thousand who look on."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.report import Table, goal
from tests.benchmarks.sync.loads.editing import Editing
from tests.benchmarks.sync.loads.result import Result
from tests.benchmarks.sync.processes import MB, forget_peak, peak_resident, resident
from tests.benchmarks.sync.servers.maquette import Maquette

SECONDS = 60.0
P95_MS, GROWTH_MB = 1000, 200


@dataclass(frozen=True)
class Case:
    name: str
    load: Editing


CASES = (
    Case(
        "100 in 10 rooms, each edits once a second", Editing(rooms=10, clients=10, writers=10, rate=1, seconds=SECONDS)
    ),
    Case(
        "1,000 in 100 rooms, one of each ten edits every 5 s",
        Editing(rooms=100, clients=10, writers=1, rate=0.2, seconds=SECONDS, warm_up=5),
    ),
)


async def measure_case(case: Case, folder: Path) -> tuple[Result, float, float]:
    """The result, the server's memory before anybody came and its growth at the highest, in MB."""
    with Maquette().run(folder, None) as running:
        before = resident(running.processes)
        forget_peak(running.processes)
        result = await case.load.run(running)
        return result, before / MB, (peak_resident(running.processes) - before) / MB


def run() -> Table:
    table = Table(
        "Many people on one server",
        "One server process with accounts, validation and the durable log on; the clients share its two cores. Every "
        "client's document equals the server's at the end. Growth: of resident memory at its highest, over the server "
        "without anybody.",
        ("load", "deliveries / s", "p50 ms", "p95 ms", "p99 ms", "cores in use", "MB alone", "growth MB"),
    )
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            result, before, growth = asyncio.run(measure_case(case, Path(folder)))
        figures = result.figures
        table.rows.append(
            (case.name, *(round(figures[name], 3) for name in ("rate", "p50", "p95", "p99", "cores")), before, growth)
        )
        met = figures["p95"] < P95_MS and growth < GROWTH_MB
        text = f"{case.name}: p95 {figures['p95']:.0f} ms, goal {P95_MS}; {growth:.0f} MB more, goal {GROWTH_MB}"
        table.verdict.append(goal(met, f"{text}; nobody diverged"))
    return table
