"""A WebSocket without a network: straight into the ASGI endpoint, whatever the server's socket layer."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from starlette.types import ASGIApp


class AsgiSocket:
    """frames: what was sent to it and not taken yet. closed: the close code, once there is one."""

    def __init__(self, app: ASGIApp, path: str, query: str = "") -> None:
        self.frames: list[bytes] = []
        self.closed: int | None = None
        self._incoming: deque[dict[str, Any]] = deque([{"type": "websocket.connect"}])
        self._filled = asyncio.Event()
        self._waits = False
        scope = {
            "type": "websocket", "asgi": {"version": "3.0"}, "scheme": "ws", "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80), "subprotocols": [], "root_path": "", "extensions": {}, "state": {},
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self._receive, self._send))  # type: ignore[arg-type]

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
