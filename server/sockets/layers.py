"""Which WebSocket layer serves, and the one place where uvicorn is configured."""

import asyncio
from typing import Any

import uvicorn

from server.sockets import Layer
from server.sockets.direct import DirectProtocol
from server.sockets.heads import BoundedHttp

FRAME_SLACK = 1024 * 1024
"""Bytes of a frame above our own limit of a message, which is refused with a code that says so (4413)."""


class LayerNotInstalled(ImportError):
    """The setting names a layer whose library is an extra."""


def configure(app: Any, *, sockets: Layer = "direct", max_message: int, **options: Any) -> uvicorn.Config:
    """A uvicorn configuration; `options` are uvicorn's own. LayerNotInstalled."""
    return uvicorn.Config(
        app, http=BoundedHttp, ws=_protocol(sockets), ws_max_size=max_message + FRAME_SLACK,
        ws_per_message_deflate=False, server_header=False, **options,
    )  # fmt: skip


def _protocol(sockets: Layer) -> Any:
    if sockets == "direct":
        return DirectProtocol
    return _picows() if sockets == "picows" else sockets


def _picows() -> type[asyncio.Protocol]:
    try:
        # picows is an extra: no other layer needs it.
        from server.sockets.picows import PicowsProtocol  # noqa: PLC0415
    except ImportError as error:
        raise LayerNotInstalled("MAQUETTE_SOCKETS=picows needs picows: pip install 'maquette[picows]'") from error
    return PicowsProtocol
