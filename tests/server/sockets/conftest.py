"""A small application behind each socket layer; what it saw is kept for the test to look at."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from server.sockets import Layer
from server.sockets.connection import EXTENSION, Connection
from server.sockets.layers import FRAME_SLACK, configure
from tests.server.attacks.raw import RawSocket

MESSAGE = 100_000
LIMIT = MESSAGE + FRAME_SLACK


class Keeper:
    """Adopts a connection and keeps what it is told."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.received_: list[bytes | str] = []
        self.code: int | None = None
        self.filled = 0
        self.changed = asyncio.Event()

    def received(self, message: bytes | str) -> None:
        self.received_.append(message)
        self.changed.set()

    def full(self) -> None:
        self.filled += 1

    def writable(self) -> None:
        self.changed.set()

    def closed(self, code: int) -> None:
        self.code = code
        self.changed.set()


@dataclass
class Site:
    """events: what the endpoint received. keeper: who adopted the last connection of /adopted."""

    port: int = 0
    server: uvicorn.Server | None = None
    events: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    keeper: Keeper = field(default_factory=Keeper)
    sockets: list[RawSocket] = field(default_factory=list)
    may_adopt: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self) -> RawSocket:
        self.sockets.append(socket := await RawSocket.connect(self.port))
        return socket

    async def open(self, target: str) -> RawSocket:
        socket = await self.connect()
        assert await socket.request(target) == 101
        return socket

    # -- endpoints

    async def echo(self, websocket: WebSocket) -> None:
        await websocket.accept()
        while (event := await websocket.receive())["type"] == "websocket.receive":
            await self.events.put(dict(event))
            await websocket.send({**event, "type": "websocket.send"})
        await self.events.put(dict(event))

    async def refuse(self, websocket: WebSocket) -> None:
        await websocket.receive()
        await websocket.close(4403)

    async def end(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close(4321, "enough")

    async def fail(self, websocket: WebSocket) -> None:
        await websocket.accept()
        raise ZeroDivisionError

    async def adopted(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await self.may_adopt.wait()
        self.keeper.connection = connection = websocket.scope["extensions"][EXTENSION]
        connection.adopt(self.keeper)

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        paths = {"/echo": self.echo, "/refuse": self.refuse, "/end": self.end, "/fail": self.fail}
        routes = [WebSocketRoute(path, endpoint) for path, endpoint in {**paths, "/adopted": self.adopted}.items()]
        await Starlette(routes=routes)(scope, receive, send)


@pytest.fixture(params=["direct", "picows", "websockets-sansio", "wsproto"])
def layer(request: pytest.FixtureRequest) -> Layer:
    if request.param in ("picows", "wsproto"):
        pytest.importorskip(request.param)
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def site(layer: Layer) -> AsyncIterator[Site]:
    held = Site()
    config = configure(held, sockets=layer, max_message=MESSAGE, port=0, lifespan="off", log_config=None,
                       timeout_graceful_shutdown=5)  # fmt: skip
    held.server = server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    held.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield held
    finally:
        for socket in held.sockets:
            await socket.close()
        server.should_exit = True
        await task
