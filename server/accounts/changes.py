"""What may have changed in who may do what, told to whoever remembers it: caches, open sockets, other nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Changed:
    """Each field narrows; None means any. user alone: their standing, name or being disabled. user and project: a role.
    project alone: the roles of many. credential: it ended.
    """

    user: str | None = None
    project: str | None = None
    credential: str | None = None

    def concerns(self, user: str, project: str, credential: str) -> bool:
        return self.user in (None, user) and self.project in (None, project) and self.credential in (None, credential)

    def as_json(self) -> dict[str, str | None]:
        return asdict(self)


class Changes:
    """`tell` after the commit. A bus listens with `forward` and calls `tell_here` for what other nodes told it.

    Listeners run at once, in the order of `listen`; they must not raise or wait.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[Changed], None]] = []
        self._forwards: list[Callable[[Changed], None]] = []

    def listen(self, listener: Callable[[Changed], None]) -> None:
        """Have it called for every change, made here or on another node."""
        self._listeners.append(listener)

    def forward(self, listener: Callable[[Changed], None]) -> None:
        """Have it called for every change that was made on this node."""
        self._forwards.append(listener)

    def tell(self, changed: Changed) -> None:
        self.tell_here(changed)
        for listener in self._forwards:
            listener(changed)

    def tell_here(self, changed: Changed) -> None:
        for listener in self._listeners:
            listener(changed)
