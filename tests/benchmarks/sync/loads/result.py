"""What one run of one load on one server gave."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Result:
    """figures: by name, in the units of the load's columns. notes: what the reader must know of this very run."""

    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
