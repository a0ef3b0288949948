"""Our own WebSocket layer for uvicorn: an ASGI socket until the application takes the connection over.

uvicorn makes one `DirectProtocol` for every upgrade and hands it the request again. The application sees the ordinary
ASGI events. An endpoint that wants more finds the connection in `scope["extensions"]["maquette.direct"]`:

    connection.adopt(listener)    # from now on received, writable and closed are called; the endpoint may return
    connection.send(message)      # at once, no task and no queue; ask is_free before

An adopted connection holds no task, no coroutine and no scope.
"""

import asyncio
import logging
import struct
from collections import deque
from typing import Any, Protocol, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from server.sockets.frames import (
    ABNORMAL,
    BAD_TEXT,
    BINARY,
    CLOSE,
    CONTINUATION,
    NO_CODE,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    close_frame,
    frame,
    header,
    read_close,
)
from server.sockets.handshake import BadRequest, Request, accepting, read_request, refusing

EXTENSION = "maquette.direct"

FRAGMENT = 256 * 1024
"""Bytes of a message above which it is sent in pieces, each after the socket took the one before."""
CLOSE_SECONDS = 10.0
"""How long the peer may take to answer a close frame."""
RESTART = 1012

_CONNECTING, _OPEN, _CLOSING, _CLOSED = range(4)
_log = logging.getLogger("uvicorn.error")

Event = dict[str, Any]


class Listener(Protocol):
    """Who has adopted a connection. No method may raise or wait."""

    def received(self, message: bytes | str) -> None: ...

    def writable(self) -> None:
        """The network took something; `is_free` says whether all of it."""

    def closed(self, code: int) -> None:
        """Once, whoever ended it."""


class _Frames:
    """The frame of the message that was framed last: one that goes to many is made once."""

    def __init__(self) -> None:
        self._message = self._frame = b""

    def of(self, message: bytes) -> bytes:
        if message is not self._message:
            self._message, self._frame = message, frame(BINARY, message)
        return self._frame


_frames = _Frames()


class DirectProtocol(asyncio.Protocol):
    """uvicorn's `ws=`."""

    __slots__ = (
        "_config", "_connections", "_events", "_headers", "_is_paused", "_is_reading", "_keepalive", "_large",
        "_listener", "_loop", "_offset", "_ping", "_reader", "_request", "_response", "_state", "_state_of_app",
        "_tasks", "_timer", "_transport", "_waiter", "_writable",
    )  # fmt: skip

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._connections = server_state.connections
        self._tasks = server_state.tasks
        self._headers = server_state.default_headers
        self._state_of_app: dict[str, Any] | None = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._transport = cast(asyncio.Transport, None)
        self._reader = FrameReader(config.ws_max_size)
        self._state = _CONNECTING
        self._request: Request | None = None
        self._response: Event | None = None
        self._listener: Listener | None = None
        self._events: deque[Event] | None = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._is_paused = False
        self._is_reading = True
        self._large: memoryview | None = None
        self._offset = 0
        self._ping = b""
        self._keepalive: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None

    # -- what uvicorn and the transport call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        if self._state == _CONNECTING and self._request is None:
            self._open(data)
            return
        if self._state == _CLOSED:
            return
        try:
            for kind, payload in self._reader.feed(data):
                self._take(kind, payload)
        except FrameError as error:
            self._fail(error)

    def eof_received(self) -> None:
        """The transport closes itself."""

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._send_more()
        if self._listener is not None:
            self._listener.writable()
        elif self._writable is not None and self.is_free:
            waiter, self._writable = self._writable, None
            _wake(waiter)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._connections.discard(self)
        self._end(ABNORMAL)
        self._large = None
        if (waiter := self._writable) is not None:
            _wake(waiter)
        if self._timer is not None:
            self._timer.cancel()

    def shutdown(self) -> None:
        """The server stops."""
        if self._state == _CONNECTING:
            self._refuse(500, [], b"")
        elif self._state == _OPEN:
            self._write_close(RESTART, "")
            self._end(RESTART)
        self._transport.close()

    # -- opening

    def _open(self, data: bytes) -> None:
        try:
            self._request = request = read_request(data)
        except BadRequest as error:
            self._refuse(error.status, error.headers, str(error).encode())
            return
        assert self._events is not None
        self._events.append({"type": "websocket.connect"})
        task = self._loop.create_task(self._run(self._scope(request)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _scope(self, request: Request) -> Event:
        transport, root = self._transport, self._config.root_path
        state, self._state_of_app = self._state_of_app or {}, None
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(transport) else "ws",
            "server": get_local_addr(transport),
            "client": get_remote_addr(transport),
            "root_path": root,
            "path": root + request.path,
            "raw_path": root.encode("ascii") + request.raw_path,
            "query_string": request.query,
            "headers": request.headers,
            "subprotocols": request.subprotocols,
            "state": state.copy(),
            "extensions": {"websocket.http.response": {}, EXTENSION: self},
        }

    async def _run(self, scope: Event) -> None:
        try:
            await self._config.loaded_app(scope, self._receive, self._send)
        except ClientDisconnected:
            return
        except BaseException:
            _log.exception("Exception in ASGI application\n")
            if self._state == _CONNECTING:
                self._refuse(500, [], b"Internal Server Error")
            self._transport.close()
            raise
        if self._state == _CONNECTING:
            _log.error("ASGI callable returned without completing handshake.")
            self._refuse(500, [], b"Internal Server Error")
        elif self._listener is None and self._state != _CLOSING:
            self._transport.close()

    def _accept(self, message: Event) -> None:
        assert self._request is not None
        headers = [*self._headers, *message.get("headers", ())]
        self._transport.write(accepting(self._request.key, message.get("subprotocol"), headers))
        self._state = _OPEN
        self._request = Request(b"", [], b"")
        self._keep_alive()

    def _refuse(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._transport.write(refusing(status, [*self._headers, *headers], body))
        self._end(ABNORMAL)
        self._transport.close()

    # -- the application's two channels, until it adopts

    async def _receive(self) -> Event:
        events = self._events
        if events is None:
            raise RuntimeError("the connection was adopted: its messages go to the listener")
        while not events:
            self._waiter = self._loop.create_future()
            await self._waiter
        event = events.popleft()
        if not events:
            self.resume_reading()
        return event

    def _push(self, event: Event) -> None:
        if self._events is None:
            return
        self._events.append(event)
        if self._waiter is not None:
            _wake(self._waiter)

    async def _send(self, message: Event) -> None:
        kind = message["type"]
        if self._state == _CLOSED:
            raise ClientDisconnected
        if self._state == _CONNECTING:
            self._answer(kind, message)
        elif self._state == _CLOSING:
            raise RuntimeError(f"Unexpected ASGI message '{kind}', after sending 'websocket.close'.")
        elif kind == "websocket.close":
            self.close(message.get("code", 1000), message.get("reason") or "")
        elif kind == "websocket.send":
            await self._send_message(message)
        else:
            raise RuntimeError(f"Expected 'websocket.send' or 'websocket.close', but got '{kind}'.")

    def _answer(self, kind: str, message: Event) -> None:
        if kind == "websocket.http.response.body" and self._response is not None:
            self._response["body"] += message.get("body", b"")
            if not message.get("more_body", False):
                self._refuse(self._response["status"], list(self._response["headers"]), self._response["body"])
        elif self._response is not None:
            raise RuntimeError(f"Expected 'websocket.http.response.body', but got '{kind}'.")
        elif kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self._refuse(403, [], b"")
        elif kind == "websocket.http.response.start":
            self._response = {"status": message["status"], "headers": message.get("headers", ()), "body": b""}
        else:
            raise RuntimeError(f"Expected 'websocket.accept' or an answer, but got '{kind}'.")

    async def _send_message(self, message: Event) -> None:
        data, text = message.get("bytes"), message.get("text")
        if data is not None:
            self._write_message(BINARY, bytes(data))
        else:
            self._write_message(TEXT, (text or "").encode())
        while not self.is_free and self._state != _CLOSED:
            # One sender at a time: Starlette's own rule.
            self._writable = self._writable or self._loop.create_future()
            await self._writable

    # -- messages that come

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            if self._state == _OPEN:
                self._transport.write(frame(PONG, payload))
        elif kind == PONG:
            if payload == self._ping:
                self._ping = b""
        elif kind == CLOSE:
            self._take_close(payload)
        elif self._state == _OPEN or self._state == _CONNECTING:
            self._take_message(payload if kind == BINARY else _text(payload))

    def _take_message(self, message: bytes | str) -> None:
        if self._listener is not None:
            self._listener.received(message)
            return
        self._push({"type": "websocket.receive", "bytes" if isinstance(message, bytes) else "text": message})
        self.pause_reading()

    def _take_close(self, payload: bytes) -> None:
        code, reason = read_close(payload)
        if self._state == _OPEN:
            self._write_close(code if code != NO_CODE else 1000, reason)
        self._end(code, reason)
        self._transport.close()

    def _fail(self, error: FrameError) -> None:
        if self._state == _OPEN:
            self._write_close(error.code, error.reason)
        self._end(error.code, error.reason)
        self._transport.close()

    # -- what an endpoint may do with its connection

    def adopt(self, listener: Listener) -> None:
        """Give `listener` all that comes from now on, what has come already first."""
        waiting, self._events = self._events or deque(), None
        self._listener = listener
        for event in waiting:
            if event["type"] == "websocket.receive":
                listener.received(event.get("bytes") or event.get("text", b""))
        if self._state == _CLOSED:
            self._listener = None
            listener.closed(next((event["code"] for event in waiting if "code" in event), ABNORMAL))
            return
        self.resume_reading()

    @property
    def is_free(self) -> bool:
        """Whether the next message may be sent: the socket takes more, and no large message is on its way."""
        return not self._is_paused and self._large is None

    @property
    def waiting(self) -> int:
        """Bytes that the socket has not taken yet; of a large message only its current piece."""
        return self._transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        """Send a binary message; a large one in pieces, from this one buffer. Nothing happens after the end."""
        if self._state != _OPEN:
            return
        if len(message) <= FRAGMENT:
            self._transport.write(_frames.of(message))
        else:
            self._write_message(BINARY, message)

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame and wait a while for its answer."""
        if self._state != _OPEN:
            return
        self._write_close(code, reason)
        self._state = _CLOSING
        self._push({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.resume_reading()
        self._timer = self._loop.call_later(CLOSE_SECONDS, self._transport.abort)

    def abort(self) -> None:
        """End it at once; what waits is dropped."""
        self._transport.abort()

    def pause_reading(self) -> None:
        if self._is_reading and not self._transport.is_closing():
            self._is_reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._is_reading and not self._transport.is_closing():
            self._is_reading = True
            self._transport.resume_reading()

    # -- writing

    def _write_message(self, kind: int, message: bytes) -> None:
        if len(message) <= FRAGMENT:
            self._transport.write(frame(kind, message))
            return
        self._large, self._offset = memoryview(message), 0
        self._write_piece(kind)
        self._send_more()

    def _send_more(self) -> None:
        while self._large is not None and not self._is_paused and self._state == _OPEN:
            self._write_piece(CONTINUATION)

    def _write_piece(self, opcode: int) -> None:
        assert self._large is not None
        piece = self._large[self._offset : self._offset + FRAGMENT]
        self._offset += len(piece)
        is_last = self._offset >= len(self._large)
        self._transport.writelines([header(opcode, len(piece), fin=is_last), piece])
        if is_last:
            self._large = None

    def _write_close(self, code: int, reason: str) -> None:
        self._large = None
        self._transport.write(close_frame(code, reason))

    def _end(self, code: int, reason: str = "") -> None:
        """Nothing more is taken or sent; whoever has the connection is told."""
        if self._state == _CLOSED:
            return
        was_closing, self._state = self._state == _CLOSING, _CLOSED
        if self._keepalive is not None:
            self._keepalive.cancel()
        if not was_closing:
            self._push({"type": "websocket.disconnect", "code": code, "reason": reason})
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.closed(code)

    # -- is the peer still there?

    def _keep_alive(self) -> None:
        if interval := self._config.ws_ping_interval:
            self._keepalive = self._loop.call_later(interval, self._ask)

    def _ask(self) -> None:
        """Ping; a ping that got no answer until `ws_ping_timeout` ends the connection."""
        if self._state != _OPEN:
            return
        self._ping = struct.pack("!d", self._loop.time())
        self._transport.write(frame(PING, self._ping))
        if timeout := self._config.ws_ping_timeout:
            self._keepalive = self._loop.call_later(timeout, self._check)
        else:
            self._keep_alive()

    def _check(self) -> None:
        if not self._ping:
            self._keep_alive()
        elif self._state == _OPEN:
            self._write_close(1011, "keepalive ping timeout")
            self._end(ABNORMAL)
            self._transport.abort()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise FrameError(BAD_TEXT, "text that is not UTF-8") from error
