"""For those who run the server: is it alive, is it ready, and how is it doing."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from server.errors import Forbidden
from server.http.proxies import Networks
from server.routes.api import Use, refusals
from server.services import Services

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process answers."""
    return "ok"


@router.get("/readyz", response_class=JSONResponse, responses={503: {"description": "Not ready."}})
async def readyz(request: Request) -> Response:
    """Database and blobs answer, and no commit is failing. Only those who may read the metrics are told why not."""
    services = getattr(request.app.state, "services", None)
    reason, details = await _state(services)
    shown = services is None or may_observe(request, services)
    if reason:
        return JSONResponse({"ready": False, "reason": reason if shown else "not ready"}, 503)
    return JSONResponse({"ready": True, **(details if shown else {})})


async def _state(services: Services | None) -> tuple[str, dict[str, object]]:
    """Why the server is not ready (empty: it is), and what else there is to tell."""
    if services is None or services.dispatcher.signals.closed:
        return "starting or stopping", {}
    try:
        await services.dispatcher.queue.counts()
    except (SQLAlchemyError, OSError) as error:
        return f"the database does not answer: {type(error).__name__}", {}
    if services.rooms.failing:
        return f"{len(services.rooms.failing)} documents cannot be saved", {}
    return "", {"peers": services.dispatcher.peer_count(), **services.cluster.status()}


@router.get("/metrics", response_class=PlainTextResponse, responses=refusals())
async def metrics(request: Request, services: Use) -> Response:
    """Prometheus metrics, for addresses of `MAQUETTE_METRICS_ALLOWED` and holders of `MAQUETTE_METRICS_TOKEN`."""
    if not may_observe(request, services):
        raise Forbidden("metrics_not_allowed", "metrics are not shown to this address", "MAQUETTE_METRICS_ALLOWED")
    services.metrics.set_jobs(await services.dispatcher.queue.counts(), services.dispatcher.peer_count())
    return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)


def may_observe(request: Request, services: Services) -> bool:
    """In local mode everybody who reaches the server; otherwise allowed addresses and holders of the token."""
    settings = services.settings
    if settings.mode == "local":
        return True
    token = settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    forwarded = "x-forwarded-for" in request.headers and not settings.trusted_proxies
    client = request.client
    return client is not None and not forwarded and client.host in Networks(settings.metrics_allowed)
