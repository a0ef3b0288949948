"""The owner's side of the followers: each remote member stands in the room as a Proxy, whose outbox speaks over the
link. So the room judges, counts and refuses as it does for sockets of its own.
"""

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import structlog

from crdt.errors import ProtocolError, UpdateRefused
from crdt.lib0 import Decoder
from crdt.messages import MALFORMED, UPDATE_REFUSED, Refused, Saved
from server.auth import Identity
from server.errors import Unavailable
from server.nodes import frames
from server.nodes.frames import Kind
from server.nodes.links import Links
from server.storage.base import Entry
from server.sync.batch import Change
from server.sync.inbox import Incoming
from server.sync.member import Member
from server.sync.outbox import Closing, Outbox
from server.sync.reading import LARGE, read_now
from server.sync.room import Room

LARGEST_ROWS = 128 * 1024
"""Bytes of a batch above which followers fetch it from the log: what is large must not hold up the bus."""
TAKEN_AT_ONCE = 256 * 1024
NOBODY = Identity("node____________", "node", "#000000", "peer", "peer")
"""A follower itself, which stands in the room to hear everybody's presence."""

_log = structlog.get_logger()


class ProxyOutbox(Outbox):
    """What a room sends to a remote member. Updates reach the follower once for all its members, and presence too."""

    def __init__(self, attachment: "Attachment", member: int) -> None:
        super().__init__(0)
        self._attachment = attachment
        self._member = member

    @property
    def is_flooded(self) -> bool:
        return False

    def put(self, frame: bytes) -> None:
        self._attachment.send(Kind.FRAME, self._member, payload=frame)

    def put_update(self, frame: bytes) -> bool:  # noqa: ARG002
        return True

    def put_presence(self, entries: Mapping[int, bytes], message: bytes | None = None) -> None:
        pass

    def put_saved(self, saved: Saved) -> None:
        self._attachment.send_numbers(Kind.SAVED, self._member, saved.n, saved.seq)

    def close(self, closing: Closing) -> None:
        if self.closing is None:
            self.closing = closing
            self._attachment.send(Kind.CLOSE, self._member, payload=encode_closing(closing))


class BoardOutbox(ProxyOutbox):
    """Of the follower itself: everybody's presence, nothing else."""

    def put(self, frame: bytes) -> None:
        pass

    def put_presence(self, entries: Mapping[int, bytes], message: bytes | None = None) -> None:  # noqa: ARG002
        self._attachment.show(entries)

    def put_saved(self, saved: Saved) -> None:
        pass

    def close(self, closing: Closing) -> None:
        self.closing = closing


@dataclass(slots=True, eq=False)
class Proxy(Member):
    """A member at another node. number: its follower's for it."""

    number: int = 0


@dataclass(slots=True)
class _Queued:
    kind: int
    member: int
    decoder: Decoder


@dataclass(eq=False)
class Attachment:
    """One follower of one room: its members, and what they sent, in order."""

    room: Room
    links: Links
    node: str
    token: int
    members: dict[int, Proxy] = field(default_factory=dict)
    is_over: bool = False
    _taken: int = 0
    _queue: deque[_Queued] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.board = Member(NOBODY, BoardOutbox(self, 0), can_write=False)

    def begin(self, epoch: int, clocks: Mapping[int, int]) -> None:
        """Answer an ATTACH. clocks: of the presence that the follower has seen; new states must be newer."""
        self.links.send(self.node, frames.frame(Kind.ATTACHED, self.token, epoch, self.room.seq))
        self.room.presence.remember(clocks)
        self.room.members.add(self.board)
        self.room.presence.show_all(self.board)
        self.show({})

    def take(self, kind: int, decoder: Decoder) -> None:
        self._queue.append(_Queued(kind, decoder.uint(), decoder))
        self._wake.set()

    async def run(self) -> None:
        """Hand in what came until `end`."""
        while not self.is_over:
            while self._queue and not self.is_over:
                await self._handle(self._queue.popleft())
            self._wake.clear()
            if not self._queue:
                await self._wake.wait()

    def end(self) -> None:
        """The follower is gone or begins anew; its members leave the room."""
        self.is_over = True
        self._wake.set()
        self.room.members.discard(self.board)
        for proxy in self.members.values():
            self.room.leave(proxy)
        self.members.clear()

    async def _handle(self, item: _Queued) -> None:
        proxy = self.members.get(item.member)
        try:
            if item.kind == Kind.JOIN:
                self._join(item.member, json.loads(item.decoder.var_bytes()))
            elif proxy is None or proxy.outbox.closing is not None:
                return
            elif item.kind == Kind.INPUT:
                await self._input(proxy, item.decoder)
            elif item.kind == Kind.PRESENCE:
                self.room.presence.receive(proxy, item.decoder.var_bytes())
            else:
                del self.members[item.member]
                self.room.leave(proxy)
        except Unavailable:
            self.is_over = True  # the room is closing; its followers are told
        except (UpdateRefused, ProtocolError) as error:
            if proxy is not None:
                code = UPDATE_REFUSED if isinstance(error, UpdateRefused) else MALFORMED
                proxy.outbox.close(Closing(code, error.code, Refused(error.code, error.message, error.hint)))

    def _join(self, number: int, told: dict[str, Any]) -> None:
        proxy = Proxy(Identity(*told["identity"]), ProxyOutbox(self, number), via=told["via"], number=number)
        proxy.can_write, proxy.can_appear, proxy.wants_saved = told["can_write"], told["can_appear"], True
        proxy.saved.resume(*told["counts"])
        self.members[number] = proxy
        self.room.join(proxy)

    async def _input(self, proxy: Proxy, decoder: Decoder) -> None:
        flags, payload = decoder.uint(), decoder.var_bytes()
        proxy.can_write = bool(flags & frames.MAY_WRITE)
        proxy.role = "editor" if flags & frames.MAY_WRITE_JOBS else "commenter"
        try:
            if len(payload) <= LARGE:
                incoming = Incoming(proxy, payload, read_now(self.room.branch, payload), bool(flags & frames.IS_ANSWER))
            else:
                incoming = Incoming(proxy, payload, await self.room.read(payload), bool(flags & frames.IS_ANSWER))
            if not self.room.offer(incoming):
                await self.room.put(incoming)
        finally:
            self._settle(len(payload))

    def _settle(self, size: int) -> None:
        """Tell the follower, not too often, how much of what it sent is no longer on the way."""
        self._taken += size
        if self._taken >= TAKEN_AT_ONCE:
            self.send_numbers(Kind.TAKEN, self._taken)
            self._taken = 0

    # -- to the follower

    def send(self, kind: Kind, *numbers: int, payload: bytes) -> None:
        if not self.is_over:
            self.links.send(self.node, frames.with_bytes(kind, self.token, *numbers, payload=payload))

    def send_numbers(self, kind: Kind, *numbers: int) -> None:
        if not self.is_over:
            self.links.send(self.node, frames.frame(kind, self.token, *numbers))

    def show(self, entries: Mapping[int, bytes]) -> None:
        if not self.is_over:
            self.links.send(self.node, frames.shown(self.token, entries))

    def relay(self, rows: Sequence[Entry], changes: Sequence[Change]) -> None:
        told = [(change.update, self._own(change)) for change in changes] if _size(changes) < LARGEST_ROWS else []
        self.links.send(self.node, frames.rows(self.token, rows[0].seq, rows[-1].seq, told))

    def _own(self, change: Change) -> list[int]:
        """Who need not be sent a change, because it is all theirs."""
        if len(change.senders) != 1:
            return []
        return [one.number for one in change.senders if isinstance(one, Proxy) and one is self.members.get(one.number)]


def is_remote(member: Member) -> bool:
    """Whether a member of a room stands for somebody, or something, at another node."""
    return isinstance(member.outbox, ProxyOutbox)


def _size(changes: Sequence[Change]) -> int:
    return sum(len(change.update) for change in changes)


def encode_identity(identity: Identity) -> list[str]:
    """The fields that other nodes need; credentials stay where they were shown."""
    values = [getattr(identity, one.name) for one in fields(identity)]
    return [value for value in values if isinstance(value, str)]


def encode_closing(closing: Closing) -> bytes:
    refused = closing.refused
    reasons = None if refused is None else [refused.code, refused.message, refused.hint]
    return json.dumps([closing.code, closing.reason, reasons]).encode()


def read_closing(payload: bytes) -> Closing:
    code, reason, reasons = json.loads(payload)
    return Closing(code, reason, None if reasons is None else Refused(*reasons))
