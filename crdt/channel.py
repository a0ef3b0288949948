"""How messages travel: a Channel carries whole binary messages both ways, in order, until it is closed."""

from types import TracebackType
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crdt.errors import ConnectionRefused
from crdt.heartbeat import BeatingConnection

MAX_MESSAGE = 256 * 1024 * 1024
"""Bytes of one message from the server: a whole scene may come at once."""


class ChannelClosed(Exception):
    """The other side or the network ended the channel. code: a close code of PROTOCOL.md, 1006 where there is none."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class Channel(Protocol):
    """Both verbs raise ChannelClosed."""

    async def send(self, message: bytes) -> None:
        """Hand over a message; waits while the other side does not keep up."""

    async def receive(self) -> bytes: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class WebSocketChannel:
    """A Channel over `websockets`.

    ```
    async with WebSocketChannel.connect("ws://host/sync/{project}/scene?caps=saved,refusal,hello", token) as channel:
        await Provider(document, channel).run()
    ```
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    @classmethod
    def connect(cls, url: str, token: str | None = None, *, open_timeout: float = 20.0) -> "Connecting":
        """token: travels in the Authorization header, never in the URL."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Connecting(
            connect(
                url,
                additional_headers=headers,
                max_size=MAX_MESSAGE,
                open_timeout=open_timeout,
                ping_interval=None,
                compression=None,
                create_connection=BeatingConnection,
            )
        )

    async def send(self, message: bytes) -> None:
        try:
            await self._socket.send(message)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def receive(self) -> bytes:
        try:
            message = await self._socket.recv(decode=False)
        except ConnectionClosed as error:
            raise _closed(error) from error
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._socket.close(code, reason)


class Connecting:
    """The open connection of a `with` block. Raises ConnectionRefused for an answer that is no WebSocket, OSError or
    TimeoutError when nobody answers.
    """

    def __init__(self, connecting: connect) -> None:
        self._connecting = connecting

    async def __aenter__(self) -> WebSocketChannel:
        try:
            socket = await self._connecting.__aenter__()
        except InvalidStatus as error:
            status = error.response.status_code
            raise ConnectionRefused("http_error", f"the server answered with HTTP {status}", "check the URL") from error
        assert isinstance(socket, BeatingConnection)
        socket.begin()
        return WebSocketChannel(socket)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connecting.__aexit__(kind, error, trace)


def _closed(error: ConnectionClosed) -> ChannelClosed:
    close = error.rcvd or error.sent
    return ChannelClosed(close.code, close.reason) if close else ChannelClosed(1006, "the connection broke")
