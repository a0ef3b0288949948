"""Which WebSocket layer serves, and the one place where uvicorn is configured."""

from typing import Any

import uvicorn

from server.sockets import Layer
from server.sockets.direct import DirectProtocol
from server.sockets.heads import BoundedHttp

FRAME_SLACK = 1024 * 1024
"""Bytes of a frame above our own limit of a message, which is refused with a code that says so (4413)."""


def configure(app: Any, *, sockets: Layer = "direct", max_message: int, **options: Any) -> uvicorn.Config:
    """A uvicorn configuration; `options` are uvicorn's own."""
    return uvicorn.Config(
        app, http=BoundedHttp, ws=DirectProtocol if sockets == "direct" else sockets,
        ws_max_size=max_message + FRAME_SLACK, ws_per_message_deflate=False, server_header=False, **options,
    )  # fmt: skip
