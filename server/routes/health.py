"""For those who run the server: is it alive, is it ready, and how is it doing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from server.routes.api import Use

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process answers."""
    return "ok"


@router.get("/readyz", response_class=JSONResponse, responses={503: {"description": "Not ready."}})
async def readyz(request: Request) -> Response:
    """Database and blobs answer, and no commit is failing."""
    services = getattr(request.app.state, "services", None)
    if services is None or services.dispatcher.signals.closed:
        return JSONResponse({"ready": False, "reason": "starting or stopping"}, 503)
    try:
        await services.dispatcher.queue.counts()
    except SQLAlchemyError as error:
        return JSONResponse({"ready": False, "reason": f"the database does not answer: {type(error).__name__}"}, 503)
    if services.rooms.failing:
        return JSONResponse({"ready": False, "reason": f"{len(services.rooms.failing)} documents cannot be saved"}, 503)
    return JSONResponse({"ready": True, "peers": services.dispatcher.peer_count()})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(services: Use) -> Response:
    """Prometheus metrics."""
    services.metrics.set_jobs(await services.dispatcher.queue.counts(), services.dispatcher.peer_count())
    return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)
