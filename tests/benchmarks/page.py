"""docs/benchmarks.md: one section for each benchmark, kept as it stands until that benchmark runs again."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tests.benchmarks.report import Table

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_SECTION = re.compile(r"<!-- (\w+) -->\n(.*?)(?=<!-- \w+ -->\n|\Z)", re.DOTALL)


def put_section(name: str, tables: Sequence[Table], page: Path = PAGE) -> None:
    """Replace one section, or add it; sections stand in the order of their names."""
    text = "\n".join(table.markdown() for table in tables)
    sections = dict(_SECTION.findall(page.read_text())) if page.exists() else {}
    sections[name] = f"{text}\nMeasured {date.today().isoformat()}.\n\n"
    page.write_text(_head() + "".join(f"<!-- {key} -->\n{sections[key]}" for key in sorted(sections)))


def _head() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    return (
        "# Benchmarks\n\nMade by `make bench` and `make bench-sync`; never edited by hand. Ratios hold better than "
        f"absolute times: the machine is small and noisy ({machine}).\n\n"
    )
