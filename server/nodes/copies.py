"""Edits of a follower's own run on a copy of the document: what the owner refuses has then changed nothing here."""

import asyncio
from collections.abc import Callable
from typing import Any

from server.sync.branch import Branch
from server.sync.replica import Replica


class Copies:
    """turn: hold it from `change` until the owner has answered. The copy is kept, as edits seldom come alone; its
    client id is bound to the server by the owner, and never used again once a copy was forgotten.
    """

    def __init__(self, branch: Branch, followed: Replica) -> None:
        self.turn = asyncio.Lock()
        self._branch = branch
        self._followed = followed
        self._copy: Replica | None = None

    def change(self, change: Callable[[Any], object]) -> bytes | None:
        """Run `change(copy)`; what it wrote as one update. What it raises is raised."""
        copy = self._newest()
        try:
            change(copy.document)
        except BaseException:
            self.forget()
            raise
        return copy.take_changes()

    def forget(self) -> None:
        """Something in the copy was not taken."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _newest(self) -> Replica:
        if self._copy is None:
            self._copy = Replica(self._branch.document())
        self._copy.apply([self._followed.since(self._copy.state_vector())])
        return self._copy
