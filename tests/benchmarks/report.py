"""What a benchmark returns, and how it is written down."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """One benchmark's figures. verdict: one line a goal, starting with `met` or `missed`."""

    title: str
    about: str
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    verdict: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", self.about, ""]
        lines += ["| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
        lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in self.rows]
        lines += ["", *(f"- {line}" for line in self.verdict)]
        return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def percentile(values: Sequence[float], p: float) -> float:
    """The p-th percentile (0–100), by linear interpolation."""
    ordered = sorted(values)
    at = (len(ordered) - 1) * p / 100
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def goal(met: bool, text: str) -> str:
    return f"{'met' if met else 'missed'}: {text}"
