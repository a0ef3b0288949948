"""Steps: what one transaction changed, as values (SPEC U1, U6). Plain JSON, the same in Python and TypeScript."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crdt.canonical import equal, utf16

Path = tuple[str, ...]
Change = dict[str, Any]


class Absent:
    """No value under a key, which is not the same as null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass
class Step:
    """One undoable decision of a person.

    changes: their order means nothing; here creations, then moves, then values, each sorted by path.
    """

    changes: list[Change] = field(default_factory=list)
    label: str = ""
    merge_key: str | None = None

    def __bool__(self) -> bool:
        return bool(self.changes)

    def as_json(self) -> list[Change]:
        return self.changes

    @staticmethod
    def from_json(changes: Iterable[Change], label: str = "") -> Step:
        """A step that travelled, such as a job's `result.step` (U5)."""
        return Step(_sorted(changes), label)


def value_change(path: Path, before: Any, after: Any) -> Change:
    change: Change = {"path": list(path)}
    if before is not ABSENT:
        change["before"] = before
    if after is not ABSENT:
        change["after"] = after
    return change


def create_change(root: str, record: str) -> Change:
    return {"create": [root, record]}


def move_change(node: str, before: tuple[str, str], after: tuple[str, str]) -> Change:
    """before and after: (parent, order) of the effective edge."""
    return {
        "move": node,
        "before": {"parent": before[0], "order": before[1]},
        "after": {"parent": after[0], "order": after[1]},
    }


def target(change: Change) -> tuple[int, tuple[bytes, ...]]:
    """What a change is about; also its place in a step."""
    if "create" in change:
        return 0, tuple(map(utf16, change["create"]))
    if "move" in change:
        return 1, (utf16(change["move"]),)
    return 2, tuple(map(utf16, change["path"]))


def _sorted(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=target)


def same(a: Any, b: Any) -> bool:
    """Whether two values, or their absence, are the same."""
    return a is b if a is ABSENT or b is ABSENT else equal(a, b)


def is_idle(change: Change) -> bool:
    """Whether a change leaves everything as it was."""
    if "create" in change:
        return False
    return same(change.get("before", ABSENT), change.get("after", ABSENT))


def merge(first: Step, second: Step) -> Step:
    """One step from two: the first `before` and the last `after` of each thing; what ends as it began vanishes (U6)."""
    merged = {target(change): change for change in first.changes}
    for change in second.changes:
        earlier = merged.get(target(change))
        merged[target(change)] = change if earlier is None else _joined(earlier, change)
    changes = [change for change in merged.values() if not is_idle(change)]
    return Step(_sorted(changes), second.label or first.label, second.merge_key)


def _joined(earlier: Change, later: Change) -> Change:
    joined = {key: value for key, value in later.items() if key != "before"}
    if "before" in earlier:
        joined["before"] = earlier["before"]
    return joined


def ordered(changes: Iterable[Change]) -> list[Change]:
    """Changes as a step holds them: without those that change nothing, in order."""
    return _sorted(change for change in changes if not is_idle(change))
