"""`python -m tests.drills [--faults 200] [--seed 1] [--only solo|cluster]`: the fault drills, and their table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.page import put_section
from tests.benchmarks.report import Table
from tests.drills.cluster import cluster
from tests.drills.faults import Log, drill
from tests.drills.isolation import missing
from tests.drills.load import crowd
from tests.drills.solo import solo

SYSTEMS = {"solo": solo, "cluster": cluster}
SHARE = {"solo": 0.4, "cluster": 0.6}


async def run(name: str, faults: int, seed: int) -> Table:
    log = Log()
    with tempfile.TemporaryDirectory(prefix="maquette-drill-") as folder:
        async with SYSTEMS[name](Path(folder)) as system, crowd(system.pages, system.token) as people:
            await drill(system, people, faults, seed, log)
    return log.table(f"Faults and recovery: {system.name}")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.drills")
    options.add_argument("--faults", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", choices=sorted(SYSTEMS))
    chosen = options.parse_args()
    if (lack := missing()) is not None:
        sys.exit(lack)
    for name in [chosen.only] if chosen.only else SYSTEMS:
        share = 1.0 if chosen.only else SHARE[name]
        table = asyncio.run(run(name, round(chosen.faults * share), chosen.seed))
        print(table.markdown(), flush=True)
        put_section(f"drills_{name}", [table])


if __name__ == "__main__":
    main()
