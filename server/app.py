"""The application: everything wired by arguments, nothing at import time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from server.crash_reports import CrashReports
from server.http import refused
from server.http.client_files import ClientFiles
from server.http.middleware import BodyLimit, HostGuard, SecurityHeaders, TextGzip
from server.http.observing import Observed
from server.http.proxies import TrustedProxies
from server.limits.http import AddressRates
from server.limits.rates import Rates
from server.limits.values import rate_values
from server.routes import (
    accounts,
    blobs,
    health,
    jobs,
    log,
    members,
    pages,
    peers,
    people,
    privacy,
    problems,
    projects,
    scene,
    session,
    tokens,
    usage,
    versions,
)  # fmt: skip
from server.services import open_rates, open_services, open_tracing
from server.settings import Settings
from server.telemetry import Telemetry

VERSION = "0.1.0"
DESCRIPTION = (
    "Projects, scenes, jobs and blobs over HTTP; live editing goes over /sync. Every refusal is "
    '{"error": {"code", "message", "hint"}}; POST takes an Idempotency-Key; lists take cursor and limit.'
)
_CORS: dict[str, Any] = {
    "allow_credentials": True, "max_age": 600,
    "allow_methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": ["authorization", "content-type", "idempotency-key", "if-none-match", "range", "x-request-id"],
    "expose_headers": ["etag", "location", "retry-after", "content-range", "content-disposition", "x-request-id"],
}  # fmt: skip


def create_app(
    settings: Settings, *, client: ClientFiles | None = None, clock: Callable[[], float] = time.time
) -> FastAPI:
    """An application that serves these settings from its lifespan's start to its end."""

    telemetry, rates = Telemetry(open_tracing(settings)), open_rates(settings)
    reports = CrashReports(settings.crash_reports, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with open_services(settings, clock, telemetry, rates, reports) as services:
                app.state.services = services
                app.state.stop = services.dispatcher.signals.close
                yield
        finally:
            app.state.ended()

    app = FastAPI(
        title="Maquette", version=VERSION, description=DESCRIPTION, lifespan=lifespan,
        openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.client = client or ClientFiles()
    app.state.stop = lambda: None
    app.state.ended = lambda: None
    app.state.telemetry = telemetry
    app.state.crash_reports = reports
    refused.install(app)
    app.router.routes.append(WebSocketRoute("/sync/{project}/{document}", _sync, name="sync"))
    for module in (
        projects, scene, problems, log, versions, jobs, blobs, members, usage, people, peers, session,
        accounts, privacy, tokens, health,
    ):  # fmt: skip
        app.include_router(module.router)
    app.include_router(pages.router)
    _add_middleware(app, settings, telemetry, rates)
    return app


async def _sync(websocket: WebSocket) -> None:
    try:
        await websocket.app.state.services.sync.serve(websocket)
    except Exception as error:
        websocket.app.state.crash_reports.write(error, "WS /sync/{project}/{document}")
        raise


def _add_middleware(app: FastAPI, settings: Settings, telemetry: Telemetry, rates: Rates) -> None:
    """The one that is added last sees a request first."""
    origins = settings.cors_origins
    app.add_middleware(BodyLimit, limit=settings.max_json)
    app.add_middleware(TextGzip)
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=origins, **_CORS)
    app.add_middleware(AddressRates, rates=rates, values=rate_values(settings), telemetry=telemetry)
    local = settings.mode == "local"
    app.add_middleware(HostGuard, local=local, allowed_hosts=settings.allowed_hosts, origins=origins)
    app.add_middleware(SecurityHeaders, origins=origins)
    app.add_middleware(Observed, telemetry=telemetry, access_log=settings.access_log)
    app.add_middleware(TrustedProxies, trusted=settings.trusted_proxies)
