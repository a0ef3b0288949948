"""picows as a WebSocket layer: its parser and its `send` behind the same connection.

The opening stays ours: picows is started when the application accepts, is given the request again, and has the
transport from then on, so that frames come to it without a detour. Two things it is not asked for: messages above 8 KB
(it hands the transport a view of a buffer that its next frame overwrites while the transport may still hold it), and
logging (it would write a line for every broken frame of a hostile client).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from picows import (
    WSAutoPingStrategy,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]
from uvicorn.config import Config
from uvicorn.server import ServerState

from server.sockets.asgi import CLOSED, CONNECTING, OPEN
from server.sockets.connection import Connection, message_of
from server.sockets.frames import BINARY, CONTINUATION, FRAGMENT, PROTOCOL_ERROR, TEXT, TOO_BIG, FrameError, header

COPIED = 8192
"""Bytes up to which picows copies a message into the frame that it writes."""
READ_BUFFER = 4096
"""Bytes that a connection begins to read with; picows doubles it for what does not fit, and keeps that."""

_NO_PINGS = WSAutoPingStrategy.PING_WHEN_IDLE
"""What it asks for although it is not to ping."""
_KINDS = {WSMsgType.TEXT: TEXT, WSMsgType.BINARY: BINARY, WSMsgType.CONTINUATION: CONTINUATION}
_TYPES = {kind: type_ for type_, kind in _KINDS.items()}


class _NoLog:
    """A logger that is told of every broken frame and keeps it to itself."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: ARG002  logging's signature
        return False

    def log(self, *_: object) -> None: ...

    debug = info = warning = error = exception = log


class _Ear(WSListener):
    """What picows tells, told to the connection."""

    def __init__(self, connection: PicowsProtocol) -> None:
        self._connection = connection

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._connection.begin(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002  picows' signature
        self._connection.take(frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002  picows' signature
        self._connection.connection_lost(None)

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()


class PicowsProtocol(Connection):
    """uvicorn's `ws=`."""

    __slots__ = ("_fragments", "_head", "_kind", "_limit", "_picows")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._picows: WSTransport | None = None
        self._head = bytearray()
        self._limit = config.ws_max_size
        self._kind = CONTINUATION
        self._fragments: bytearray | None = None

    # -- opening

    def data_received(self, data: bytes) -> None:
        """The request; what a client sends before it was answered waits for picows."""
        self._head += data
        if self.state == CONNECTING and self._request is None:
            self.pause_reading()
            self._open(data)

    def accept(self, subprotocol: str | None, headers: Iterable[tuple[bytes, bytes]]) -> None:
        offered = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in (*self._headers, *headers)]
        if subprotocol:
            offered.append(("Sec-WebSocket-Protocol", subprotocol))
        response = WSUpgradeResponse.create_101_response(offered)
        ear = WSUpgradeResponseWithListener(response, _Ear(self))
        protocol = WSProtocol(
            None, None, False, lambda _: ear, _NoLog(), True, None, False, 0, 0, _NO_PINGS, True, self._limit, None,
            READ_BUFFER,
        )  # fmt: skip
        protocol.connection_made(self._transport)
        self._transport.set_protocol(protocol)
        head, self._head = self._head, bytearray()
        _feed(protocol, head)
        if self._picows is None:
            self._end(PROTOCOL_ERROR)
        else:
            self.resume_reading()

    def begin(self, transport: WSTransport) -> None:
        """picows has answered the request."""
        self._picows = transport
        self._opened()

    # -- frames that come

    def take(self, frame: WSFrame) -> None:
        """picows reads on for 10 ms after a frame that it refused: what comes then is not taken."""
        assert self._picows is not None
        if self.state == CLOSED or (self.state == OPEN and self._picows.is_close_frame_sent):
            return
        try:
            self._take(frame)
        except FrameError as error:
            self._fail(error)

    def _take(self, frame: WSFrame) -> None:
        type_ = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise FrameError(PROTOCOL_ERROR, "a reserved bit is set")
        if type_ == WSMsgType.BINARY and frame.fin and self._fragments is None:
            self._deliver(BINARY, frame.get_payload_as_bytes())
        elif type_ == WSMsgType.PONG:
            self._take_pong(frame.get_payload_as_bytes())
        elif type_ == WSMsgType.CLOSE:
            self._take_close(frame.get_payload_as_bytes())
        elif type_ != WSMsgType.PING:
            self._take_fragment(_KINDS[type_], frame.fin, frame.get_payload_as_bytes())

    def _take_fragment(self, kind: int, fin: bool, payload: bytes) -> None:
        if (kind == CONTINUATION) != (self._fragments is not None):
            raise FrameError(PROTOCOL_ERROR, "a continuation of nothing, or a message inside another")
        if self._fragments is None:
            self._kind, self._fragments = kind, bytearray()
        if len(self._fragments) + len(payload) > self._limit:
            raise FrameError(TOO_BIG, f"a message of more than {self._limit} bytes")
        self._fragments += payload
        if fin:
            whole, self._fragments = bytes(self._fragments), None
            self._deliver(self._kind, whole)

    def _deliver(self, kind: int, payload: bytes) -> None:
        if self.state == OPEN:
            self._take_message(message_of(kind, payload))

    # -- frames that go

    def send(self, message: bytes) -> None:
        self.write_message(BINARY, message)

    def write_message(self, kind: int, message: bytes) -> None:
        if self.state != OPEN or self._picows is None:
            return
        if len(message) <= COPIED:
            self._picows.send(_TYPES[kind], message)
        elif len(message) <= FRAGMENT:
            self._transport.writelines([header(kind, len(message)), message])
        else:
            self._send_in_pieces(kind, message)

    def _write_close(self, code: int, reason: str) -> None:
        if self._picows is not None:
            self._picows.send_close(code, reason.encode()[:123].decode(errors="ignore"))  # type: ignore[arg-type]

    def _write_ping(self, payload: bytes) -> None:
        if self._picows is not None:
            self._picows.send_ping(payload)


def _feed(protocol: WSProtocol, data: bytearray) -> None:
    """What was read already, as its transport would hand it over."""
    position = 0
    while position < len(data):
        room: memoryview = protocol.get_buffer(-1)
        part = data[position : position + len(room)]
        room[: len(part)] = part
        protocol.buffer_updated(len(part))
        position += len(part)
