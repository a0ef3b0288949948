"""Where the frames of other nodes arrive: to the followers here, and to the rooms that are followed from elsewhere."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Protocol

import structlog

from crdt.errors import MaquetteError
from crdt.lib0 import Decoder, encode_string
from server.nodes import frames
from server.nodes.frames import Kind
from server.nodes.links import Links
from server.nodes.relay import Attachment
from server.storage.base import Entry
from server.sync.batch import Change
from server.sync.room import Room

REFOUNDED = "refounded"
FOUNDING = "refound"
"""`via` of the row that founds a document anew: it replaces what was there, so nobody's replica goes on."""

_log = structlog.get_logger()

Owned = Callable[[str], Awaitable[tuple[Room, int]]]
"""The room of a branch that this node owns, with its epoch; a MaquetteError where it owns none."""


class Following(Protocol):
    """What a follower hears."""

    def take(self, node: str, kind: int, decoder: Decoder) -> None: ...

    def lost(self) -> None:
        """What its owner sent may be incomplete, or the owner is gone."""


class Switch:
    """owned: see Owned; set by the rooms before anything arrives."""

    def __init__(self, links: Links) -> None:
        self.links = links
        self.owned: Owned | None = None
        self._tokens = count(1)
        self._following: dict[int, tuple[str, Following]] = {}
        self._attachments: dict[tuple[str, int], Attachment] = {}
        self._of_room: defaultdict[Room, list[Attachment]] = defaultdict(list)
        self._tasks: set[asyncio.Task[None]] = set()
        links.on_frame(self._take)
        links.on_gap(self._gap)

    # -- followers here

    def follow(self, node: str, follower: Following) -> int:
        """A token under which that node's frames reach the follower."""
        token = next(self._tokens)
        self._following[token] = (node, follower)
        return token

    def unfollow(self, token: int) -> None:
        known = self._following.pop(token, None)
        if known is not None:
            self.links.send(known[0], frames.frame(Kind.DETACH, token))

    # -- rooms here

    def committed(self, room: Room, rows: Sequence[Entry], changes: Sequence[Change]) -> None:
        attachments = self._of_room.get(room)
        if not attachments:
            return
        if any(row.via == FOUNDING for row in rows):
            self.ended(room, REFOUNDED)
            return
        for attachment in attachments:
            attachment.relay(rows, changes)

    def ended(self, room: Room, reason: str) -> None:
        """The room is no longer this node's: its followers look for another owner."""
        for attachment in self._of_room.pop(room, []):
            self._attachments.pop((attachment.node, attachment.token), None)
            self._say_end(attachment.node, attachment.token, reason)
            attachment.end()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- frames

    def _take(self, node: str, decoder: Decoder) -> None:
        kind, token = decoder.uint(), decoder.uint()
        if kind in frames.UP:
            self._take_up(node, kind, token, decoder)
        elif (known := self._following.get(token)) is not None and known[0] == node:
            known[1].take(node, kind, decoder)
        elif kind != Kind.ENDED:
            self.links.send(node, frames.frame(Kind.DETACH, token))

    def _take_up(self, node: str, kind: int, token: int, decoder: Decoder) -> None:
        attachment = self._attachments.get((node, token))
        if kind == Kind.ATTACH:
            branch, seq = decoder.string(), decoder.uint()
            self._start(self._attach(node, token, branch, seq, frames.read_clocks(decoder)))
        elif attachment is None:
            if kind != Kind.DETACH:
                self._say_end(node, token, "unknown")
        elif kind == Kind.DETACH:
            self._drop(attachment)
        else:
            attachment.take(kind, decoder)

    async def _attach(self, node: str, token: int, branch: str, seq: int, clocks: dict[int, int]) -> None:
        assert self.owned is not None
        try:
            room, epoch = await self.owned(branch)
        except MaquetteError as error:
            _log.info("not_attached", branch=branch, node=node, code=error.code)
            self._say_end(node, token, error.code)
            return
        if seq > room.seq or room.is_closed:
            # It has rows that this room lacks: another owner wrote after this one loaded. The next append tells.
            self._say_end(node, token, "behind")
            return
        attachment = self._attachments[node, token] = Attachment(room, self.links, node, token)
        self._of_room[room].append(attachment)
        attachment.begin(epoch, clocks)
        self._start(attachment.run())

    def _say_end(self, node: str, token: int, reason: str) -> None:
        self.links.send(node, frames.frame(Kind.ENDED, token) + encode_string(reason))

    def _start(self, work: "Awaitable[None]") -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("attachment_failed", exc_info=error)

    # -- losses

    def _gap(self, node: str) -> None:
        for attachment in [one for one in self._attachments.values() if one.node == node]:
            self._drop(attachment)
        for owner, follower in list(self._following.values()):
            if owner == node:
                follower.lost()

    def _drop(self, attachment: Attachment) -> None:
        del self._attachments[attachment.node, attachment.token]
        rest = self._of_room[attachment.room]
        rest.remove(attachment)
        if not rest:
            del self._of_room[attachment.room]
        attachment.end()
