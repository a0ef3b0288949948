"""The application: everything wired by arguments, nothing at import time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from server.http import refused
from server.http.client_files import ClientFiles
from server.http.middleware import BodyLimit, HostGuard, SecurityHeaders, TextGzip
from server.routes import blobs, health, jobs, pages, peers, projects, scene, session
from server.services import open_services
from server.settings import Settings

VERSION = "0.1.0"
DESCRIPTION = (
    "Projects, scenes, jobs and blobs over HTTP; live editing goes over /sync. Every refusal is "
    '{"error": {"code", "message", "hint"}}; POST takes an Idempotency-Key; lists take cursor and limit.'
)


def create_app(
    settings: Settings, *, client: ClientFiles | None = None, clock: Callable[[], float] = time.time
) -> FastAPI:
    """An application that serves these settings from its lifespan's start to its end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings, clock) as services:
            app.state.services = services
            app.state.stop = services.dispatcher.signals.close
            yield

    app = FastAPI(
        title="Maquette", version=VERSION, description=DESCRIPTION, lifespan=lifespan,
        openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.client = client or ClientFiles()
    app.state.stop = lambda: None
    refused.install(app)
    for module in (projects, scene, jobs, blobs, peers, session, health):
        app.include_router(module.router)
    app.router.routes.append(WebSocketRoute("/sync/{project}/{document}", _sync, name="sync"))
    app.include_router(pages.router)
    _add_middleware(app, settings)
    return app


async def _sync(websocket: WebSocket) -> None:
    await websocket.app.state.services.sync.serve(websocket)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The one that is added last sees a request first."""
    app.add_middleware(BodyLimit, limit=settings.max_json)
    app.add_middleware(TextGzip)
    app.add_middleware(HostGuard, local=settings.mode == "local", allowed_hosts=settings.allowed_hosts)
    app.add_middleware(SecurityHeaders)
