"""What one batch of a room has done so far, and what it owes to whom once it is committed."""

import asyncio
from dataclasses import dataclass, field

from crdt.messages import Update, encode
from server.storage.base import Entry
from server.sync.inbox import Incoming, Question
from server.sync.member import Member
from server.sync.merging import merge

EXACT_ECHO = 8
"""With more senders than this in one batch, all get the same frame, their own updates included (they are harmless)."""


@dataclass(slots=True)
class Run:
    """Updates of one author in a row: one transaction, one row of the log."""

    author: str
    via: str
    items: list[Incoming] = field(default_factory=list)


@dataclass(slots=True)
class Change:
    """What a transaction changed, and who knows it already."""

    update: bytes
    senders: set[Member]


@dataclass(slots=True)
class Batch:
    """own: what edits of the server itself wrote."""

    entries: list[Entry] = field(default_factory=list)
    clients: dict[int, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    senders: set[Member] = field(default_factory=set)
    questions: list[Question] = field(default_factory=list)
    edits: list[tuple[asyncio.Future[int], int]] = field(default_factory=list)
    own: list[bytes] = field(default_factory=list)
    run: Run | None = None

    def run_of(self, author: str, via: str) -> Run | None:
        """The run that an update of this author may join."""
        return self.run if self.run is not None and (self.run.author, self.run.via) == (author, via) else None


class Frames:
    """The one frame that each member is sent of a batch: everything but its own."""

    def __init__(self, changes: list[Change]) -> None:
        self._changes = changes
        self._senders = changes[0].senders if len(changes) == 1 else _all_senders(changes)
        self._common: bytes | None = None

    def of(self, member: Member) -> bytes | None:
        if member not in self._senders or (len(self._senders) > EXACT_ECHO and len(self._changes) > 1):
            return self._of_all()
        others = [change.update for change in self._changes if change.senders != {member}]
        return encode(Update(merge(others))) if others else None

    def _of_all(self) -> bytes | None:
        if self._common is None and self._changes:
            self._common = encode(Update(merge([change.update for change in self._changes])))
        return self._common


def _all_senders(changes: list[Change]) -> set[Member]:
    return set[Member]().union(*(change.senders for change in changes))
