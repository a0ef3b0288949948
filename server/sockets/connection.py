"""A WebSocket under uvicorn: an ASGI socket until the application takes the connection over.

uvicorn makes one connection for every upgrade and hands it the request again. The application sees the ordinary
ASGI events. An endpoint that wants more finds the connection in `scope["extensions"]["maquette.direct"]`:

    connection.adopt(listener)    # from now on received, writable and closed are called; the endpoint may return
    connection.send(message)      # at once, no task and no queue; ask is_free before

An adopted connection holds no task, no coroutine and no scope. How frames are read and written is the layer's, in a
subclass: `direct` (ours) and `picows`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from server.sockets.asgi import CLOSED, CLOSING, CONNECTING, OPEN, Channels, scope_of
from server.sockets.frames import (
    ABNORMAL,
    BAD_TEXT,
    BINARY,
    CONTINUATION,
    FRAGMENT,
    NO_CODE,
    FrameError,
    header,
    read_close,
)
from server.sockets.handshake import BadRequest, Request, read_request, refusing
from server.sockets.heartbeat import Heartbeat

EXTENSION = "maquette.direct"

CLOSE_SECONDS = 10.0
"""How long the peer may take to answer a close frame."""
LOST, RESTART = 1011, 1012

Wire = Callable[[bytes], object]
"""Writes bytes to the network as they are, at once."""


class Listener(Protocol):
    """Who has adopted a connection. No method may raise or wait."""

    def received(self, message: bytes | str) -> None: ...

    def full(self) -> None:
        """The network takes no more for now."""

    def writable(self) -> None:
        """The network took something; `is_free` says whether all of it."""

    def closed(self, code: int) -> None:
        """Once, whoever ended it."""


class Connection(asyncio.Protocol):
    """uvicorn's `ws=`, without reading and writing frames. state: CONNECTING, OPEN, CLOSING or CLOSED."""

    __slots__ = (
        "_channels", "_config", "_connections", "_headers", "_heartbeat", "_is_paused", "_is_reading", "_large",
        "_listener", "_loop", "_offset", "_request", "_state_of_app", "_tasks", "_timer", "_transport", "state",
    )  # fmt: skip

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        self._config = config
        self._connections = server_state.connections
        self._tasks = server_state.tasks
        self._headers = server_state.default_headers
        self._state_of_app: dict[str, Any] | None = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._transport = cast(asyncio.Transport, None)
        self.state = CONNECTING
        self._request: Request | None = None
        self._channels: Channels | None = None
        self._listener: Listener | None = None
        self._is_paused = False
        self._is_reading = True
        self._large: memoryview | None = None
        self._offset = 0
        self._heartbeat: Heartbeat | None = None
        self._timer: asyncio.TimerHandle | None = None

    # -- the layer's part

    def accept(self, subprotocol: str | None, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Answer the opening request with 101, then `opened`."""
        raise NotImplementedError

    def send(self, message: bytes) -> None:
        """Send a binary message; a large one in pieces, from this one buffer. Nothing happens after the end."""
        raise NotImplementedError

    def write_message(self, kind: int, message: bytes) -> None:
        """Write a TEXT or BINARY message."""
        raise NotImplementedError

    def _write_close(self, code: int, reason: str) -> None:
        raise NotImplementedError

    def _write_ping(self, payload: bytes) -> None:
        raise NotImplementedError

    # -- what uvicorn and the transport call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)  # type: ignore[arg-type]

    def eof_received(self) -> None:
        """The transport closes itself."""

    def pause_writing(self) -> None:
        self._is_paused = True
        if self._listener is not None:
            self._listener.full()

    def resume_writing(self) -> None:
        self._is_paused = False
        self._send_more()
        if self._listener is not None:
            self._listener.writable()
        elif self._channels is not None and self.is_free:
            self._channels.wake_sender()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        channels = self._channels
        self._connections.discard(self)
        self._end(ABNORMAL)
        self._large = None
        if channels is not None:
            channels.wake_sender()
        if self._timer is not None:
            self._timer.cancel()

    def shutdown(self) -> None:
        """The server stops."""
        if self.state == CONNECTING:
            self.refuse(500, [], b"")
        elif self.state == OPEN:
            self._write_close(RESTART, "")
            self._end(RESTART)
        self._transport.close()

    # -- opening

    def _open(self, data: bytes) -> None:
        try:
            self._request = request = read_request(data)
        except BadRequest as error:
            self.refuse(error.status, error.headers, str(error).encode())
            return
        self._channels = channels = Channels(self, self._loop)
        state, self._state_of_app = self._state_of_app or {}, None
        scope = scope_of(request, self._transport, self._config, state.copy(), {EXTENSION: self})
        task = self._loop.create_task(channels.run(self._config.loaded_app, scope))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _opened(self) -> None:
        self.state = OPEN
        self._request = None
        config = self._config
        pings = config.ws_ping_interval, config.ws_ping_timeout
        self._heartbeat = Heartbeat(*pings, self._write_ping, self._lose, self._loop)

    def refuse(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Answer the opening request with something else."""
        self._transport.write(refusing(status, [*self._headers, *headers], body))
        self._end(ABNORMAL)
        self._transport.close()

    # -- messages that come

    def _take_message(self, message: bytes | str) -> None:
        if self._listener is not None:
            self._listener.received(message)
        elif self._channels is not None:
            kind = "bytes" if isinstance(message, bytes) else "text"
            self._channels.push({"type": "websocket.receive", kind: message})
            self.pause_reading()

    def _take_pong(self, payload: bytes) -> None:
        if self._heartbeat is not None:
            self._heartbeat.answered(payload)

    def _take_close(self, payload: bytes) -> None:
        code, reason = read_close(payload)
        if self.state == OPEN:
            self._write_close(code if code != NO_CODE else 1000, reason)
        self._end(code, reason)
        self._transport.close()

    def _fail(self, error: FrameError) -> None:
        if self.state == OPEN:
            self._write_close(error.code, error.reason)
        self._end(error.code, error.reason)
        self._transport.close()

    # -- what an endpoint may do with its connection

    def adopt(self, listener: Listener) -> None:
        """Give `listener` all that comes from now on, what has come already first."""
        channels, self._channels = self._channels, None
        assert channels is not None
        waiting = channels.take_over()
        self._listener = listener
        for event in waiting:
            if event["type"] == "websocket.receive":
                listener.received(event.get("bytes") or event.get("text", b""))
        if self.state == CLOSED:
            self._listener = None
            listener.closed(next((event["code"] for event in waiting if "code" in event), ABNORMAL))
            return
        self.resume_reading()

    @property
    def is_free(self) -> bool:
        """Whether the next message may be sent: the socket takes more, and no large message is on its way."""
        return not self._is_paused and self._large is None

    @property
    def wire(self) -> Wire | None:
        """What takes whole frames, for messages that go to many; None where the layer makes its frames itself. Not to
        be used but while `is_free`.
        """
        return None

    @property
    def waiting(self) -> int:
        """Bytes that the socket has not taken yet; of a large message only its current piece."""
        return self._transport.get_write_buffer_size()

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame and wait a while for its answer."""
        if self.state != OPEN:
            return
        self._write_close(code, reason)
        self._large = None
        self.state = CLOSING
        self._tell_channels(code, reason)
        self.resume_reading()
        self._timer = self._loop.call_later(CLOSE_SECONDS, self._transport.abort)

    def abort(self) -> None:
        """End it at once; what waits is dropped."""
        self._transport.abort()

    def end_transport(self) -> None:
        """End it when what waits was sent."""
        self._transport.close()

    def pause_reading(self) -> None:
        if self._is_reading and not self._transport.is_closing():
            self._is_reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._is_reading and not self._transport.is_closing():
            self._is_reading = True
            self._transport.resume_reading()

    # -- large messages

    def _send_in_pieces(self, kind: int, message: bytes) -> None:
        self._large, self._offset = memoryview(message), 0
        self._write_piece(kind)
        self._send_more()

    def _send_more(self) -> None:
        while self._large is not None and not self._is_paused and self.state == OPEN:
            self._write_piece(CONTINUATION)

    def _write_piece(self, opcode: int) -> None:
        assert self._large is not None
        piece = self._large[self._offset : self._offset + FRAGMENT]
        self._offset += len(piece)
        is_last = self._offset >= len(self._large)
        self._transport.writelines([header(opcode, len(piece), fin=is_last), piece])
        if is_last:
            self._large = None

    # -- the end

    def _end(self, code: int, reason: str = "") -> None:
        """Nothing more is taken or sent; whoever has the connection is told."""
        if self.state == CLOSED:
            return
        was_closing, self.state = self.state == CLOSING, CLOSED
        self._large = None
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if not was_closing:
            self._tell_channels(code, reason)
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.closed(code)

    def _tell_channels(self, code: int, reason: str) -> None:
        if self._channels is not None:
            self._channels.push({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _lose(self) -> None:
        if self.state == OPEN:
            self._write_close(LOST, "keepalive ping timeout")
            self._end(ABNORMAL)
            self._transport.abort()


def message_of(kind: int, payload: bytes) -> bytes | str:
    """A message as the application gets it. FrameError: text that is not UTF-8."""
    if kind == BINARY:
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise FrameError(BAD_TEXT, "text that is not UTF-8") from error
