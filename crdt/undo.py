"""Our own undo (SPEC U2–U5): forward transactions that give back what nobody has changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Map

from crdt.document import Document, SceneDocument
from crdt.moves import check_order, first_order, is_within, place_at, place_of
from crdt.nodes import now_ms
from crdt.schema import ROOT
from crdt.steps import ABSENT, Change, Path, Step, merge, same
from crdt.tree import Place
from crdt.values import fields

__all__ = ["Outcome", "Step", "UndoStack", "merge", "revert"]

LIMIT = 500
"""Steps that a stack remembers."""


@dataclass(frozen=True)
class Outcome:
    """What an undo or redo did: its own step (the inverse), and the paths that others have changed since."""

    step: Step
    kept: list[Path] = field(default_factory=list)


class UndoStack:
    """One person's steps on one document.

    >>> stack = UndoStack(scene)                      # doctest: +SKIP
    >>> with scene.transact(label="Rename") as step:  # doctest: +SKIP
    ...     scene.set("nodes", chair, "name", "Stool")
    >>> stack.push(step)                              # doctest: +SKIP
    """

    def __init__(self, document: Document, clock: Callable[[], int] = now_ms) -> None:
        self._document = document
        self._clock = clock
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    @property
    def undo_label(self) -> str:
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        return self._undone[-1].label if self._undone else ""

    def push(self, step: Step) -> None:
        """Adds a step and forgets what was undone. Consecutive steps with the same merge key become one."""
        if not step:
            return
        self._undone.clear()
        if step.merge_key is not None and self._done and self._done[-1].merge_key == step.merge_key:
            step = merge(self._done.pop(), step)
        if step:
            self._done.append(step)
        del self._done[:-LIMIT]

    def seal(self) -> None:
        """Ends a run of steps that merge."""
        if self._done:
            last = self._done[-1]
            self._done[-1] = Step(last.changes, last.label)

    def undo(self) -> Outcome | None:
        """None where there is nothing to undo."""
        return self._turn(self._done, self._undone)

    def redo(self) -> Outcome | None:
        return self._turn(self._undone, self._done)

    def _turn(self, source: list[Step], target: list[Step]) -> Outcome | None:
        if not source:
            return None
        outcome = revert(self._document, source.pop(), self._clock())
        if outcome.step:
            target.append(outcome.step)
        return outcome


def revert(document: Document, step: Step, at: int) -> Outcome:
    """Turns a step around where the document still is as the step left it (U3). `at`: milliseconds, for trash marks."""
    kept: list[Path] = []
    with document.transact("undo", label=step.label) as inverse:
        for change in step.changes:
            if "create" in change:
                _revert_creation(document, change, at)
            elif "path" in change and not _revert_value(document, change):
                kept.append(tuple(change["path"]))
        if isinstance(document, SceneDocument):
            moves = [change for change in step.changes if "move" in change]
            kept += [("nodes", change["move"], "parents") for change in _revert_moves(document, moves)]
    return Outcome(inverse, sorted(kept))


def _revert_creation(document: Document, change: Change, at: int) -> None:
    """Trashes the record, where its kind can be trashed; others are left."""
    root, record_id = change["create"]
    model = document.RECORDS.get(root)
    if model is None or "trashed" not in fields(model) or document.record(root, record_id) is None:
        return
    if document.value_at((root, record_id, "trashed")) is ABSENT:
        document.write_path((root, record_id, "trashed"), {"by": "", "at": at})


def _revert_value(document: Document, change: Change) -> bool:
    path: Path = tuple(change["path"])
    before, after = change.get("before", ABSENT), change.get("after", ABSENT)
    if not _holder_exists(document, path) or not same(document.value_at(path), after):
        return False
    document.write_path(path, before)
    return True


def _holder_exists(document: Document, path: Path) -> bool:
    if path[0] not in document.ROOTS or len(path) < 2:
        return False
    holder: Any = document.map(path[0])
    for key in path[1:-1]:
        holder = holder.get(key)
        if not isinstance(holder, Map):
            return False
    return True


def _revert_moves(scene: SceneDocument, moves: list[Change]) -> list[Change]:
    """Moves back what can be; a move that waits for another of the same step is tried again. Returns the rest."""
    waiting = moves
    while waiting:
        rest = [change for change in waiting if not _revert_move(scene, change)]
        if len(rest) == len(waiting):
            return rest
        waiting = rest
    return []


def _revert_move(scene: SceneDocument, change: Change) -> bool:
    node, before, after = change["move"], change["before"], change["after"]
    if scene.record("nodes", node) is None or place_of(scene, node) != Place(after["parent"], after["order"]):
        return False
    parent = before["parent"]
    if parent != ROOT and (scene.record("nodes", parent) is None or is_within(scene, parent, node)):
        return False
    order = before["order"] or first_order(scene)
    place_at(scene, node, parent, check_order(order))
    return True
