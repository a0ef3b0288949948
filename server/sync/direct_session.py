"""A member's socket without tasks: what comes is taken in the socket's own callback, what the room says is sent
at once.

Only what cannot be done at once (a large update is read in a thread, a full room is waited for) takes a task, and for
as long the socket is not read.
"""

import asyncio
from collections import deque
from contextvars import copy_context

import structlog

from crdt.messages import RESTART, TOO_SLOW, encode
from server.errors import Unavailable
from server.sockets.connection import Connection, Wire
from server.sync.inbox import Question
from server.sync.live import LiveRoom
from server.sync.member import Member
from server.sync.outbox import Closing
from server.sync.receiving import RECEIVING_ERRORS, Receiver, closing_for
from server.sync.session import Limits
from server.telemetry import Telemetry

_log = structlog.get_logger()


class DirectSession:
    """`DirectSession(...).open()`; lives until its connection ends: that one's listener, and its outbox's port."""

    __slots__ = (
        "_backlog", "_catching_up", "_connection", "_context", "_limits", "_member", "_patience", "_receiver", "_room",
        "_telemetry", "_tells_refusals", "_working",
    )  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        room: LiveRoom,
        member: Member,
        telemetry: Telemetry,
        limits: Limits,
        tells_refusals: bool,
    ) -> None:
        self._connection = connection
        self._room = room
        self._member = member
        self._telemetry = telemetry
        self._limits = limits
        self._tells_refusals = tells_refusals
        # What goes on after the opening, in the connection's callbacks, is logged as this user's and this room's.
        self._context = copy_context()
        self._receiver = Receiver(room, member, limits.message)
        self._backlog: deque[bytes] | None = None
        self._working: asyncio.Task[None] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Join the room and take the connection over."""
        self._telemetry.sessions.inc()
        try:
            self._room.join(self._member)
        except Unavailable as error:
            self._member.outbox.close(Closing(RESTART, error.code))
        self._member.outbox.attach(self, self._settle)
        self._connection.adopt(self)

    # -- what the connection says

    def received(self, message: bytes | str) -> None:
        if self._member.outbox.closing is not None:
            return
        try:
            data = self._receiver.check(message)
            if (seconds := self._member.allowance.take(1, len(data))) > 0:
                self._telemetry.slowed.inc(seconds)
            if self._backlog is not None:
                self._backlog.append(data)
            elif seconds > 0:
                self._postpone(data, seconds)
            elif not self._receiver.receive_now(data):
                self._postpone(data, 0.0)
        except RECEIVING_ERRORS as error:
            self._member.outbox.close(closing_for(error))

    def full(self) -> None:
        """The network takes no more for now."""
        outbox = self._member.outbox
        outbox.full()
        if outbox.is_attached and self._patience is None:
            self._be_patient(True)

    def writable(self) -> None:
        """Some of what waited is gone."""
        is_free = self._connection.is_free
        self._be_patient(not is_free)
        if is_free:
            self._member.outbox.pump()

    def closed(self, code: int) -> None:  # noqa: ARG002
        """The connection is no more."""
        self._leave()

    # -- messages that have to wait

    def _postpone(self, data: bytes, seconds: float) -> None:
        """Go on in a task, in order, reading nothing meanwhile; the backlog is what was read before, 256 KB at most."""
        self._backlog = deque((data,))
        self._connection.pause_reading()
        self._working = asyncio.get_running_loop().create_task(
            self._work(self._backlog, seconds), context=self._context
        )

    async def _work(self, backlog: deque[bytes], seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
            while backlog and self._member.outbox.closing is None:
                await self._receiver.receive(backlog[0])
                backlog.popleft()
        except RECEIVING_ERRORS as error:
            self._member.outbox.close(closing_for(error))
        finally:
            self._backlog = self._working = None
            self._connection.resume_reading()

    # -- the outbox's port

    @property
    def is_free(self) -> bool:
        return self._connection.is_free

    @property
    def waiting(self) -> int:
        return self._connection.waiting

    @property
    def wire(self) -> Wire | None:
        return self._connection.wire

    def send(self, message: bytes) -> None:
        self._connection.send(message)
        self._telemetry.sent.inc(len(message))

    def _be_patient(self, is_waiting: bool) -> None:
        """Whoever takes nothing for too long is let go."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if is_waiting:
            self._patience = asyncio.get_running_loop().call_later(
                self._limits.send, self._lose_patience, context=self._context
            )

    def _lose_patience(self) -> None:
        _log.info("too_slow")
        self._connection.close(TOO_SLOW, "too slow")
        self._leave()

    def _settle(self) -> None:
        """All that waited was sent."""
        outbox = self._member.outbox
        if outbox.closing is not None:
            self._close(outbox.closing)
        else:
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up(), context=self._context)

    async def _catch_up(self) -> None:
        try:
            await self._room.put(Question(self._member, None))
        except Unavailable as error:
            self._member.outbox.close(closing_for(error))

    def _close(self, closing: Closing) -> None:
        if closing.refused is not None:
            self._telemetry.refusals.labels(closing.refused.code).inc()
            if self._tells_refusals:
                self._connection.send(encode(closing.refused))
        self._connection.close(closing.code, closing.reason[:100])
        self._leave()

    def _leave(self) -> None:
        """Once; the rest of a closing handshake interests nobody here."""
        outbox = self._member.outbox
        if not outbox.is_attached:
            return
        outbox.detach()
        self._be_patient(False)
        if outbox.closing is None:
            outbox.closing = Closing(1006, by_peer=True)
        self._room.leave(self._member)
        self._member.give_up_place()
        self._telemetry.sessions.dec()
