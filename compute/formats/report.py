"""The report of an import or export: equal lines counted together, in the order in which they first came."""

from __future__ import annotations

from dataclasses import dataclass, field

from compute.scene import ReportEntry, ReportKind


@dataclass
class Report:
    _entries: dict[tuple[str, str, str], ReportEntry] = field(default_factory=dict)

    def add(self, kind: ReportKind, what: str, text: str, count: int = 1) -> None:
        """Note one thing (or `count` of them); the same sentence again only raises its count."""
        key = (kind, what, text)
        if key in self._entries:
            self._entries[key].count += count
        else:
            self._entries[key] = ReportEntry(kind, what, text, count)

    @property
    def entries(self) -> list[ReportEntry]:
        return list(self._entries.values())
