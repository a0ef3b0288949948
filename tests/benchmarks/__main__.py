"""Runs the benchmarks and writes docs/benchmarks.md: `python -m tests.benchmarks [name…]`.

A name selects modules `bench_{name}.py`; without any, all run. A module offers `run() -> Table | list[Table]`. Tables
of modules that did not run this time are kept as they stand.
"""

from __future__ import annotations

import importlib
import os
import platform
import re
import sys
from datetime import date
from pathlib import Path

from tests.benchmarks.report import Table

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "benchmarks.md"
SECTION = re.compile(r"<!-- (\w+) -->\n(.*?)(?=<!-- \w+ -->\n|\Z)", re.DOTALL)


def head() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    return (
        "# Benchmarks\n\nMade by `make bench`; never edited by hand. Ratios hold better than absolute times: "
        f"the machine is small and noisy ({machine}).\n\n"
    )


def main(names: list[str]) -> None:
    everything = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    sections = dict(SECTION.findall(PAGE.read_text())) if PAGE.exists() else {}
    for name in names or everything:
        print(f"== {name}", flush=True)
        result = importlib.import_module(f"tests.benchmarks.bench_{name}").run()
        tables: list[Table] = result if isinstance(result, list) else [result]
        text = "\n".join(table.markdown() for table in tables)
        print(text, flush=True)
        sections[name] = f"{text}\nMeasured {date.today().isoformat()}.\n\n"
        PAGE.write_text(head() + "".join(f"<!-- {n} -->\n{sections[n]}" for n in everything if n in sections))


if __name__ == "__main__":
    main(sys.argv[1:])
