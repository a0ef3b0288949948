"""The ASGI events of a connection: what its application sees of it until it takes it over."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl

from server.sockets.frames import BINARY, TEXT
from server.sockets.handshake import Request

CONNECTING, OPEN, CLOSING, CLOSED = range(4)

Event = dict[str, Any]
_log = logging.getLogger("uvicorn.error")


class Wire(Protocol):
    """What the channels need of their connection (server.sockets.connection). state: CONNECTING … CLOSED."""

    state: int

    @property
    def is_free(self) -> bool: ...

    def accept(self, subprotocol: str | None, headers: Iterable[tuple[bytes, bytes]]) -> None: ...

    def refuse(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None: ...

    def write_message(self, kind: int, message: bytes) -> None: ...

    def close(self, code: int, reason: str = "") -> None: ...

    def end_transport(self) -> None: ...

    def resume_reading(self) -> None: ...


class Channels:
    """`receive` and `send` of one application's call; dropped when it adopts the connection."""

    __slots__ = ("_events", "_is_adopted", "_loop", "_response", "_waiter", "_wire", "_writable")

    def __init__(self, wire: Wire, loop: asyncio.AbstractEventLoop) -> None:
        self._wire = wire
        self._loop = loop
        self._events: deque[Event] = deque(({"type": "websocket.connect"},))
        self._response: Event | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._is_adopted = False

    async def run(self, app: Any, scope: Event) -> None:
        """Call the application; whatever it does, the connection is answered."""
        wire = self._wire
        try:
            await app(scope, self.receive, self.send)
        except ClientDisconnected:
            return
        except BaseException:
            _log.exception("Exception in ASGI application\n")
            if wire.state == CONNECTING:
                wire.refuse(500, [], b"Internal Server Error")
            wire.end_transport()
            raise
        if wire.state == CONNECTING:
            _log.error("ASGI callable returned without completing handshake.")
            wire.refuse(500, [], b"Internal Server Error")
        elif not self._is_adopted and wire.state != CLOSING:
            wire.end_transport()

    def take_over(self) -> deque[Event]:
        """What was not received yet; nothing more comes here."""
        self._is_adopted = True
        waiting, self._events = self._events, deque()
        return waiting

    # -- what the connection says

    def push(self, event: Event) -> None:
        self._events.append(event)
        _wake(self._waiter)

    def wake_sender(self) -> None:
        """The network took something, or is gone."""
        _wake(self._writable)

    # -- what the application calls

    async def receive(self) -> Event:
        if self._is_adopted:
            raise RuntimeError("the connection was adopted: its messages go to the listener")
        while not self._events:
            self._waiter = self._loop.create_future()
            await self._waiter
        event = self._events.popleft()
        if not self._events:
            self._wire.resume_reading()
        return event

    async def send(self, message: Event) -> None:
        kind, state = message["type"], self._wire.state
        if state == CLOSED:
            raise ClientDisconnected
        if state == CONNECTING:
            self._answer(kind, message)
        elif state == CLOSING:
            raise RuntimeError(f"Unexpected ASGI message '{kind}', after sending 'websocket.close'.")
        elif kind == "websocket.close":
            self._wire.close(message.get("code", 1000), message.get("reason") or "")
        elif kind == "websocket.send":
            await self._send_message(message)
        else:
            raise RuntimeError(f"Expected 'websocket.send' or 'websocket.close', but got '{kind}'.")

    def _answer(self, kind: str, message: Event) -> None:
        if kind == "websocket.http.response.body" and self._response is not None:
            self._response["body"] += message.get("body", b"")
            if not message.get("more_body", False):
                self._wire.refuse(self._response["status"], list(self._response["headers"]), self._response["body"])
        elif self._response is not None:
            raise RuntimeError(f"Expected 'websocket.http.response.body', but got '{kind}'.")
        elif kind == "websocket.accept":
            self._wire.accept(message.get("subprotocol"), message.get("headers", ()))
        elif kind == "websocket.close":
            self._wire.refuse(403, [], b"")
        elif kind == "websocket.http.response.start":
            self._response = {"status": message["status"], "headers": message.get("headers", ()), "body": b""}
        else:
            raise RuntimeError(f"Expected 'websocket.accept' or an answer, but got '{kind}'.")

    async def _send_message(self, message: Event) -> None:
        data, text, wire = message.get("bytes"), message.get("text"), self._wire
        if data is not None:
            wire.write_message(BINARY, bytes(data))
        else:
            wire.write_message(TEXT, (text or "").encode())
        while not wire.is_free and wire.state != CLOSED:
            # One sender at a time: Starlette's own rule.
            self._writable = self._loop.create_future()
            await self._writable


def scope_of(
    request: Request, transport: asyncio.Transport, config: Config, state: dict[str, Any], extensions: dict[str, object]
) -> Event:
    """What the application is called with. state: the lifespan's, a copy."""
    root = config.root_path
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
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
        "state": state,
        "extensions": {"websocket.http.response": {}, **extensions},
    }


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
