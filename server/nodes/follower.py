"""A document as another node than its owner's sees it: a replica kept in step, and members of its own.

What members send is forwarded to the owner, who alone judges, orders and saves it; what they ask is answered here. When
the owner is lost the members stay: another owner is sought, or this node becomes it, and everybody is asked by step 1
for what the new owner lacks.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from crdt.errors import MaquetteError, ProtocolError
from crdt.lib0 import Decoder, encode_bytes
from crdt.messages import RESTART, Saved
from crdt.update_reader import UpdateSummary
from server.errors import Unavailable
from server.nodes import frames
from server.nodes.board import FollowerBoard
from server.nodes.copies import Copies
from server.nodes.followed import Followed
from server.nodes.frames import Kind
from server.nodes.locals import Locals
from server.nodes.ownership import Lease
from server.nodes.relay import read_closing
from server.nodes.switch import REFOUNDED, Switch
from server.nodes.uplink import Uplink
from server.storage.base import Extra, StorageUnavailable
from server.sync import reading
from server.sync.batch import Change
from server.sync.branch import Branch
from server.sync.delivery import Delivery
from server.sync.inbox import Incoming, Input, JobOutcome, Question
from server.sync.live import LiveBoard
from server.sync.member import Member
from server.sync.outbox import Closing
from server.sync.room import Room
from server.telemetry import Telemetry

ATTACH_SECONDS = 2.0
PAUSE = 0.1
"""Seconds between two attempts to find an owner."""
_STEP_1 = b"\x00\x00"
_log = structlog.get_logger()


class Home(Protocol):
    """What a follower asks of its node (server.sync.rooms)."""

    async def claim(self, branch: str) -> Lease: ...

    async def take_over(self, branch: str, lease: Lease) -> Room:
        """Load the room as its owner."""

    async def ask(self, node: str, verb: str, payload: bytes) -> bytes: ...


class Follower:
    """A LiveRoom. Made by `Rooms`; lives in `run`, is of use once `ready`."""

    def __init__(self, branch: Branch, followed: Followed, telemetry: Telemetry, switch: Switch, home: Home) -> None:
        self.branch = branch
        self.members: set[Member] = set()
        self.ready = asyncio.Event()
        self._followed = followed
        self._home = home
        self._locals = Locals(self.members)
        self._board = FollowerBoard(self.members, self._show, telemetry.sent)
        self._delivery = Delivery(self.members, followed.replica, telemetry)
        self._copies = Copies(branch, followed.replica)
        self._uplink = Uplink(switch)
        self._became: Room | None = None
        self._lost = asyncio.Event()
        self._attached = asyncio.Event()
        self._is_closed = False
        followed.on_change = self._delivery.broadcast
        followed.on_complete = self.ready.set
        followed.on_failure = self.lost
        followed.on_refounded = self._refounded

    # -- the face of a room

    @property
    def document(self) -> Any:
        return self._became.document if self._became else self._followed.replica.document

    def whole(self) -> bytes:
        return self._became.whole() if self._became else self._followed.replica.whole()

    async def settled(self) -> None:
        await (self._became.settled() if self._became else self._followed.replica.settled())

    @property
    def presence(self) -> LiveBoard:
        return self._became.presence if self._became else self._board

    @property
    def seq(self) -> int:
        return self._became.seq if self._became else self._followed.seq

    @property
    def failing_since(self) -> float | None:
        """The owner's to know."""
        return None

    @property
    def inbox_bytes(self) -> int:
        return self._uplink.on_the_way

    @property
    def outbox_bytes(self) -> int:
        return sum(member.outbox.size for member in self.members)

    @property
    def lag(self) -> tuple[int, float]:
        return 0, 0.0

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    def is_busy(self) -> bool:
        return bool(self.members)

    @property
    def is_owned_here(self) -> bool:
        """Whether this node has become the owner."""
        return self._became is not None

    @property
    def owner(self) -> str:
        """The node that it is attached to; "" while there is none."""
        return self._uplink.owner if self._uplink.is_attached else ""

    def join(self, member: Member) -> None:
        if self._became is not None:
            self._became.join(member)
            return
        self._refuse_if(self._is_closed)
        self._uplink.introduce(self._locals.enter(member), None)
        self._board.show_all(member)

    def leave(self, member: Member) -> None:
        if self._became is not None:
            self._became.leave(member)
            return
        self._board.leave(member)
        if (local := self._locals.leave(member)) is not None:
            self._uplink.dismiss(local)

    async def put(self, item: Input) -> None:
        if self._became is not None:
            await self._became.put(item)
        elif not self.offer(item):
            assert isinstance(item, Incoming)
            self._count(item)
            if (local := self._locals.of(item.member)) is not None:
                await self._uplink.forward(local, item)

    def offer(self, item: Input) -> bool:
        if self._became is not None:
            return self._became.offer(item)
        self._refuse_if(self._is_closed)
        match item:
            case Question():
                self._delivery.answer(item)
            case Incoming():
                return self._offer_update(item)
            case _:
                raise TypeError(f"a follower takes no {type(item).__name__}")
        return True

    async def edit(self, author: str, via: str, change: Callable[[Any], object]) -> int:
        """As Room.edit, but `change` runs on a copy, and what it wrote is judged by the owner."""
        if self._became is not None:
            return await self._became.edit(author, via, change)
        async with self._copies.turn:
            update = self._copies.change(change)
            if update is None:
                return self.seq
            try:
                seq = await self._edit_at_owner(author, via, update)
            except MaquetteError:
                self._copies.forget()
                raise
            await self._followed.reached(seq)
        return seq

    async def commit_job(self, job: str, author: str, update: bytes, extra: Extra) -> JobOutcome:
        """Only where this node has become the owner: `extra` cannot travel; the dispatcher asks the owner's."""
        if self._became is not None:
            return await self._became.commit_job(job, author, update, extra)
        raise Unavailable("not_the_owner", f"{self.branch} is owned by another node", "try again in a moment")

    async def read(self, update: bytes) -> UpdateSummary:
        return await reading.read(self.branch, update)

    def close(self, closing: Closing) -> None:
        """End all connections, and follow no longer."""
        self._is_closed = True
        for member in list(self.members):
            member.outbox.close(closing)
        self.lost()
        self._followed.end()

    def _refuse_if(self, is_closed: bool) -> None:
        if is_closed:
            raise Unavailable("room_closed", f"{self.branch} is being closed", "try again in a moment")

    # -- from members

    def _offer_update(self, item: Incoming) -> bool:
        if not self._uplink.can_forward_now(len(item.payload)):
            return False
        self._count(item)
        if (local := self._locals.of(item.member)) is not None:
            self._uplink.forward_now(local, item)
        return True

    def _count(self, item: Incoming) -> None:
        item.member.saved.received += 1
        item.member.saved.answers += item.is_answer

    def _show(self, member: Member, update: bytes) -> None:
        if (local := self._locals.of(member)) is not None:
            self._uplink.show(local, update)

    async def _edit_at_owner(self, author: str, via: str, update: bytes) -> int:
        self._refuse_if(not self._uplink.is_attached)
        told = json.dumps({"branch": str(self.branch), "author": author, "via": via}).encode()
        return int(await self._home.ask(self._uplink.owner, "room.edit", encode_bytes(told) + encode_bytes(update)))

    # -- finding the owner

    async def run(self) -> None:
        """Until `close`, or until this node has become the owner."""
        try:
            while not self._is_closed and self._became is None:
                await self._find_owner()
        finally:
            self._uplink.detach()
            self._followed.close()
            self._board.close()
            self.close(Closing(RESTART, "unloaded"))

    async def _find_owner(self) -> None:
        try:
            lease = await self._home.claim(str(self.branch))
            if lease.is_mine:
                await self._take_over(lease)
            elif await self._attach(lease):
                await self._lost.wait()
        except (StorageUnavailable, Unavailable) as error:
            _log.warning("no_owner", branch=str(self.branch), code=error.code)
        self._uplink.detach()
        if not self._is_closed and self._became is None:
            await asyncio.sleep(PAUSE)

    async def _attach(self, lease: Lease) -> bool:
        self._lost.clear()
        self._attached.clear()
        self._uplink.attach(lease.node, self, str(self.branch), self._followed.seq, self._board.clocks())
        try:
            async with asyncio.timeout(ATTACH_SECONDS):
                await self._attached.wait()
        except TimeoutError:
            return False
        return self._uplink.is_attached

    def lost(self) -> None:
        """What the owner sent may be incomplete, or it is gone."""
        self._uplink.lost()
        self._lost.set()
        self._attached.set()

    def _refounded(self) -> None:
        self.close(Closing(RESTART, REFOUNDED))

    async def _take_over(self, lease: Lease) -> None:
        room = await self._home.take_over(str(self.branch), lease)
        if await self._followed.was_refounded():
            self._refounded()
        else:
            self._become(room)

    def _become(self, room: Room) -> None:
        """Hand the members over to the room that this node now owns; their sockets notice nothing."""
        self._board.hide_others()
        missing = room.document.update(self._followed.replica.state_vector())
        self._delivery.broadcast([Change(missing, set())])
        room.presence.remember(self._board.clocks())
        self._became = room
        for local in self._locals:
            member = local.member
            member.saved.resume(member.saved.received, member.saved.questions, member.saved.answers, local.told)
            member.presence_client = None
            room.join(member)
            if (shown := self._board.shown_by(member)) is not None:
                room.presence.receive(member, shown)
        self._locals.clear()
        self.ready.set()

    # -- from the owner

    def take(self, node: str, kind: int, decoder: Decoder) -> None:  # noqa: ARG002
        """A frame of the owner, of this attachment."""
        if self._is_closed:
            return
        match kind:
            case Kind.ROWS:
                first, last = decoder.uint(), decoder.uint()
                told = frames.read_rows(decoder)
                self._followed.take(first, last, [Change(one, self._locals.members(who)) for one, who in told])
            case Kind.SAVED:
                self._take_saved(decoder.uint(), Saved(decoder.uint(), decoder.uint()))
            case Kind.FRAME:
                self._take_frame(decoder.uint(), decoder.var_bytes())
            case Kind.SHOWN:
                self._board.show(frames.read_shown(decoder))
            case Kind.TAKEN:
                self._uplink.taken(decoder.uint())
            case Kind.CLOSE:
                self._take_close(decoder.uint(), decoder.var_bytes())
            case Kind.ATTACHED:
                self._take_attached(decoder.uint(), decoder.uint())
            case Kind.ENDED:
                self._take_end(decoder.string())
            case _:
                raise ProtocolError("unknown_frame", f"a frame of kind {kind} from an owner")

    def _take_attached(self, epoch: int, seq: int) -> None:
        here = self._followed.seq
        _log.info("following", branch=str(self.branch), owner=self._uplink.owner, epoch=epoch, seq=seq, here=here)
        self._uplink.is_attached = True
        self._board.begin_anew()
        for local in self._locals:
            self._uplink.introduce(local, self._board.shown_by(local.member))
        self._attached.set()
        self._followed.want(seq)

    def _take_end(self, reason: str) -> None:
        if reason == REFOUNDED:
            self._refounded()
        self.lost()

    def _take_saved(self, number: int, saved: Saved) -> None:
        local = self._locals.numbered(number)
        if local is not None:
            local.told = saved.n
            if local.member.wants_saved:
                local.member.outbox.put_saved(saved)

    def _take_frame(self, number: int, message: bytes) -> None:
        local = self._locals.numbered(number)
        if local is not None:
            local.member.saved.questions += message.startswith(_STEP_1)
            local.member.outbox.put(message)

    def _take_close(self, number: int, payload: bytes) -> None:
        local = self._locals.numbered(number)
        closing = read_closing(payload)
        # A room that closes as a whole (its node stops) is no reason for members here to go.
        if local is not None and closing.code != RESTART:
            local.member.outbox.close(closing)
