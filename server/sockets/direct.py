"""Our own WebSocket layer: frames read and written here, the bytes of a message that goes to many made once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from server.sockets.asgi import CLOSED, CONNECTING, OPEN
from server.sockets.connection import Connection, Wire, message_of
from server.sockets.frames import BINARY, CLOSE, FRAGMENT, PING, PONG, FrameError, FrameReader, close_frame, frame
from server.sockets.handshake import accepting


class DirectProtocol(Connection):
    """uvicorn's `ws=`."""

    __slots__ = ("_reader",)

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._reader = FrameReader(config.ws_max_size)

    def data_received(self, data: bytes) -> None:
        if self.state == CONNECTING and self._request is None:
            self._open(data)
            return
        if self.state == CLOSED:
            return
        try:
            for kind, payload in self._reader.feed(data):
                self._take(kind, payload)
        except FrameError as error:
            self._fail(error)

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            if self.state == OPEN:
                self._transport.write(frame(PONG, payload))
        elif kind == PONG:
            self._take_pong(payload)
        elif kind == CLOSE:
            self._take_close(payload)
        elif self.state == OPEN or self.state == CONNECTING:
            self._take_message(message_of(kind, payload))

    def accept(self, subprotocol: str | None, headers: Iterable[tuple[bytes, bytes]]) -> None:
        assert self._request is not None
        self._transport.write(accepting(self._request.key, subprotocol, [*self._headers, *headers]))
        self._opened()

    @property
    def wire(self) -> Wire | None:
        return self._transport.write

    def send(self, message: bytes) -> None:
        if self.state != OPEN:
            return
        if len(message) <= FRAGMENT:
            self._transport.write(frame(BINARY, message))
        else:
            self._send_in_pieces(BINARY, message)

    def write_message(self, kind: int, message: bytes) -> None:
        if len(message) <= FRAGMENT:
            self._transport.write(frame(kind, message))
        else:
            self._send_in_pieces(kind, message)

    def _write_close(self, code: int, reason: str) -> None:
        self._transport.write(close_frame(code, reason))

    def _write_ping(self, payload: bytes) -> None:
        self._transport.write(frame(PING, payload))
