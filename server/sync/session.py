"""A member's socket behind plain ASGI: a task that reads it into its room, a task that writes its outbox to it."""

import asyncio
from dataclasses import dataclass, field

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from crdt.messages import RESTART, TOO_SLOW, encode
from server.errors import Unavailable
from server.sync.inbox import Question
from server.sync.live import LiveRoom
from server.sync.member import Member
from server.sync.outbox import Closing
from server.sync.receiving import RECEIVING_ERRORS, Receiver, closing_for
from server.telemetry import Telemetry

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limits:
    """message: bytes of one message. outbox: bytes of updates that may wait. send: seconds that one frame may take."""

    message: int = 64 * 1024 * 1024
    outbox: int = 8 * 1024 * 1024
    send: float = 30.0


@dataclass(slots=True)
class Session:
    """`await Session(...).run()` from the accepted socket to the closed one."""

    websocket: WebSocket
    room: LiveRoom
    member: Member
    telemetry: Telemetry
    limits: Limits = field(default_factory=Limits)
    tells_refusals: bool = False

    async def run(self) -> None:
        self.telemetry.sessions.inc()
        try:
            self.room.join(self.member)
            async with asyncio.TaskGroup() as tasks:
                reader = tasks.create_task(self._read())
                await self._write()
                reader.cancel()
        except Unavailable as error:
            await self._close(Closing(RESTART, error.code))
        finally:
            self.room.leave(self.member)
            self.member.give_up_place()
            self.telemetry.sessions.dec()

    # -- reading

    async def _read(self) -> None:
        """Until the socket or this replica ends; either way the writer learns it from the outbox."""
        receiver, outbox = Receiver(self.room, self.member, self.limits.message), self.member.outbox
        try:
            while True:
                data = receiver.check(await self._next_message())
                if (seconds := self.member.allowance.take(1, len(data))) > 0:
                    self.telemetry.slowed.inc(seconds)
                    await asyncio.sleep(seconds)
                await receiver.receive(data)
        except WebSocketDisconnect as error:
            outbox.close(Closing(error.code, by_peer=True))
        except RECEIVING_ERRORS as error:
            outbox.close(closing_for(error))

    async def _next_message(self) -> bytes | str:
        event = await self.websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code") or 1006)
        data = event.get("bytes")
        return str(event.get("text")) if data is None else bytes(data)

    # -- writing

    async def _write(self) -> None:
        outbox = self.member.outbox
        while True:
            frame = await outbox.take()
            if frame is not None:
                if not await self._send(frame):
                    return
            elif outbox.closing is not None:
                await self._close(outbox.closing)
                return
            else:
                await self._catch_up()

    async def _catch_up(self) -> None:
        outbox = self.member.outbox
        await self.room.put(Question(self.member, None))
        while outbox.behind and outbox.closing is None:
            await outbox.changed()

    async def _send(self, frame: bytes) -> bool:
        try:
            async with asyncio.timeout(self.limits.send):
                await self.websocket.send_bytes(frame)
        except TimeoutError:
            _log.info("too_slow")
            await self._close(Closing(TOO_SLOW, "too slow"))
            return False
        except (WebSocketDisconnect, RuntimeError):
            # Starlette raises RuntimeError for a send after the disconnect that the reader has just received.
            return False
        self.telemetry.sent.inc(len(frame))
        return True

    async def _close(self, closing: Closing) -> None:
        if closing.refused is not None:
            self.telemetry.refusals.labels(closing.refused.code).inc()
        if not closing.by_peer:
            await close_socket(self.websocket, closing, self.tells_refusals, self.limits.send)


async def close_socket(websocket: WebSocket, closing: Closing, tells_refusals: bool, seconds: float = 10.0) -> None:
    """Say why to a client that asked for reasons, then close. A socket that is already gone is no error."""
    try:
        async with asyncio.timeout(seconds):
            if closing.refused is not None and tells_refusals:
                await websocket.send_bytes(encode(closing.refused))
            await websocket.close(closing.code, closing.reason[:100])
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        _log.debug("socket_gone", code=closing.code)
