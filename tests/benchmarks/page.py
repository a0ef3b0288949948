"""docs/benchmarks.md: one section for each benchmark, rewritten when it runs and kept as it stands when it does not."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tests.benchmarks.report import Table

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
SECTION = re.compile(r"<!-- (\w+) -->\n(.*?)(?=<!-- \w+ -->\n|\Z)", re.DOTALL)


def write_section(name: str, tables: Sequence[Table]) -> str:
    """Put these tables in the place of the section's last ones; the text that was written."""
    sections = dict(SECTION.findall(PAGE.read_text())) if PAGE.exists() else {}
    text = "\n".join(table.markdown() for table in tables)
    sections[name] = f"{text}\nMeasured {date.today().isoformat()}.\n\n"
    PAGE.write_text(_head() + "".join(f"<!-- {key} -->\n{sections[key]}" for key in sorted(sections)))
    return text


def _head() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    return (
        "# Benchmarks\n\nMade by `make bench`, `make bench-sync` and `make soak-faults`; never edited by hand. "
        f"Ratios hold better than absolute times: the machine is small and noisy ({machine}).\n\n"
    )
