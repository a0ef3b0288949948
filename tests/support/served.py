"""The sync endpoint alone on a real socket, in the test's own event loop."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from server.accounts.access import Access, no_such_project
from server.accounts.changes import Changes
from server.accounts.directory import Place
from server.auth import Authenticator, load_secrets
from server.sockets import Layer
from server.sockets.layers import configure
from server.storage.base import UpdateLog
from server.sync.rooms import Rooms
from server.sync.session import Limits
from server.sync.websocket import Sync
from server.telemetry import Telemetry

PROJECT = "projectproject00"
CAPS = "caps=saved,refusal,hello"


@dataclass(frozen=True)
class Head:
    generation: int = 3


async def find_project(project: str) -> Head:
    if project != PROJECT:
        raise no_such_project(project)
    return Head()


async def _place(_user: str, project: str) -> Place:
    return Place(project == PROJECT, ())


async def _nobody(_user: str) -> None:
    """There are no accounts here."""


@dataclass(frozen=True)
class Served:
    port: int
    rooms: Rooms
    telemetry: Telemetry

    def url(self, document: str = "scene", query: str = CAPS, project: str = PROJECT) -> str:
        return f"ws://127.0.0.1:{self.port}/sync/{project}/{document}?{query}"


@asynccontextmanager
async def endpoint(
    log: UpdateLog, data: Path, *, local: bool = True, limits: Limits | None = None
) -> AsyncIterator[tuple[Starlette, Sync]]:
    """The application, for sockets that need no network (tests/support/asgi_socket.py)."""
    telemetry = Telemetry()
    auth = Authenticator(load_secrets(data, not local), local=local, session_seconds=60, clock=time.time)
    async with Rooms(log, telemetry) as rooms:
        access = Access(_place, _nobody, time.time, Changes())
        sync = Sync(rooms, auth, access, find_project, telemetry, limits or Limits())
        yield Starlette(routes=[sync.route()]), sync


@asynccontextmanager
async def serving(
    log: UpdateLog, data: Path, *, local: bool = True, limits: Limits | None = None, sockets: Layer = "direct"
) -> AsyncIterator[Served]:
    async with endpoint(log, data, local=local, limits=limits) as (app, sync):
        limit = (limits or Limits()).message
        config = configure(app, sockets=sockets, max_message=limit, port=0, lifespan="off", log_level="warning")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0)
        try:
            yield Served(server.servers[0].sockets[0].getsockname()[1], sync.rooms, sync.telemetry)
        finally:
            server.should_exit = True
            await task
