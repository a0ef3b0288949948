"""Tables of docs/operations.md that are made from the code: settings and metrics.

`python -m server.reference` writes them between their marks; a test holds the page to it.
"""

from __future__ import annotations

import re
from pathlib import Path

from server.metrics import LoopLag, Metrics
from server.settings import Settings
from server.telemetry import Telemetry

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"


def settings_table() -> str:
    """Every setting with its default."""
    rows = (
        f"| `MAQUETTE_{name.upper()}` | {_default(field.default)} | {_cell(field.description or '')} |"
        for name, field in sorted(Settings.model_fields.items())
    )
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def metrics_table() -> str:
    """Every metric of ours with its labels."""
    telemetry = Telemetry()
    Metrics(telemetry).watch_rooms(list)
    LoopLag(telemetry)
    rows = (
        f"| `{source.family().name}` | {source.family().type} | {_cell(source.family().documentation)} |"
        for _, source in sorted(telemetry.sources.items())
    )
    return "\n".join(["| metric | kind | meaning |", "|---|---|---|", *rows])


def filled(page: str) -> str:
    """The page with both tables as they are now."""
    for name, table in (("settings", settings_table()), ("metrics", metrics_table())):
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = marks.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", page)  # type: ignore[misc]
    return page


def _default(value: object) -> str:
    return f"`{value}`" if value not in (None, "", [], {}) else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
