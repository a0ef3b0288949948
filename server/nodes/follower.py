"""A room as another node sees it: a replica kept in step with its owner, and members of its own.

What members send is forwarded to the owner, who alone judges, orders and saves it; what they ask is answered here. When
the owner is lost the members stay: another owner is sought, or this node becomes it, and everybody is asked by step 1
for what the new owner lacks.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from crdt.errors import MaquetteError, ProtocolError
from crdt.lib0 import Decoder, encode_bytes
from crdt.messages import RESTART, Saved
from server.errors import Unavailable
from server.nodes import frames
from server.nodes.board import FollowerBoard
from server.nodes.copies import Copies
from server.nodes.frames import Kind
from server.nodes.links import PART
from server.nodes.ownership import Lease
from server.nodes.relay import encode_identity, read_closing
from server.nodes.switch import FOUNDING, REFOUNDED, Switch
from server.permissions import may
from server.storage.base import Entry, Extra, StorageUnavailable, UpdateLog
from server.sync.batch import Change
from server.sync.branch import Branch
from server.sync.delivery import Delivery
from server.sync.inbox import Incoming, Input, JobOutcome, Question
from server.sync.member import Member
from server.sync.outbox import Closing
from server.sync.replica import Replica
from server.sync.room import Room
from server.telemetry import Telemetry

WINDOW = 16 * 1024 * 1024
"""Bytes of inputs that may be on the way to the owner; members who send more wait."""
ATTACH_SECONDS = 2.0
PAUSE = 0.1
"""Seconds between two attempts to find an owner."""
FETCHED_AT_ONCE = 1000
_STEP_1 = b"\x00\x00"
_log = structlog.get_logger()


class Home(Protocol):
    """What a follower asks of its node (server.sync.rooms)."""

    async def claim(self, branch: str) -> Lease: ...

    async def take_over(self, branch: str, lease: Lease) -> Room:
        """Load the room as its owner."""

    async def ask(self, node: str, verb: str, payload: bytes) -> bytes: ...


@dataclass(slots=True, eq=False)
class _Local:
    """A member of this node. told: the n that it last was told to be saved."""

    member: Member
    number: int
    told: int = 0


class Follower(Room):
    """The same face as Room. Made by `Rooms`; lives in `run`, is of use once `ready`."""

    def __init__(
        self,
        branch: Branch,
        replica: Replica,
        seq: int,
        log: UpdateLog,
        telemetry: Telemetry,
        switch: Switch,
        home: Home,
    ) -> None:
        # Nothing of the base's own state is set up: every verb of its face is written anew here.
        self.branch = branch
        self.members = set()
        self.ready = asyncio.Event()
        self.presence: FollowerBoard = FollowerBoard(self.members, self._forward_presence)  # type: ignore[assignment]
        self._replica = replica
        self._delivery = Delivery(self.members, replica, telemetry)
        self._seq = seq
        self._log = log
        self._switch = switch
        self._links = switch.links
        self._home = home
        self._copies = Copies(branch, replica)
        self._locals: dict[Member, _Local] = {}
        self._numbers: dict[int, _Local] = {}
        self._next_number = 0
        self._token = 0
        self._owner = ""
        self._is_attached = False
        self._became: Room | None = None
        self._on_the_way = 0
        self._credit = asyncio.Event()
        self._lost = asyncio.Event()
        self._attached = asyncio.Event()
        self._wanted = seq
        self._fetching: asyncio.Task[None] | None = None
        self._progress = asyncio.Event()
        self._is_closed = False

    @classmethod
    async def follow(
        cls, branch: Branch, log: UpdateLog, telemetry: Telemetry, switch: Switch, home: Home
    ) -> "Follower":
        """A replica as the log has it; `run` attaches it to the owner."""
        loaded = await log.load(str(branch))
        replica = Replica(branch.document())
        await replica.restore(loaded)
        return cls(branch, replica, loaded.seq, log, telemetry, switch, home)

    # -- the face of a room

    @property
    def document(self) -> Any:
        return self._became.document if self._became else self._replica.document

    def whole(self) -> bytes:
        return self._became.whole() if self._became else self._replica.whole()

    @property
    def seq(self) -> int:
        return self._became.seq if self._became else self._seq

    @property
    def failing_since(self) -> float | None:
        """The owner's to know."""
        return None

    @property
    def inbox_bytes(self) -> int:
        return self._on_the_way

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
        return self._owner if self._is_attached else ""

    def join(self, member: Member) -> None:
        if self._became is not None:
            self._became.join(member)
            return
        self._refuse_if(self._is_closed)
        self.members.add(member)
        self._next_number += 1
        local = self._locals[member] = self._numbers[self._next_number] = _Local(member, self._next_number)
        if self._is_attached:
            self._introduce(local)
        self.presence.show_all(member)

    def leave(self, member: Member) -> None:
        if self._became is not None:
            self._became.leave(member)
            return
        self.members.discard(member)
        self.presence.leave(member)
        local = self._locals.pop(member, None)
        if local is not None:
            del self._numbers[local.number]
            self._send(frames.frame(Kind.LEAVE, self._token, local.number))

    async def put(self, item: Input) -> None:
        if self._became is not None:
            await self._became.put(item)
            return
        self._refuse_if(self._is_closed)
        match item:
            case Question():
                self._delivery.answer(item)
            case Incoming():
                await self._forward(item)
            case _:
                raise TypeError(f"a follower takes no {type(item).__name__}")

    def offer(self, item: Input) -> bool:
        if self._became is not None:
            return self._became.offer(item)
        self._refuse_if(self._is_closed)
        match item:
            case Question():
                self._delivery.answer(item)
            case Incoming() if self._on_the_way <= WINDOW and len(item.payload) <= PART:
                self._count(item.member, item.is_answer)
                self._forward_now(item)
            case _:
                return False
        return True

    async def edit(self, author: str, via: str, change: Callable[[Any], object]) -> int:
        """As Room.edit, but `change` runs on a copy, and what it wrote is judged by the owner."""
        if self._became is not None:
            return await self._became.edit(author, via, change)
        async with self._copies.turn:
            update = self._copies.change(change)
            if update is None:
                return self._seq
            try:
                told = {"branch": str(self.branch), "author": author, "via": via}
                seq = int(await self._ask("room.edit", told, update))
            except MaquetteError:
                self._copies.forget()
                raise
            await self._until(seq)
        return seq

    async def commit_job(self, job: str, author: str, update: bytes, extra: Extra) -> JobOutcome:
        """Only where this node has become the owner: `extra` cannot travel; the dispatcher asks the owner's."""
        if self._became is not None:
            return await self._became.commit_job(job, author, update, extra)
        raise Unavailable("not_the_owner", f"{self.branch} is owned by another node", "try again in a moment")

    def has_pending(self) -> bool:
        return False

    def close(self, closing: Closing) -> None:
        """End all connections, and follow no longer."""
        self._is_closed = True
        for member in self.members:
            member.outbox.close(closing)
        self._lost.set()
        self._progress.set()
        self._credit.set()

    # -- finding the owner

    async def run(self) -> None:
        """Until `close`, or until this node has become the owner."""
        try:
            while not self._is_closed and self._became is None:
                await self._find_owner()
        finally:
            self._detach()
            if self._fetching is not None:
                self._fetching.cancel()
            self.presence.close()
            self._replica.close()
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
        self._detach()
        if not self._is_closed and self._became is None:
            await asyncio.sleep(PAUSE)

    async def _take_over(self, lease: Lease) -> None:
        room = await self._home.take_over(str(self.branch), lease)
        rows = await self._log.read(str(self.branch), self._seq, FETCHED_AT_ONCE)
        if any(row.via == FOUNDING for row in rows):
            self.close(Closing(RESTART, REFOUNDED))
        else:
            self._become(room)

    async def _attach(self, lease: Lease) -> bool:
        self._token, self._owner = self._switch.follow(lease.node, self), lease.node
        self._lost.clear()
        self._attached.clear()
        self._links.send(lease.node, frames.attach(self._token, str(self.branch), self._seq, self.presence.clocks()))
        try:
            async with asyncio.timeout(ATTACH_SECONDS):
                await self._attached.wait()
        except TimeoutError:
            return False
        return self._is_attached

    def _detach(self) -> None:
        self._is_attached = False
        self._switch.unfollow(self._token)
        self._on_the_way = 0
        self._credit.set()
        self._progress.set()

    def lost(self) -> None:
        """What the owner sent may be incomplete, or it is gone."""
        self._end_attachment()

    def _end_attachment(self) -> None:
        self._is_attached = False
        self._lost.set()
        self._attached.set()
        self._credit.set()

    def _introduce(self, local: _Local) -> None:
        """Tell the owner of a member; it asks the member by step 1 for what it has."""
        member = local.member
        counts = [member.saved.received, member.saved.questions, member.saved.answers, local.told]
        told = {
            "identity": encode_identity(member.identity), "can_write": member.can_write,
            "can_appear": member.can_appear, "via": member.via, "counts": counts,
        }  # fmt: skip
        self._send(frames.with_bytes(Kind.JOIN, self._token, local.number, payload=json.dumps(told).encode()))
        shown = self.presence.shown_by(member)
        if shown is not None:
            self._forward_presence(member, shown)

    # -- from members

    async def _forward(self, item: Incoming) -> None:
        self._count(item.member, item.is_answer)
        while self._on_the_way > WINDOW and self._is_attached:
            self._credit.clear()
            await self._credit.wait()
        if len(item.payload) <= PART:
            self._forward_now(item)
        elif (sent := self._input(item)) is not None:
            await self._links.send_large(self._owner, sent)

    def _count(self, member: Member, is_answer: bool) -> None:
        member.saved.received += 1
        member.saved.answers += is_answer

    def _forward_now(self, item: Incoming) -> None:
        sent = self._input(item)
        if sent is not None:
            self._links.send(self._owner, sent)

    def _input(self, item: Incoming) -> bytes | None:
        """The frame for the owner; None without one: the next asks by step 1 for all that was not saved."""
        local = self._locals.get(item.member)
        if not self._is_attached or local is None:
            return None
        flags = frames.IS_ANSWER * item.is_answer | frames.MAY_WRITE * item.member.can_write
        flags |= frames.MAY_WRITE_JOBS * may(item.member.role, "session.jobs")
        self._on_the_way += len(item.payload)
        return frames.with_bytes(Kind.INPUT, self._token, local.number, flags, payload=item.payload)

    def _forward_presence(self, member: Member, update: bytes) -> None:
        local = self._locals.get(member)
        if local is not None:
            self._send(frames.with_bytes(Kind.PRESENCE, self._token, local.number, payload=update))

    def _send(self, frame: bytes) -> None:
        if self._is_attached:
            self._links.send(self._owner, frame)

    # -- from the owner

    def take(self, node: str, kind: int, decoder: Decoder) -> None:  # noqa: ARG002
        """A frame of the owner, of this attachment."""
        if self._is_closed:
            return
        match kind:
            case Kind.ROWS:
                self._take_rows(decoder.uint(), decoder.uint(), frames.read_rows(decoder))
            case Kind.SAVED:
                self._take_saved(decoder.uint(), Saved(decoder.uint(), decoder.uint()))
            case Kind.FRAME:
                self._take_frame(decoder.uint(), decoder.var_bytes())
            case Kind.SHOWN:
                self.presence.show(frames.read_shown(decoder))
            case Kind.TAKEN:
                self._on_the_way -= decoder.uint()
                self._credit.set()
            case Kind.CLOSE:
                self._take_close(decoder.uint(), decoder.var_bytes())
            case Kind.ATTACHED:
                self._take_attached(decoder.uint(), decoder.uint())
            case Kind.ENDED:
                self._take_end(decoder.string())
            case _:
                raise ProtocolError("unknown_frame", f"a frame of kind {kind} from an owner")

    def _take_attached(self, epoch: int, seq: int) -> None:
        _log.info("following", branch=str(self.branch), owner=self._owner, epoch=epoch, seq=seq, here=self._seq)
        self._is_attached = True
        self.presence.begin_anew()
        for local in self._locals.values():
            self._introduce(local)
        self._want(seq)
        self._attached.set()
        if self._seq >= seq:
            self.ready.set()

    def _take_end(self, reason: str) -> None:
        if reason == REFOUNDED:
            self.close(Closing(RESTART, reason))
        self._end_attachment()

    def _take_saved(self, number: int, saved: Saved) -> None:
        local = self._numbers.get(number)
        if local is not None:
            local.told = saved.n
            if local.member.wants_saved:
                local.member.outbox.put_saved(saved)

    def _take_frame(self, number: int, message: bytes) -> None:
        local = self._numbers.get(number)
        if local is not None:
            local.member.saved.questions += message.startswith(_STEP_1)
            local.member.outbox.put(message)

    def _take_close(self, number: int, payload: bytes) -> None:
        local = self._numbers.get(number)
        closing = read_closing(payload)
        # A room that closes as a whole (its node stops) is no reason for members here to go.
        if local is not None and closing.code != RESTART:
            local.member.outbox.close(closing)

    # -- rows

    def _take_rows(self, first: int, last: int, changes: Sequence[frames.Row]) -> None:
        if last <= self._seq:
            return
        if self._fetching is not None or first != self._seq + 1 or not changes:
            self._want(last)
            return
        self._apply([(update, self._members(senders)) for update, senders in changes], last)

    def _members(self, numbers: Iterable[int]) -> set[Member]:
        return {self._numbers[number].member for number in numbers if number in self._numbers}

    def _apply(self, changes: Sequence[tuple[bytes, set[Member]]], seq: int) -> None:
        _, failed = self._replica.apply([update for update, _ in changes])
        for _, error in failed:  # judged and committed: as when a room is loaded, what can be read of it is in
            _log.error("row_not_whole", branch=str(self.branch), seq=seq, error=str(error))
        self._seq = seq
        self._delivery.broadcast([Change(update, senders) for update, senders in changes])
        self._progress.set()

    def _want(self, seq: int) -> None:
        """Have rows up to this one, from the log."""
        self._wanted = max(self._wanted, seq)
        if self._wanted > self._seq and self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(), name=f"fetch {self.branch}")
            self._fetching.add_done_callback(self._fetched)

    async def _fetch(self) -> None:
        while self._seq < self._wanted:
            rows = await self._log.read(str(self.branch), self._seq, FETCHED_AT_ONCE)
            if not rows:
                raise Unavailable("log_behind", f"the log ends at {self._seq}, {self._wanted} was told", "ask again")
            self._apply_rows(rows)

    def _apply_rows(self, rows: Sequence[Entry]) -> None:
        if any(row.via == FOUNDING for row in rows):
            self.close(Closing(RESTART, REFOUNDED))
            return
        nobody: set[Member] = set()
        self._apply([(row.payload, nobody) for row in rows], rows[-1].seq)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if task.cancelled() or self._is_closed:
            return
        if (error := task.exception()) is not None:
            _log.warning("not_fetched", branch=str(self.branch), error=str(error))
            self._end_attachment()
        else:
            self.ready.set()

    async def _until(self, seq: int) -> None:
        while self.seq < seq and not self._is_closed:
            self._progress.clear()
            await self._progress.wait()

    # -- questions to the owner

    async def _ask(self, verb: str, told: dict[str, Any], payload: bytes = b"") -> bytes:
        self._refuse_if(not self._is_attached)
        question = encode_bytes(json.dumps(told).encode()) + encode_bytes(payload)
        return await self._home.ask(self._owner, verb, question)

    # -- becoming the owner

    def _become(self, room: Room) -> None:
        """Hand the members over to the room that this node now owns; their sockets notice nothing."""
        states = self.presence
        states.hide_others()
        missing = room.document.update(self._replica.state_vector())
        self._delivery.broadcast([Change(missing, set())])
        room.presence.remember(self.presence.clocks())
        moved = list(self._locals.values())
        self._became = room
        for local in moved:
            saved = local.member.saved
            saved.resume(saved.received, saved.questions, saved.answers, local.told)
            local.member.presence_client = None
            room.join(local.member)
            if (shown := states.shown_by(local.member)) is not None:
                room.presence.receive(local.member, shown)
        self.members.clear()
        self._locals.clear()
        self._numbers.clear()
        self.presence = room.presence  # type: ignore[assignment]
        self.ready.set()
