"""A WebSocket without a network: straight into the ASGI endpoint, whatever the server's socket layer."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from starlette.types import ASGIApp

from server.sockets.connection import EXTENSION, Listener


class AsgiSocket:
    """frames: what was sent to it and not taken yet. closed: the close code, once there is one."""

    def __init__(self, app: ASGIApp, path: str, query: str = "") -> None:
        self.frames: list[bytes] = []
        self.closed: int | None = None
        self._incoming: deque[dict[str, Any]] = deque([{"type": "websocket.connect"}])
        self._filled = asyncio.Event()
        self._waits = False
        self._scope: dict[str, Any] = {
            "type": "websocket", "asgi": {"version": "3.0"}, "scheme": "ws", "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80), "subprotocols": [], "root_path": "", "extensions": {}, "state": {},
        }  # fmt: skip
        self.task = asyncio.create_task(app(self._scope, self._receive, self._send))  # type: ignore[arg-type]

    def put(self, message: bytes | str) -> None:
        key = "bytes" if isinstance(message, bytes) else "text"
        self._incoming.append({"type": "websocket.receive", key: message})
        self._filled.set()

    def leave(self) -> None:
        """The other side is gone."""
        self._incoming.append({"type": "websocket.disconnect", "code": 1006})
        self._filled.set()

    def take(self) -> list[bytes]:
        taken, self.frames = self.frames, []
        return taken

    async def read(self) -> None:
        """Wait until the server has read all that was put, or closed."""
        while not self.task.done() and (self._incoming or not self._waits):
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.leave()
        await self.task

    async def _receive(self) -> dict[str, Any]:
        while not self._incoming:
            self._waits = True
            self._filled.clear()
            await self._filled.wait()
        self._waits = False
        return self._incoming.popleft()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            self.frames.append(message["bytes"])
        elif message["type"] == "websocket.close":
            self.closed = message["code"]


class DirectSocket(AsgiSocket):
    """The same as a connection that the endpoint takes over, as on the server's own socket layer."""

    is_free = True
    waiting = 0
    wire = None

    def __init__(self, app: ASGIApp, path: str, query: str = "") -> None:
        self._listener: Listener | None = None
        self._is_paused = False
        super().__init__(app, path, query)
        self._scope["extensions"] = {EXTENSION: self}

    def put(self, message: bytes | str) -> None:
        super().put(message)
        self._deliver()

    def leave(self) -> None:
        super().leave()
        self._deliver()

    async def read(self) -> None:
        while self.closed is None and (self._listener is None or self._incoming) and not self._is_refused:
            await asyncio.sleep(0)

    @property
    def _is_refused(self) -> bool:
        return self.task.done() and self._listener is None

    def _deliver(self) -> None:
        while self._listener is not None and self._incoming and not self._is_paused:
            event = self._incoming.popleft()
            if event["type"] == "websocket.disconnect":
                self._listener.closed(event["code"])
            elif self.closed is None:
                data = event.get("bytes")
                self._listener.received(event["text"] if data is None else data)

    # -- what the endpoint calls

    def adopt(self, listener: Listener) -> None:
        self._listener = listener
        self._deliver()

    def send(self, message: bytes) -> None:
        self.frames.append(message)

    def close(self, code: int, _reason: str = "") -> None:
        self.closed = code

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False
        self._deliver()
