"""Which records a transaction touched, and how: told by the document's own events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crdt.document import Document

Thing = tuple[str, str]
"""A record: (root, id)."""

ADDED, MOVED, TRASHED, RESTORED, CHANGED, REMOVED = "added", "moved", "trashed", "restored", "changed", "removed"


@dataclass(slots=True)
class Touch:
    """actions: what happened to each record. keys: which of its values changed."""

    actions: dict[Thing, set[str]] = field(default_factory=dict)
    keys: dict[Thing, set[str]] = field(default_factory=dict)

    @property
    def only_adds(self) -> bool:
        return all(ADDED in actions for actions in self.actions.values())

    @property
    def kinds(self) -> set[tuple[str, str]]:
        """What was done to which kind of records: (root, action)."""
        return {(root, action) for (root, _), actions in self.actions.items() for action in actions}

    def note(self, thing: Thing, action: str, key: str = "") -> None:
        self.actions.setdefault(thing, set()).add(action)
        if key:
            self.keys.setdefault(thing, set()).add(key)

    def join(self, other: Touch) -> None:
        for thing, actions in other.actions.items():
            self.actions.setdefault(thing, set()).update(actions)
        for thing, keys in other.keys.items():
            self.keys.setdefault(thing, set()).update(keys)


class Watch:
    """Listens to a document; `take()` after a transaction tells what it touched."""

    def __init__(self, document: Document) -> None:
        self._touch = Touch()
        self._subscriptions = [document.map(root).observe_deep(self._listener(root)) for root in document.ROOTS]

    def take(self) -> Touch:
        touch, self._touch = self._touch, Touch()
        return touch

    def _listener(self, root: str) -> Callable[[list[Any]], None]:
        def listen(events: list[Any]) -> None:
            for event in events:
                path = event.path
                for key, change in event.keys.items():
                    self._note(root, [*path, key], change["action"])

        return listen

    def _note(self, root: str, path: list[str], action: str) -> None:
        if root == "meta":
            self._touch.note((root, ""), CHANGED, path[0])
        elif len(path) == 1:
            self._touch.note((root, path[0]), {"add": ADDED, "delete": REMOVED}.get(action, CHANGED))
        elif path[1] == "trashed":
            self._touch.note((root, path[0]), RESTORED if action == "delete" else TRASHED)
        elif root == "nodes" and path[1] == "parents":
            self._touch.note((root, path[0]), MOVED)
        else:
            self._touch.note((root, path[0]), CHANGED, path[1])
