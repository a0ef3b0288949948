"""What one batch of a room has done so far, and what it owes to whom once it is committed."""

import asyncio
from collections.abc import Set
from dataclasses import dataclass

from crdt.messages import encode_update
from server.storage.base import Entry
from server.sync.inbox import Incoming, Question
from server.sync.member import Member
from server.sync.merging import merge

EXACT_ECHO = 8
"""With more senders than this in one batch all get the same, their own updates included (they are harmless)."""


@dataclass(slots=True)
class Run:
    """Updates of one author in a row: one transaction, one row of the log."""

    author: str
    via: str
    items: list[Incoming]


@dataclass(slots=True)
class Change:
    """What a transaction changed, and who knows it already."""

    update: bytes
    senders: set[Member]


class Batch:
    """own: what edits of the server itself wrote."""

    __slots__ = ("changes", "clients", "edits", "entries", "own", "questions", "run", "senders")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.clients: dict[int, str] = {}
        self.changes: list[Change] = []
        self.senders: set[Member] = set()
        self.questions: list[Question] = []
        self.edits: list[tuple[asyncio.Future[int], int]] = []
        self.own: list[bytes] = []
        self.run: Run | None = None


class Messages:
    """The one message that each member is sent of a batch: everything but its own.

    apart: those who sent some of it; all others are sent `common`. size: bytes of all updates.
    """

    def __init__(self, changes: list[Change]) -> None:
        self._changes = changes
        self._common: bytes | None = None
        self.apart: Set[Member]
        if len(changes) == 1:
            self.size, self.apart = len(changes[0].update), changes[0].senders
        else:
            self.size = sum(len(change.update) for change in changes)
            senders = set[Member]().union(*(change.senders for change in changes))
            self.apart = senders if len(senders) <= EXACT_ECHO else frozenset()

    @property
    def common(self) -> bytes:
        if self._common is None:
            self._common = encode_update(merge([change.update for change in self._changes]))
        return self._common

    def of(self, member: Member) -> bytes | None:
        if member not in self.apart:
            return self.common
        others = [change.update for change in self._changes if change.senders != {member}]
        return encode_update(merge(others)) if others else None
