"""Runs the benchmarks and writes docs/benchmarks.md: `python -m tests.benchmarks [name…]`.

A name selects modules `bench_{name}.py`; without any, all run. A module offers `run() -> Table | list[Table]`. Tables
of modules that did not run this time are kept as they stand.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tests.benchmarks.page import put_section
from tests.benchmarks.report import Table

HERE = Path(__file__).parent


def main(names: list[str]) -> None:
    everything = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    for name in names or everything:
        print(f"== {name}", flush=True)
        result = importlib.import_module(f"tests.benchmarks.bench_{name}").run()
        tables: list[Table] = result if isinstance(result, list) else [result]
        print("\n".join(table.markdown() for table in tables), flush=True)
        put_section(name, tables)


if __name__ == "__main__":
    main(sys.argv[1:])
